"""MariaDB as a data source: what is found in it, what its login may do, values of every type, bounds that hold, and
connections that say nothing in the clear."""

import asyncio
import struct
import time
from typing import Any

import pytest
from opsloom_server.errors import Invalid, NotPermitted, OpsloomError, QueryFailed, Unavailable
from opsloom_server.sources.engine import Bounds
from opsloom_server.sources.engines import engines, opened
from opsloom_server.sources.guard import Judged
from opsloom_server.sources.mysql.login import read_grants
from server.sources.mysql.conftest import ENGINE, PASSWORD
from sqlalchemy.engine import make_url


def columns(maria: Any, table: str) -> dict[str, Any]:
    found = next(one for one in maria.described.tables if one.name == table)
    return {one.name: one for one in found.columns}


def test_tables_columns_keys_comments_and_values(maria: Any) -> None:
    kinds = {(one.schema, one.name): one.kind for one in maria.described.tables}
    assert (kinds["shop", "orders"], kinds["shop", "monthly"]) == ("table", "view")
    assert {schema for schema, _ in kinds} == {"shop"}
    assert ("shop", "counter") not in kinds
    orders, customers = columns(maria, "orders"), columns(maria, "customers")
    assert (orders["id"].key, orders["customer_id"].key) == ("primary", "shop.customers.id")
    assert (orders["total"].type, orders["details"].type) == ("decimal(10,2)", "json")
    assert customers["referrer"].comment == "The customer who sent this one"
    assert orders["status"].values == ("open", "paid", "sent", "returned")
    assert orders["channel"].values == ("shop", "web")
    assert customers["country"].values == ("AT", "DE", "FR", "PL")
    assert (customers["email"].values, customers["name"].values, orders["details"].values) == ((), (), ())
    text = maria.described.text()
    assert "shop.customers (about 24 rows): Who bought something" in text
    assert "  customer_id int(11) -> shop.customers.id" in text
    assert "bananas" not in text


async def test_values_of_every_type_become_plain_json(maria: Any) -> None:
    found = await maria.ask("SELECT * FROM kinds ORDER BY n")
    assert [(one.name, one.type) for one in found.columns] == [
        ("n", "int"),
        ("whole", "bigint"),
        ("beyond", "bigint"),
        ("part", "decimal"),
        ("real8", "double"),
        ("flag", "tinyint"),
        ("bits", "bit"),
        ("day", "date"),
        ("at", "datetime"),
        ("span", "time"),
        ("made", "year"),
        ("word", "char"),
        ("words", "char"),
        ("raw", "varbinary"),
        ("large", "blob"),
        ("doc", "text"),
        ("letters", "text"),
    ]
    first, second, third = found.rows
    assert first[:7] == (1, "9007199254740993", "18446744073709551615", 12.5, 0.1, 1, 2561)
    assert first[7:13] == ("2026-02-28", "2026-02-28T10:00:00.250", "-100:30:00.5", 2026, "b", "x,y")
    assert first[13:] == ("\\xdead", "\\x00ff", '{"a": [1, {"b": null}]}', "é€😀")
    assert second[3:10] == (12345678901234567000.0, 1e308, 0, 1, "0000-00-00", "0000-00-00T00:00:00.000", "00:00:00.0")
    assert second[10:] == (0, "", "", "\\x", "\\x", "9007199254740993", "")
    assert third == (3, *[None] * 16)


@pytest.mark.parametrize(
    ("rows", "kept", "cut"), [(499, 499, False), (500, 500, False), (501, 500, True), (9_999, 500, True)]
)
async def test_more_than_500_rows_are_cut(maria: Any, rows: int, kept: int, cut: bool) -> None:
    found = await maria.ask(
        "WITH RECURSIVE s AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM s WHERE n < 9999) "
        f"SELECT n FROM s ORDER BY n LIMIT {rows}"
    )
    assert (len(found.rows), found.truncated, found.rows[-1]) == (kept, cut, (kept,))


