"""SQLite files as data sources: which may be, what is found in them, values of every type, and bounds that hold."""

import asyncio
import os
import sqlite3
import sys
import threading
import time
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from opsloom_server.errors import Invalid, NotPermitted, QueryFailed
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.engines import engines, opened
from opsloom_server.sources.guard import Judged
from opsloom_server.sources.sqlite import SQLite
from server.sources.sqlite.conftest import make
from sqlalchemy.engine import make_url


async def look(folders: list[Path], url: str) -> list[str]:
    engine = SQLite(folders)
    found = await engine.look_over(engine.read_address(make_url(url)), None, Bounds())
    return [one.name for one in found.description.tables]


async def test_only_files_below_named_folders(tmp_path: Path) -> None:
    inside, outside = tmp_path / "data", tmp_path / "else"
    for folder in (inside, inside / "deep", outside, tmp_path / "data-of-others"):
        folder.mkdir()
        make(folder / "a b.db", "CREATE TABLE t (n INTEGER)")
    (inside / "link.db").symlink_to(outside / "a b.db")
    (inside / "good.db").symlink_to(inside / "deep" / "a b.db")
    (inside / "folder").symlink_to(outside)
    (inside / "text.db").write_text("not a database, but long enough to be looked at")
    os.mkfifo(inside / "pipe.db")
    for good in ("a b.db", "deep/a b.db", "good.db", "/" + str(inside / "a b.db")[1:], str(inside / "a b.db")[1:]):
        assert await look([inside], f"sqlite:///{good}") == ["t"], good
    for bad in (
        "link.db",
        "folder/a b.db",
        "../else/a b.db",
        "deep/../../else/a b.db",
        "missing.db",
        "deep",
        "pipe.db",
        str(outside / "a b.db"),
        "/etc/passwd",
        str(tmp_path / "data-of-others" / "a b.db"),
    ):
        with pytest.raises(Invalid, match="no SQLite file of that name below the folders") as refused:
            await look([inside], f"sqlite:///{bad}")
        assert str(outside) not in refused.value.text
    with pytest.raises(Invalid, match="no SQLite database"):
        await look([inside], "sqlite:///text.db")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite:///a.db?mode=rw", "names the file and nothing else"),
        ("sqlite:///a.db?vfs=x&uri=true", "names the file and nothing else"),
        ("sqlite://host/a.db", "names the file and nothing else"),
        ("sqlite://", "must name a file"),
        ("sqlite:///:memory:", "must name a file"),
        ("sqlite3:///a.db", "Only PostgreSQL, MySQL, MariaDB and SQLite"),
    ],
)
def test_addresses_that_are_none(url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words):
        opened(url, engines([Path("/srv")]))


def test_without_folders_the_variable_is_named() -> None:
    with pytest.raises(Invalid, match="OPSLOOM_SQLITE_FOLDERS names, and it names none"):
        opened("sqlite:///a.db", engines())


def test_tables_columns_keys_and_values(sqlite_shop: Any) -> None:
    kinds = {one.name: one.kind for one in sqlite_shop.described.tables}
    assert (kinds["orders"], kinds["monthly"]) == ("table", "view")
    assert not [name for name in kinds if name.startswith(("sqlite_", "notes"))]
    assert "broken" not in kinds
    orders, hashes, customers = (
        {column.name: column for column in next(t for t in sqlite_shop.described.tables if t.name == name).columns}
        for name in ("orders", "hashes", "customers")
    )
    assert (orders["id"].key, orders["customer_id"].key) == ("primary", "main.customers")
    assert orders["status"].values == ("open", "paid", "returned", "sent")
    assert (orders["channel"].values, orders["total"].type) == (("shop", "web"), "numeric(10,2)")
    assert [hashes[name].values for name in ("user_name", "password", "token", "kind")] == [(), (), (), ("admin",)]
    assert customers["email"].values == ()
    assert "main.customers (about 24 rows)" in sqlite_shop.described.text()
    assert "bananas" not in sqlite_shop.described.text()


async def test_values_of_every_type_become_plain_json(sqlite_shop: Any) -> None:
    found = await sqlite_shop.ask("SELECT * FROM kinds ORDER BY n")
    assert [(one.name, one.type) for one in found.columns] == [
        ("n", "integer"),
        ("whole", "mixed"),
        ("part", "real"),
        ("real8", "real"),
        ("flag", "integer"),
        ("day", "mixed"),
        ("raw", "mixed"),
        ("doc", "mixed"),
        ("any_of", "mixed"),
    ]
    first, second, third, fourth = found.rows
    assert first == (1, "9007199254740993", 12.5, 0.1, 1, "2026-02-28", "\\xdead", '{"a": [1, {"b": null}]}', "text")
    assert second == (2, -1, 12345678901234567000.0, "Infinity", 0, "not a day", "\\x", "9007199254740993", 7)
    assert third == (3, "9223372036854775807", 1, "-Infinity", None, None, None, None, "�A�")
    assert fourth == (4, "many", None, None, 2, 2460000.5, "text in it", None, 1.5)


