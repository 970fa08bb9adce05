"""`opsloom doctor`: what works here, what does not, and what to do about it."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

import asyncpg
from rich.markup import escape

from opsloom_server import __version__
from opsloom_server.cli.database import address
from opsloom_server.cli.providers import lines
from opsloom_server.cli.words import out, run
from opsloom_server.errors import Invalid, StartupError
from opsloom_server.settings import Settings
from opsloom_server.store.address import parse, printable
from opsloom_server.store.embedded import data_folder

# The database grows with use; below this, PostgreSQL may stop in the middle of a write.
LITTLE_SPACE = 500_000_000
STATIC = Path(__file__).parents[1] / "static"


class Check(NamedTuple):
    """One thing that was looked at. `remedy` says what to do where it is not `ok`."""

    name: str
    state: Literal["ok", "hint", "bad"]
    words: str
    remedy: str = ""


MARKS = {"ok": "[green]✓[/green]", "hint": "[yellow]![/yellow]", "bad": "[bold red]✗[/bold red]"}


def doctor_command(*, dsn: bool, online: bool) -> None:
    """Show the checks; code 1 if one is bad."""
    run(_doctor(dsn=dsn, online=online))


async def _doctor(*, dsn: bool, online: bool) -> None:
    settings = Settings.from_env()
    bad = 0
    async for check in checks(settings, online=online):
        out.print(f"{MARKS[check.state]} {check.name:<13} {escape(check.words)}")
        if check.remedy:
            out.print(f"               {escape(check.remedy)}")
        bad += check.state == "bad"
    if dsn:
        async with address(settings) as where:
            print(where, flush=True)
    if bad:
        raise SystemExit(1)


async def checks(settings: Settings, *, online: bool = False) -> AsyncIterator[Check]:
    """Look at one thing after the other; `online` asks the models' vendors too."""
    yield Check("opsloom", "ok", f"{__version__} on Python {sys.version.split()[0]}, {sys.platform}")
    yield _folder(data_folder(settings.data_dir))
    yield await _database(settings)
    async for check in _nodes(settings):
        yield check
    yield await asyncio.to_thread(_weights)
    yield _models(settings)
    async for line in lines(settings, online=online):
        yield Check(f"· {line.name}", line.state, line.words, line.remedy)
    yield _client()
    yield _port(settings)
    yield _public_url(settings)


def _folder(folder: Path) -> Check:
    there = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(there).free
    words = f"{folder}, {free / 1e9:.1f} GB free"
    if free < LITTLE_SPACE:
        return Check(
            "data", "bad", words, "Free some space there, or set OPSLOOM_DATA_DIR to a folder on another disk."
        )
    return Check("data", "ok", words)


async def _database(settings: Settings) -> Check:
    try:
        async with address(settings) as where:
            url = parse(where)
            connection = await asyncpg.connect(url.set(drivername="postgresql").render_as_string(False), timeout=10)
            try:
                version = await connection.fetchval("show server_version")
                vector = await connection.fetchval(
                    "select default_version from pg_available_extensions where name = 'vector'"
                )
            finally:
                await connection.close()
    except StartupError as error:
        return Check("database", "bad", error.text, error.remedy)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        words = f"{printable(parse(where))} cannot be used ({type(error).__name__})"
        return Check("database", "bad", words, "Check DATABASE_URL: the host, the port, the user and the password.")
    kind = "embedded" if settings.database_url is None else printable(url)
    if vector is None:
        return Check("database", "bad", f"PostgreSQL {version} ({kind}) has no pgvector", "Install pgvector there.")
    return Check("database", "ok", f"PostgreSQL {version} with pgvector {vector}, {kind}")


async def _nodes(settings: Settings) -> AsyncIterator[Check]:
    """Redis, and the other servers on the same database: nothing to say where there can be none."""
    if settings.redis_url is not None:
        yield await _redis(settings.redis_url.get_secret_value())
    if settings.database_url is None:
        return
    try:
        living = await _living(settings.database_url.get_secret_value())
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError, StartupError):
        return  # what is wrong with the database stands above
    if not living:
        yield Check("nodes", "ok", "no server is running on this database")
        return
    secrets = len({fingerprint for _, fingerprint in living})
    words = f"{len(living)} {'server is' if len(living) == 1 else 'servers are'} running on this database: "
    words += ", ".join(node for node, _ in living)
    if secrets > 1:
        yield Check("nodes", "bad", words, "They have different secrets: give every one the same OPSLOOM_SECRET.")
    elif settings.secret is None:
        remedy = "OPSLOOM_SECRET is unset here: a server that joins them needs the same one as they have."
        yield Check("nodes", "hint", words, remedy)
    else:
        yield Check("nodes", "ok", words)