async def test_more_than_a_mebibyte_is_cut(maria: Any) -> None:
    wide = "concat(repeat('x', 1000), repeat('y', 1000), repeat('z', 900))"
    found = await maria.ask(f"SELECT id, {wide} FROM orders")
    assert 350 < len(found.rows) < 365 or len(found.rows) == 360
    found = await maria.ask(f"SELECT o.id, {wide} FROM orders o JOIN customers c ON c.id < 3")
    assert 350 < len(found.rows) < 365
    assert found.truncated
    with pytest.raises(QueryFailed, match="first row alone"):
        await maria.ask(
            "SELECT concat(group_concat(repeat('x', 1000)), group_concat(repeat('y', 1000))) FROM "
            "orders a JOIN customers b ON b.id < 4"
        )


async def test_what_costs_too_much_is_not_begun(maria: Any) -> None:
    query = "SELECT count(*) FROM orders a, orders b, orders c, orders d"
    started = time.monotonic()
    with pytest.raises(QueryFailed, match="would cost too much: the database expects to look at more than 100,000,000"):
        await maria.ask(query)
    with pytest.raises(QueryFailed, match=r"did not finish within 0\.3 seconds"):
        await maria.ask(query, seconds=0.3, cost=0)
    assert time.monotonic() - started < 4
    assert sessions(maria) == 0


def sessions(maria: Any) -> int:
    until = time.monotonic() + 5
    query = "SELECT count(*) FROM information_schema.processlist WHERE user = 'reader'"
    while (found := int(maria.look(query)[0][0])) and time.monotonic() < until:
        time.sleep(0.01)
    return found


async def test_a_stopped_query_ends_in_the_database_too(maria: Any) -> None:
    query = "SELECT count(*) FROM orders a, orders b, orders c, orders d"
    asking = asyncio.create_task(maria.ask(query, seconds=60, cost=0))
    running = "SELECT 1 FROM information_schema.processlist WHERE user = 'reader' AND info LIKE '%`orders` AS `d`%'"
    while not maria.look(running):
        await asyncio.sleep(0.01)
    started = time.monotonic()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert sessions(maria) == 0
    assert time.monotonic() - started < 3


async def test_the_databases_own_errors_are_told(maria: Any) -> None:
    with pytest.raises(QueryFailed, match="answered: Unknown column 'nothing'"):
        await maria.ask("SELECT nothing FROM orders")
    with pytest.raises(NotPermitted, match="There is no table secrets here"):
        await maria.ask("SELECT * FROM secrets")
    # Written out by hand: what a description that has grown old would let through.
    for query, words in (
        ("SELECT * FROM rival.secrets", "may not read that: SELECT command denied"),
        ("SELECT NEXT VALUE FOR shop.counter", "may not read that|Only reading"),
        ("DELETE FROM shop.victims", "may not read that: DELETE command denied"),
    ):
        with pytest.raises(NotPermitted, match=words):
            await ENGINE.run(maria.address(), Judged(query, ()), Bounds())


GRANTS = [
    ("GRANT UPDATE ON shop.orders TO {who}", "REVOKE UPDATE ON `shop`.`orders` FROM `extra`@`%`;"),
    ("GRANT INSERT (id) ON shop.orders TO {who}", "REVOKE INSERT (`id`) ON `shop`.`orders` FROM `extra`@`%`;"),
    ("GRANT DELETE, DROP ON shop.* TO {who}", "REVOKE DELETE, DROP ON `shop`.* FROM `extra`@`%`;"),
    ("GRANT ALL ON shop.* TO {who}", "REVOKE ALL PRIVILEGES ON `shop`.* FROM `extra`@`%`;"),
    ("GRANT EXECUTE ON FUNCTION shop.leak TO {who}", "REVOKE EXECUTE ON FUNCTION `shop`.`leak` FROM `extra`@`%`;"),
    ("GRANT SELECT ON shop.* TO {who} WITH GRANT OPTION", "REVOKE GRANT OPTION ON `shop`.* FROM `extra`@`%`;"),
    ("GRANT PROCESS ON *.* TO {who}", "REVOKE PROCESS ON *.* FROM `extra`@`%`;"),
    ("GRANT SELECT ON *.* TO {who}", "everybody's password hashes: REVOKE SELECT ON *.* FROM `extra`@`%`;"),
    ("GRANT careless TO {who}", "(by `careless`) may INSERT on `shop`.`victims`: REVOKE INSERT ON `shop`.`victims`"),
]
REFUSED = [
    *("GRANT ALL ON *.* TO {who}", "GRANT SUPER ON *.* TO {who}", "GRANT FILE ON *.* TO {who}"),
    *("GRANT INSERT ON *.* TO {who}", "GRANT UPDATE ON mysql.* TO {who}", "GRANT CREATE USER ON *.* TO {who}"),
    *("GRANT SELECT ON *.* TO {who} WITH GRANT OPTION", "GRANT almighty TO {who}", "GRANT PROXY ON root TO {who}"),
]


