"""What a vendor costs the event loop: no call of a provider or a tool blocks it, and no stream takes a thread."""

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import detector
import pytest
from blockbuster import BlockingError
from conftest import PostgresUrl, free_port
from opsloom_server.models import Models
from opsloom_server.store.embedded.server import data_folder
from server.models.runs import KINDS, MODELS, Deps, run, settings_for
from stage.client import RawClient
from stage.process import server_process
from vendors import ScriptedVendor, Text, signing

SWALLOWED = """
import asyncio, contextlib, os
from pathlib import Path
import detector
from opsloom_server.store.embedded.server import data_folder

detector.watch(Path(os.environ[detector.REPORT]))

async def main():
    with contextlib.suppress(Exception):
        data_folder(Path("x"))

asyncio.run(main())
"""


async def test_the_detector_finds_a_blocking_call_of_ours_though_it_is_swallowed(watched: Path) -> None:
    with contextlib.suppress(BlockingError):
        data_folder(Path("x"))
    assert "data_folder" in detector.found.pop()
    environment = {**os.environ, "PYTHONPATH": str(Path(detector.__file__).parents[1])}
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", SWALLOWED], env=environment, check=True)
    assert "data_folder" in watched.read_text()
    watched.unlink()


@pytest.mark.parametrize("kind", KINDS)
async def test_fifty_streams_take_no_thread_each(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", signing.KEY_ID)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", signing.SECRET)
    async with ScriptedVendor() as vendor:
        models = Models(settings_for(vendor))
        model = await models.ready(MODELS[kind])
        vendor.script([Text("a b c d e f", delay=0.02)])
        await run(model, Deps())
        before = threading.active_count()
        runs = [asyncio.create_task(run(model, Deps())) for _ in range(50)]
        most = before
        while not all(task.done() for task in runs):
            most = max(most, threading.active_count())
            await asyncio.sleep(0.005)
        assert [(await task).output for task in runs] == ["a b c d e f"] * 50
        await models.close()
    assert most == before


IMPORTING = """
import asyncio, sys, threading
from opsloom_server.models import Models
from opsloom_server.settings import Settings

class Watch:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("openai", "anthropic", "botocore", "pydantic_ai"):
            threads.add(threading.current_thread() is threading.main_thread())

threads = set()

async def main():
    models = Models(Settings(openai_api_key="k", anthropic_api_key="k", aws_region="eu-central-1"))
    sys.meta_path.insert(0, Watch())
    for name in ("openai:m", "anthropic:m", "bedrock:meta.m", "bedrock:anthropic.claude-m"):
        await models.ready(name)
    await models.close()

asyncio.run(main())
print(threads)
"""


def test_a_vendors_package_is_imported_off_the_loop() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTING], capture_output=True, text=True, timeout=100, check=True)
    assert done.stdout.strip() == "{False}"


async def test_a_server_of_its_own_answers_without_a_blocking_call(
    seeded_module_url: PostgresUrl, tmp_path: Path, watched: Path
) -> None:
    """As people run it, uvloop and all."""
    async with ScriptedVendor() as vendor:
        vendor.script([Text("Hello.")])
        environment = {
            "DATABASE_URL": seeded_module_url.dsn,
            "OPSLOOM_MODEL": MODELS["bedrock"],
            "AWS_REGION": "eu-central-1",
            "AWS_ENDPOINT_URL_BEDROCK_RUNTIME": vendor.bedrock_url,
            "AWS_ACCESS_KEY_ID": signing.KEY_ID,
            "AWS_SECRET_ACCESS_KEY": signing.SECRET,
        }
        async with server_process(environment, free_port(), tmp_path) as server:
            assert detector.REPORT in os.environ  # so it watches itself
            key = await server.command("key", "create", "test", "--role", "owner")
            async with RawClient(server.url, key=key, assistant="demo") as client:
                await client.ask("send", text="Hello")
                end = await client.until("turn.end", seconds=60)
            assert end["status"] == "done"
    assert [request.path.rpartition("/")[2] for request in vendor.requests] == ["converse-stream"]
    assert vendor.refused == []
    assert not watched.exists(), watched.read_text()
