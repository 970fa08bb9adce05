"""The embedded PostgreSQL under the faults of real machines."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from conftest import NOT_DURABLE
from opsloom_server.errors import StartupError
from opsloom_server.store.embedded import EmbeddedPostgres, data_folder
from opsloom_server.store.embedded.account import Account
from opsloom_server.store.embedded.binaries import package_folder, programs
from opsloom_server.store.embedded.cluster import Cluster

# A process of its own that holds a folder until it is told, or killed.
HOLDER = """
import sys
from opsloom_server.store.embedded import EmbeddedPostgres, data_folder
pg = EmbeddedPostgres(sys.argv[1], exclusive=True, settings={"fsync": "off"})
pg.start()
print(pg.pid, flush=True)
sys.stdin.readline()
pg.stop()
"""


def embedded(folder: Path, *, exclusive: bool = False) -> EmbeddedPostgres:
    return EmbeddedPostgres(folder, exclusive=exclusive, settings=NOT_DURABLE)


async def run(pg: EmbeddedPostgres, statement: str) -> object:
    connection = await asyncpg.connect(pg.dsn)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


def processes_in(folder: Path) -> list[int]:
    """PostgreSQL's processes that work in the folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd().startswith(str(folder)) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A data folder in which nothing runs afterwards."""
    yield tmp_path / "data"
    for pid in processes_in(tmp_path):
        os.kill(pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def holder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, subprocess.Popen[str], int]]:
    """Another process that serves a folder: the folder, the process, PostgreSQL's pid."""
    folder = tmp_path_factory.mktemp("held") / "data"
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    yield folder, process, int(process.stdout.readline())
    process.communicate("\n", timeout=30)
    assert processes_in(folder) == []


async def test_what_was_stored_is_there_after_a_restart(folder: Path) -> None:
    async with embedded(folder) as pg:
        await run(pg, "create table kept as select 42 as n")
    assert processes_in(folder) == []
    async with embedded(folder) as pg:
        assert await run(pg, "select n from kept") == 42


async def test_comes_back_after_kill_9_of_postgres(folder: Path) -> None:
    pg = EmbeddedPostgres(folder)
    pg.start()
    await run(pg, "create table kept as select 42 as n")
    os.kill(pg.pid, signal.SIGKILL)
    pg.stop()
    since = time.monotonic()
    async with embedded(folder) as pg:
        assert await run(pg, "select n from kept") == 42
    assert time.monotonic() - since < 10


