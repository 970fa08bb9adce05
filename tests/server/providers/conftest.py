"""A server with an assistant for every way to reach a model, and a tool that takes its time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from conftest import PostgresUrl
from detector.fixtures import nothing_blocks, watched
from msgspec.structs import replace
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from server.models.runs import MODELS
from stage import Stage
from stage.server import SCRIPTED
from vendors import signing

__all__ = ["nothing_blocks", "watched"]


TOOLS = """
import asyncio

from msgspec import Struct
from opsloom_server.tools import Result, Tool


class Seconds(Struct):
    seconds: float = 0.0


class Nap(Tool):
    name = "nap"
    title = "Take a nap"
    about = "Waits for so many seconds."
    arguments = Seconds

    async def run(self, args, context):
        await asyncio.sleep(args.seconds)
        yield Result({"slept": args.seconds}, "Slept")


TOOLS = [Nap()]
"""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served(seeded_module_url: PostgresUrl, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    """One server for all tests of a module; each asks something of its own, and scripts that."""
    extensions = tmp_path_factory.mktemp("extensions")
    Path(extensions, "napping.py").write_text(TOOLS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", signing.KEY_ID)
        patch.setenv("AWS_SECRET_ACCESS_KEY", signing.SECRET)
        patch.setenv("AWS_EC2_METADATA_DISABLED", "true")
        data = tmp_path_factory.mktemp("providers")
        async with Stage.open(seeded_module_url, data, extensions=extensions) as stage:
            async with stage.parts.database.transact(DEFAULT_WORKSPACE) as connection:
                for slug, model in MODELS.items():
                    spec = replace(SCRIPTED, slug=slug, model=model, tools=("nap",))
                    await assistants.create(connection, DEFAULT_WORKSPACE, spec)
            # The vendors' packages take seconds of a busy machine to import; no test is to wait for that.
            for model in MODELS.values():
                await stage.parts.models.ready(model)
            yield stage
