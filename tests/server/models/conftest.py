"""A scripted vendor and the models that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from detector.fixtures import nothing_blocks, watched
from opsloom_server.models import Models, ModelTimeouts
from server.models.runs import settings_for
from vendors import ScriptedVendor, signing

__all__ = ["nothing_blocks", "watched"]


@pytest.fixture(autouse=True)
def _amazons_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Amazon's own programs look for them."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", signing.KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", signing.SECRET)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
async def vendor() -> AsyncIterator[ScriptedVendor]:
    async with ScriptedVendor() as scripted:
        yield scripted


@pytest.fixture
async def models(vendor: ScriptedVendor) -> AsyncIterator[Models]:
    made = Models(settings_for(vendor), ModelTimeouts(connect=2, first_token=5, gap=5, total=20))
    yield made
    await made.close()
