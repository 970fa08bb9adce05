"""A scripted vendor and the models that talk to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from opsloom_server.models import Models, ModelTimeouts
from server.models.runs import settings_for
from vendors import ScriptedVendor


@pytest.fixture
async def vendor() -> AsyncIterator[ScriptedVendor]:
    async with ScriptedVendor() as scripted:
        yield scripted


@pytest.fixture
async def models(vendor: ScriptedVendor) -> AsyncIterator[Models]:
    made = Models(settings_for(vendor), ModelTimeouts(connect=2, first_token=5, gap=5, total=20))
    yield made
    await made.close()