async def test_comes_back_after_kill_9_of_everything(folder: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        for pid in [process.pid, *processes_in(folder)]:
            os.kill(pid, signal.SIGKILL)
    async with embedded(folder, exclusive=True) as pg:
        assert await run(pg, "select 1") == 1


async def test_takes_over_what_a_killed_server_left_running(folder: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = int(process.stdout.readline())
        process.kill()
    async with embedded(folder, exclusive=True) as pg:
        assert pg.pid == left
    assert processes_in(folder) == []


async def test_a_stale_pid_file_that_names_a_living_process_is_not_believed(folder: Path) -> None:
    async with embedded(folder):
        lines = (folder / "pg18" / "postmaster.pid").read_text().splitlines()
    lines[0] = str(os.getpid())  # as after a container's restart, where numbers begin anew
    (folder / "pg18" / "postmaster.pid").write_text("\n".join(lines) + "\n")
    async with embedded(folder) as pg:
        assert await run(pg, "select 1") == 1


def test_a_second_server_is_told_the_folder_and_the_process(holder: tuple[Path, subprocess.Popen[str], int]) -> None:
    folder, process, _ = holder
    with pytest.raises(StartupError) as failure:
        embedded(folder, exclusive=True).start()
    assert str(folder) in failure.value.text
    assert str(process.pid) in failure.value.text
    assert "OPSLOOM_DATA_DIR" in failure.value.remedy


async def test_a_command_works_beside_a_server_and_leaves_it_running(
    holder: tuple[Path, subprocess.Popen[str], int],
) -> None:
    folder, _, postgres = holder
    async with embedded(folder) as pg:
        assert pg.pid == postgres
        assert await run(pg, "select 1") == 1
    assert psutil.pid_exists(postgres)


async def test_the_last_to_leave_stops_it(folder: Path) -> None:
    first, second = embedded(folder, exclusive=True), embedded(folder)
    await asyncio.gather(asyncio.to_thread(first.start), asyncio.to_thread(second.start))
    assert first.pid == second.pid
    first.stop()
    assert await run(second, "select 1") == 1
    second.stop()
    assert processes_in(folder) == []


@pytest.mark.parametrize("name", ["a" * 120, "with space, comma and 'quote'"])
async def test_any_path_will_do(folder: Path, name: str) -> None:
    async with embedded(folder / name) as pg:
        assert await run(pg, "select 1") == 1


async def test_an_interrupted_first_start_is_made_good(folder: Path) -> None:
    (folder / "pg18.new" / "base").mkdir(parents=True)
    (folder / "pg18.new" / "PG_VERSION").write_text("18\n")
    async with embedded(folder) as pg:
        assert await run(pg, "select 1") == 1


async def test_a_cancelled_start_leaves_nothing_running(folder: Path) -> None:
    task = asyncio.create_task(embedded(folder).__aenter__())
    await asyncio.sleep(0.1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert processes_in(folder) == []


def test_no_folder_but_the_data_folder_is_touched(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    pg = embedded(closed / "data")
    pg.start()
    pg.stop()
    assert closed.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in closed.iterdir()] == ["data"]


def test_a_user_without_a_home_is_told_to_name_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("getuid", "geteuid"):
        monkeypatch.setattr(os, name, lambda: 2**30 + 7)  # nobody's
    for name in ("HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, "none")
    with pytest.raises(StartupError, match="no home folder") as failure:
        data_folder(None)
    assert "OPSLOOM_DATA_DIR" in failure.value.remedy
    assert data_folder(tmp_path) == tmp_path


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(StartupError, match=str(path)):
            embedded(path).start()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("initdb: error: could not write to file: No space left on device", "The disk that holds .* is full"),
        ("initdb: error: could not create directory: Permission denied", "may not write there"),
        ("initdb: error: something new", "something new"),
    ],
)
def test_what_postgres_says_becomes_words(tmp_path: Path, said: str, expected: str) -> None:
    (tmp_path / "initdb").write_text(f"#!/bin/sh\necho '{said}'\nexit 1\n")
    (tmp_path / "initdb").chmod(0o755)
    here = Account(os.geteuid(), os.getegid(), switch=False)
    with pytest.raises(StartupError, match=expected) as failure:
        Cluster(tmp_path / "pg18", tmp_path, here, hidden=False).create()
    assert str(tmp_path) in failure.value.text
    assert not (tmp_path / "pg18.new").exists()


def test_a_database_of_another_major_version_is_left_alone(folder: Path) -> None:
    (folder / "pg18").mkdir(parents=True)
    (folder / "pg18" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartupError, match="made by PostgreSQL 17"):
        embedded(folder).start()


def test_programs_that_the_account_cannot_reach_are_copied_beside_the_data(tmp_path: Path) -> None:
    account = Account.for_data(tmp_path / "pg18")
    package = package_folder()
    hidden = tmp_path / "closed"
    hidden.mkdir(mode=0o700)
    (hidden / package.name).symlink_to(package)  # the package is open: only the way to it is closed
    (hidden / f"{package.name}.libs").symlink_to(package.with_name(f"{package.name}.libs"))
    found = programs(account, tmp_path, source=hidden / package.name)
    if account.switch:
        assert hidden not in found.parents
    assert account.run(found / "initdb", "--version").code == 0
    assert programs(account, tmp_path, source=hidden / package.name) == found