@pytest.mark.parametrize(("rows", "kept", "cut"), [(499, 499, False), (500, 500, False), (501, 500, True)])
async def test_more_than_500_rows_are_cut(sqlite_shop: Any, rows: int, kept: int, cut: bool) -> None:
    found = await sqlite_shop.ask(
        f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {rows}) SELECT n FROM s"
    )
    assert (len(found.rows), found.truncated, found.rows[-1]) == (kept, cut, (kept,))


async def test_more_than_a_mebibyte_is_cut(sqlite_shop: Any) -> None:
    found = await sqlite_shop.ask("SELECT id, printf('%3000d', id) FROM orders")
    assert 340 < len(found.rows) < 350
    assert found.truncated
    with pytest.raises(QueryFailed, match="first row alone"):
        await sqlite_shop.ask("SELECT group_concat(printf('%9000d', id)) FROM orders")


async def test_its_own_errors_are_told(sqlite_shop: Any) -> None:
    for query in ("SELECT nothing FROM orders", 'SELECT "nothing" FROM orders'):
        with pytest.raises(QueryFailed, match="SQLite answered: no such column: nothing"):
            await sqlite_shop.ask(query)
    with pytest.raises(NotPermitted, match=r"o has no column nothing\. It has: id, customer_id"):
        await sqlite_shop.ask("SELECT o.nothing FROM orders o")
    # Not a text, as SQLite itself would have it.
    with pytest.raises(QueryFailed, match="no such column: paid"):
        await sqlite_shop.ask('SELECT id FROM orders WHERE status = "paid"')


async def test_a_write_ahead_log_is_read_and_none_is_left(tmp_path: Path) -> None:
    """With a writer beside it the log is part of what is read; where nobody has it open, reading makes no files."""
    path = tmp_path / "wal.db"
    make(path, "PRAGMA journal_mode = WAL; CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (1)")
    engine = SQLite([tmp_path])
    address = engine.read_address(make_url("sqlite:///wal.db"))
    query = Judged("SELECT n FROM main.t", ("main.t",))
    assert sorted(one.name for one in tmp_path.iterdir()) == ["wal.db"]
    assert (await engine.run(address, query, Bounds())).rows == ((1,),)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["wal.db"]
    writer = sqlite3.connect(path, isolation_level=None)
    writer.execute("INSERT INTO t VALUES (2)")
    assert (await engine.run(address, query, Bounds())).rows == ((1,), (2,))
    writer.execute("BEGIN IMMEDIATE")
    writer.execute("INSERT INTO t VALUES (3)")
    assert (await engine.run(address, query, Bounds())).rows == ((1,), (2,))
    writer.execute("ROLLBACK")
    writer.close()


async def test_a_locked_file_is_not_waited_for(tmp_path: Path) -> None:
    make(tmp_path / "a.db", "CREATE TABLE t (n INTEGER)")
    engine = SQLite([tmp_path])
    # In another process: one that opens and closes a file gives up all locks that it has on it.
    hold = "import sqlite3, sys; c = sqlite3.connect(sys.argv[1]); c.execute('BEGIN EXCLUSIVE'); print(); input()"
    holder = await asyncio.create_subprocess_exec(
        *(sys.executable, "-I", "-S", "-c", hold, str(tmp_path / "a.db")), stdin=PIPE, stdout=PIPE
    )
    assert holder.stdout is not None
    await holder.stdout.readline()
    started = time.monotonic()
    with pytest.raises(QueryFailed, match="locked by somebody else"):
        await engine.run(
            engine.read_address(make_url("sqlite:///a.db")), Judged("SELECT n FROM main.t", ("main.t",)), Bounds()
        )
    assert time.monotonic() - started < 10
    holder.kill()
    await holder.wait()


async def test_a_damaged_file_is_told_and_not_more(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    make(path, "CREATE TABLE t (n TEXT); INSERT INTO t SELECT hex(randomblob(2000)) FROM sqlite_master, sqlite_master")
    data = bytearray(path.read_bytes())
    data[4_096:] = b"\xff" * (len(data) - 4_096)
    path.write_bytes(data)
    engine = SQLite([tmp_path])
    with pytest.raises(QueryFailed, match="cannot be read as a SQLite database"):
        await engine.run(
            engine.read_address(make_url("sqlite:///a.db")), Judged("SELECT n FROM main.t", ("main.t",)), Bounds()
        )


def test_no_thread_is_kept() -> None:
    assert not [one for one in threading.enumerate() if "sqlite" in one.name.lower()]