@pytest.fixture(scope="module")
def roles(maria: Any) -> None:
    maria.look(
        "CREATE ROLE careless",
        "GRANT INSERT ON shop.victims TO careless",
        "CREATE ROLE almighty",
        "GRANT FILE ON *.* TO almighty",
    )


async def inspected(maria: Any, statement: str) -> tuple[str, ...]:
    maria.look(
        "DROP USER IF EXISTS extra@'%'",
        f"CREATE USER extra@'%' IDENTIFIED BY '{PASSWORD}'",
        "GRANT SELECT ON shop.orders TO extra@'%'",
        statement.replace("{who}", "extra@'%'"),
    )
    found = await ENGINE.look_over(maria.address("extra"), None, Bounds())
    return found.warnings


@pytest.mark.parametrize(("statement", "words"), GRANTS)
async def test_what_a_login_may_beyond_reading_is_told(maria: Any, roles: None, statement: str, words: str) -> None:
    warnings = await inspected(maria, statement)
    assert any(words in one for one in warnings), warnings
    assert all("extra@%" in one for one in warnings)


@pytest.mark.parametrize("statement", REFUSED)
async def test_what_no_guard_could_hold_is_refused(maria: Any, roles: None, statement: str) -> None:
    with pytest.raises(Invalid, match="it is not used") as refused:
        await inspected(maria, statement)
    assert "CREATE USER 'opsloom_reader'" in refused.value.text or "PROXY" in refused.value.text


def test_a_right_login_has_no_warnings(maria: Any) -> None:
    assert maria.warnings == ()


def test_grants_as_mysql_8_shows_them() -> None:
    (first, second) = read_grants(
        [
            "GRANT USAGE, BACKUP_ADMIN,XA_RECOVER_ADMIN ON *.* TO `a b`@`%` WITH GRANT OPTION",
            "GRANT `r1`@`%`,`r 2`@`%` TO `a b`@`%`",
            "REVOKE SELECT ON `mysql`.* FROM `a b`@`%`",
            "GRANT SELECT (`x ON y`, `z`), INSERT ON `odd ON ``name`.`t` TO `a b`@`%`",
        ]
    )
    assert first.privileges == ("USAGE", "BACKUP_ADMIN", "XA_RECOVER_ADMIN", "GRANT OPTION")
    assert (second.privileges, second.on) == (("SELECT (`x ON y`, `z`)", "INSERT"), "`odd ON ``name`.`t`")
    with pytest.raises(Invalid, match="cannot be read"):
        list(read_grants(["GRANT SOMETHING NEW"]))


async def test_encryption_is_kept_to(maria: Any) -> None:
    maria.look(
        f"CREATE OR REPLACE USER secret@'%' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL",
        "GRANT SELECT ON shop.* TO secret@'%'",
    )
    judged = Judged("SHOW STATUS LIKE 'Ssl_cipher'", ())
    for mode, encrypted in (("prefer", True), ("require", True), ("disable", False)):
        (row,) = (await ENGINE.run(maria.address(sslmode=mode), judged, Bounds())).rows
        assert bool(row[1]) is encrypted, mode
    assert (await ENGINE.run(maria.address("secret", sslmode="require"), Judged("SELECT 1", ()), Bounds())).rows == (
        (1,),
    )
    with pytest.raises(Invalid, match="refused the login"):
        await ENGINE.run(maria.address("secret", sslmode="disable"), judged, Bounds())
    with pytest.raises(Invalid, match="certificate"):
        await ENGINE.run(maria.address(sslmode="verify-full"), judged, Bounds())
    socket = ENGINE.read_address(make_url(f"mysql://reader:x@/shop?socket={maria.server.unix}"))
    with pytest.raises(Invalid, match="refused the login"):
        await ENGINE.run(socket, judged, Bounds())


