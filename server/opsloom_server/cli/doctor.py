"""`opsloom doctor`: what works here, what does not, and what to do about it."""

import asyncio
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Literal, NamedTuple

import asyncpg
from rich.markup import escape

from opsloom_server import __version__
from opsloom_server.cli.database import address
from opsloom_server.cli.words import out, run
from opsloom_server.errors import StartupError
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


def doctor_command(*, dsn: bool) -> None:
    """Show the checks; code 1 if one is bad."""
    run(_doctor(dsn=dsn))


async def _doctor(*, dsn: bool) -> None:
    settings = Settings.from_env()
    bad = 0
    async for check in checks(settings):
        out.print(f"{MARKS[check.state]} {check.name:<10} {escape(check.words)}")
        if check.remedy:
            out.print(f"             {escape(check.remedy)}")
        bad += check.state == "bad"
    if dsn:
        async with address(settings) as where:
            print(where, flush=True)
    if bad:
        raise SystemExit(1)


async def checks(settings: Settings) -> AsyncIterator[Check]:
    """Look at one thing after the other."""
    yield Check("opsloom", "ok", f"{__version__} on Python {sys.version.split()[0]}, {sys.platform}")
    yield _folder(data_folder(settings.data_dir))
    yield await _database(settings)
    yield await asyncio.to_thread(_weights)
    yield _models(settings)
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

    default = default_model(settings)
    if default == "demo":
        missing = "Set OPENAI_API_KEY or ANTHROPIC_API_KEY (or OPSLOOM_MODEL) for an assistant that writes by itself."
        return Check("model", "hint", "demo: it answers by quoting what the knowledge bases hold", missing)
    provider = default.partition(":")[0]
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