async def _living(database_url: str) -> list[tuple[str, bytes]]:
    """The nodes whose lease runs, with the fingerprints of their secrets."""
    url = parse(database_url).set(drivername="postgresql").render_as_string(False)
    connection = await asyncpg.connect(url, timeout=10)
    try:
        if await connection.fetchval("select to_regclass('nodes')") is None:
            return []
        rows = await connection.fetch("select id, fingerprint from nodes where lease_until > now() order by started_at")
    finally:
        await connection.close()
    return [(row["id"], row["fingerprint"]) for row in rows]


async def _redis(url: str) -> Check:
    """Whether Redis answers."""
    from redis.asyncio import Redis
    from redis.exceptions import AuthenticationError, RedisError

    remedy = "Check REDIS_URL: redis://user:password@host:6379/0 (rediss:// with TLS). Servers go on without it."
    try:
        client = Redis.from_url(url, socket_connect_timeout=3, socket_timeout=3)
    except ValueError:
        return Check("redis", "bad", "REDIS_URL is not an address of Redis", remedy)
    parts = urlsplit(url)
    where = f"{parts.hostname}:{parts.port or 6379}" if parts.hostname else parts.path
    try:
        version = (await client.info("server")).get("redis_version", "of an unknown version")
    except AuthenticationError:
        return Check("redis", "bad", f"{where} refuses the login", remedy)
    except (RedisError, OSError, TimeoutError) as error:
        return Check("redis", "bad", f"nothing answers as Redis at {where} ({type(error).__name__})", remedy)
    finally:
        await client.aclose()
    return Check("redis", "ok", f"Redis {version} at {where}")


def _weights() -> Check:
    from opsloom_rag.embedding import weights
    from opsloom_rag.errors import EmbedderMissing

    try:
        weights.find()
    except EmbedderMissing as missing:
        return Check("search", "hint", "by words alone", missing.text)
    return Check("search", "ok", "by meaning and by words")


def _models(settings: Settings) -> Check:
    from opsloom_server.models import catalogue, default_model
    from opsloom_server.models.registry import split

    default = default_model(settings)
    if default == "demo":
        missing = "Set OPENAI_API_KEY or ANTHROPIC_API_KEY (or OPSLOOM_MODEL) for an assistant that writes by itself."
        return Check("model", "hint", "demo: it answers by quoting what the knowledge bases hold", missing)
    provider = default.partition(":")[0]
    try:
        split(default, settings.extensions)
    except Invalid as error:
        return Check("model", "bad", f"{default} cannot be used", error.text)
    for entry in catalogue(settings):
        if entry.provider == provider and not entry.available:
            return Check("model", "bad", f"{default} cannot be used", entry.missing or "Check its settings.")
    return Check("model", "ok", default)


def _client() -> Check:
    if (STATIC / "index.html").exists():
        return Check("pages", "ok", "the browser's pages are built")
    return Check("pages", "bad", "the browser's pages are not built", "In a checkout: make setup.")


def _port(settings: Settings) -> Check:
    where = f"http://{settings.host}:{settings.port}"
    with socket.socket() as probe:
        probe.settimeout(1)
        host = "127.0.0.1" if settings.host == "0.0.0.0" else settings.host  # noqa: S104 (compared, not listened on)
        taken = probe.connect_ex((host, settings.port)) == 0
    return Check("address", "ok", f"{where} ({'something answers there' if taken else 'free'})")


def _public_url(settings: Settings) -> Check:
    if settings.public_url is None:
        words = "OPSLOOM_PUBLIC_URL is unset: browsers are let in on loopback and bare addresses only"
        return Check(
            "public", "hint", words, "Set it to the address that people type, such as https://chat.example.org."
        )
    if settings.public_url.startswith("http://") and "//127.0.0.1" not in settings.public_url:
        return Check("public", "hint", settings.public_url, "Put a proxy with https before it: cookies need it.")
    return Check("public", "ok", settings.public_url)