@pytest.mark.parametrize("mode", ["require", "verify-full"])
async def test_nothing_is_told_to_a_server_that_offers_no_encryption(mode: str) -> None:
    """Someone on the way takes the offer out of the greeting; then the login must not go on in the clear."""
    told: list[bytes] = []
    done = asyncio.Event()

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        capable = 0x81BFF7DF & ~0x800  # all but CLIENT_SSL
        greeting = (
            b"\x0a5.5.5-10.11.0-MariaDB\0" + struct.pack("<I", 7) + b"saltsalt\0" + struct.pack("<H", capable & 0xFFFF)
        )
        greeting += (
            struct.pack("<BHH", 45, 2, capable >> 16) + b"\x15" + b"\0" * 10 + b"saltsaltsalt\0mysql_native_password\0"
        )
        writer.write(struct.pack("<I", len(greeting))[:3] + b"\0" + greeting)
        told.append(await reader.read(1_000))
        writer.close()
        await writer.wait_closed()
        done.set()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        address = ENGINE.read_address(make_url(f"mysql://u:hunter2@127.0.0.1:{port}/d?sslmode={mode}"))
        with pytest.raises(Invalid, match="offers no encryption"):
            await ENGINE.run(address, Judged("SELECT 1", ()), Bounds())
        await asyncio.wait_for(done.wait(), 10)
    assert told == [b""]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("oracle://u:hunter2@h/d", "Only PostgreSQL, MySQL, MariaDB and SQLite can be data sources"),
        ("mysql://h/d", "must name a host, a database and a user. Write it as mysql://"),
        ("mariadb://u:hunter2@h", "Write it as mariadb://user:password@host:3306/database"),
        ("mysql://u:hunter2@h1,h2/d", "one host"),
        ("mysql://u:hunter2@h/d?read_default_file=/etc/my.cnf", "option read_default_file"),
        ("mysql://u:hunter2@h/d?local_infile=1", "option local_infile"),
        ("mysql://u:hunter2@h/d?init_command=SET", "option init_command"),
        ("mysql://u:hunter2@h/d?ssl_ca=/etc/passwd", "option ssl_ca"),
        ("mysql://u:hunter2@h/d?sslmode=maybe", "sslmode is one of"),
    ],
)
def test_addresses_that_are_none(url: str, words: str) -> None:
    with pytest.raises(Invalid, match=words) as refused:
        opened(url, engines())
    assert "hunter2" not in refused.value.text


async def test_who_is_not_there_and_who_is_not_let_in(maria: Any) -> None:
    judged = Judged("SELECT 1", ())
    for url, kind, words in (
        (f"mysql://reader:hunter2@127.0.0.1:{maria.server.port}/shop", Invalid, "refused the login reader"),
        ("mysql://reader:hunter2@127.0.0.1:1/shop", Unavailable, "No MySQL or MariaDB that lets us in"),
        ("mysql://reader:hunter2@169.254.169.254/shop", Invalid, "belongs to no database"),
    ):
        with pytest.raises(kind, match=words) as failed:
            await ENGINE.run(ENGINE.read_address(make_url(url)), judged, Bounds())
        assert "hunter2" not in str(failed.value)
    for schemas, words in ((["mysql"], "server's own database"), (["rival"], "There is no database rival")):
        with pytest.raises(Invalid, match=words):
            await ENGINE.look_over(maria.address(), schemas, Bounds())


async def test_nothing_secret_is_in_an_error(maria: Any) -> None:
    for query in ("SELECT 1 FROM nowhere.nothing", "SELECT", "SET PASSWORD = 'x'", "SELECT * FROM mysql.global_priv"):
        with pytest.raises(OpsloomError) as failed:
            await ENGINE.run(maria.address(), Judged(query, ()), Bounds())
        assert PASSWORD not in failed.value.text
