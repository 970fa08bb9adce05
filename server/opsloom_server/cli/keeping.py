"""`opsloom migrate`, `opsloom key …` and `opsloom user …`: what a keeper of the server does."""

from typing import Literal, get_args

from rich.table import Table
from sqlalchemy import func, select

from opsloom_server.auth import keys, logins
from opsloom_server.auth.principal import Role
from opsloom_server.cli.database import address, opened
from opsloom_server.cli.words import fail, out, run, say
from opsloom_server.settings import Settings
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.store.startup import migrate
from opsloom_server.store.tables.identity import users

KeyRole = Literal["owner", "admin", "member"]


def migrate_command() -> None:
    """Migrate, and say whether there was anything to do."""

    async def work() -> None:
        async with address(Settings.from_env()) as url:
            changed = await migrate(url)
        say("The database was brought to this version." if changed else "The database is up to date.")

    run(work())


def create_key_command(name: str, role: str) -> None:
    """Print a new key, alone, on standard output."""
    if role not in get_args(KeyRole):
        fail(f"{role} is not a role.", f"One of: {', '.join(get_args(KeyRole))}.")
    given: Role = role  # type: ignore[assignment]  # checked above

    async def work() -> None:
        async with opened(Settings.from_env()) as database:
            _, token = await keys.create(database, DEFAULT_WORKSPACE, name, given)
        print(token.text, flush=True)

    run(work())


def list_keys_command() -> None:
    """A table of the keys."""

    async def work() -> None:
        async with opened(Settings.from_env()) as database:
            rows = await keys.listed(database, DEFAULT_WORKSPACE)
        table = Table("id", "name", "role", "begins", "made", "last used")
        for row in rows:
            used = f"{row.used_at:%Y-%m-%d %H:%M}" if row.used_at else "never"
            table.add_row(row.id, row.name, row.role, f"{row.prefix}…", f"{row.created_at:%Y-%m-%d}", used)
        out.print(table if rows else "There are no API keys yet: opsloom key create NAME --role owner")

    run(work())


def revoke_key_command(key: str) -> None:
    """Take a key back."""

    async def work() -> None:
        async with opened(Settings.from_env()) as database:
            await keys.revoke(database, DEFAULT_WORKSPACE, key)
        say("The key is taken back.")

    run(work())


def list_users_command() -> None:
    """A table of people and programs."""

    async def work() -> None:
        async with opened(Settings.from_env()) as database, database.transact(DEFAULT_WORKSPACE) as connection:
            known = select(users).where(users.c.kind != "visitor").order_by(users.c.created_at)
            rows = (await connection.execute(known)).all()
            visitors = await connection.scalar(select(func.count()).where(users.c.kind == "visitor"))
        table = Table("id", "kind", "role", "name", "since")
        for row in rows:
            table.add_row(row.id, row.kind, row.role, row.name, f"{row.created_at:%Y-%m-%d}")
        out.print(table)
        out.print(f"and {visitors} visitors")

    run(work())


def owner_link_command() -> None:
    """Print a new one-time owner link, as long as no owner has signed in."""

    async def work() -> None:
        settings = Settings.from_env()
        async with opened(settings) as database:
            token = await logins.owner_link(database, DEFAULT_WORKSPACE)
        if token is None:
            fail("An owner has signed in already.", "A key with the role owner does the rest: opsloom key create NAME.")
        base = settings.public_url or f"http://{settings.host}:{settings.port}"
        print(f"{base}/login#token={token.text}", flush=True)

    run(work())
