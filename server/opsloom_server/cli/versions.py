"""`opsloom versions` and `opsloom restore`: what an assistant was, and back to it."""

import msgspec
from rich.table import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.cli.database import opened
from opsloom_server.cli.words import fail, out, run, say
from opsloom_server.settings import Settings
from opsloom_server.store import assistants as store
from opsloom_server.store import records
from opsloom_server.store.assistants import Assistant
from opsloom_server.store.ids import DEFAULT_WORKSPACE

_MOST = 200


def versions_command(slug: str) -> None:
    """A table: the version, when and by whom it was made, and the fields that it changed."""

    async def work() -> None:
        async with opened(Settings.from_env()) as database, database.transact(DEFAULT_WORKSPACE) as connection:
            assistant = await _found(connection, slug)
            rows = await store.versions(connection, assistant.id, _MOST, None)
        table = Table("version", "made", "by", "changed")
        specs = {row.version: msgspec.to_builtins(row.spec) for row in rows}
        for row in rows:
            before = specs.get(row.version - 1)
            fields = (
                [] if before is None else [name for name, value in specs[row.version].items() if value != before[name]]
            )
            words = "made" if row.version == 1 else ", ".join(fields)
            table.add_row(str(row.version), f"{row.created_at:%Y-%m-%d %H:%M}", row.created_by or "", words)
        out.print(table)

    run(work())


def restore_command(slug: str, number: int) -> None:
    """Make a new version that is equal to this one, and say its number."""

    async def work() -> None:
        async with opened(Settings.from_env()) as database, database.transact(DEFAULT_WORKSPACE) as connection:
            assistant = await _found(connection, slug)
            old = await store.version(connection, assistant.id, number)
            if old is None:
                fail(f"{slug} has no version {number}.", f"opsloom versions {slug}")
            now = await store.save(connection, DEFAULT_WORKSPACE, assistant, old.spec)
            if now.version != assistant.version:
                await records.note(
                    connection,
                    DEFAULT_WORKSPACE,
                    None,
                    "assistant.restore",
                    now.id,
                    version=number,
                    by="opsloom restore",
                )
        if now.version == assistant.version:
            say(f"{slug} is already as it was in version {number}; nothing was changed.")
        else:
            say(f"{slug} is now at version {now.version}, which is equal to version {number}.")

    run(work())


async def _found(connection: AsyncConnection, slug: str) -> Assistant:
    found = await store.assistant_by_slug(connection, slug)
    if found is None:
        fail(f"There is no assistant {slug}.", "opsloom export lists them.")
    return found
