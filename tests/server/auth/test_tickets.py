"""A ticket: 30 seconds, one use, one user, one page."""

import asyncio

import pytest
from opsloom_server.auth import keys, tickets, visitors
from opsloom_server.errors import NotSignedIn
from opsloom_server.store.engine import Database
from sqlalchemy import text

PAGE = "https://chat.example.org"


async def test_it_gives_back_whose_it_is_once(database: Database, workspace: str) -> None:
    visitor, _ = await visitors.create(database, workspace)
    ticket = await tickets.issue(database, visitor, origin=PAGE, assistants=["ast_1"])
    principal = await tickets.redeem(database, ticket.text, PAGE)
    assert (principal.user, principal.kind, principal.role) == (visitor.user, "visitor", "visitor")
    assert (principal.workspace, principal.origin, principal.assistants) == (workspace, PAGE, ("ast_1",))
    with pytest.raises(NotSignedIn):
        await tickets.redeem(database, ticket.text, PAGE)


async def test_of_many_at_once_one_gets_in(database: Database, workspace: str) -> None:
    visitor, _ = await visitors.create(database, workspace)
    ticket = await tickets.issue(database, visitor, origin=None)
    results = await asyncio.gather(
        *(tickets.redeem(database, ticket.text, None) for _ in range(8)), return_exceptions=True
    )
    assert sum(not isinstance(result, BaseException) for result in results) == 1
    assert {type(result) for result in results if isinstance(result, BaseException)} == {NotSignedIn}


@pytest.mark.parametrize("origin", ["https://evil.example.org", None, "null", PAGE + ".evil.io"])
async def test_another_page_burns_it(database: Database, workspace: str, origin: str | None) -> None:
    visitor, _ = await visitors.create(database, workspace)
    ticket = await tickets.issue(database, visitor, origin=PAGE)
    with pytest.raises(NotSignedIn):
        await tickets.redeem(database, ticket.text, origin)
    with pytest.raises(NotSignedIn):
        await tickets.redeem(database, ticket.text, PAGE)


async def test_it_runs_out(database: Database, workspace: str) -> None:
    visitor, _ = await visitors.create(database, workspace)
    ticket = await tickets.issue(database, visitor, origin=None)
    async with database.transact(workspace) as connection:
        left = await connection.execute(text("SELECT extract(epoch FROM expires_at - now()) FROM tickets"))
        assert 25 < float(left.scalar_one()) <= 30
        await connection.execute(text("UPDATE tickets SET expires_at = now() - interval '1 ms'"))
    with pytest.raises(NotSignedIn):
        await tickets.redeem(database, ticket.text, None)
    await tickets.issue(database, visitor, origin=None)
    async with database.transact(workspace) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM tickets"))).scalar_one() == 1


async def test_a_disabled_user_does_not_get_in(database: Database, workspace: str) -> None:
    visitor, _ = await visitors.create(database, workspace)
    ticket = await tickets.issue(database, visitor, origin=None)
    async with database.transact(workspace) as connection:
        await connection.execute(text("UPDATE users SET disabled_at = now()"))
    with pytest.raises(NotSignedIn):
        await tickets.redeem(database, ticket.text, None)


async def test_it_opens_no_more_than_its_maker_has(database: Database, workspace: str) -> None:
    _, key = await keys.create(database, workspace, "shop", assistants=["ast_1", "ast_2"])
    principal = await keys.check(database, key.text)
    ticket = await tickets.issue(database, principal, origin=None, assistants=["ast_2", "ast_3"])
    assert (await tickets.redeem(database, ticket.text, PAGE)).assistants == ("ast_2",)


@pytest.mark.parametrize(
    "text_", ["", "opst_default_", "x" * 10_000, "opst_default_" + "0" * 64, "opst_other_" + "0" * 64]
)
async def test_nonsense_is_refused_alike(database: Database, workspace: str, text_: str) -> None:
    with pytest.raises(NotSignedIn, match="used up or no longer valid"):
        await tickets.redeem(database, text_, None)


async def test_the_workspace_in_a_ticket_cannot_be_changed(database: Database, workspace: str) -> None:
    visitor, _ = await visitors.create(database, workspace)
    ticket = await tickets.issue(database, visitor, origin=None)
    with pytest.raises(NotSignedIn):
        await tickets.redeem(database, ticket.text.replace("_default_", "_other_"), None)
    assert (await tickets.redeem(database, ticket.text, None)).workspace == workspace
