"""Keys, visitors' secrets, the owner's link and the cookie."""

import asyncio
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from opsloom_server.auth import cookies, keys, logins, secret, visitors
from opsloom_server.errors import NotFound, NotSignedIn, StartupError
from opsloom_server.store.engine import Database
from sqlalchemy import text


async def stored(database: Database, workspace: str, table: str) -> str:
    async with database.transact(workspace) as connection:
        return str((await connection.execute(text(f"SELECT * FROM {table}"))).all())


async def test_a_key_is_shown_once_and_works_until_revoked(database: Database, workspace: str) -> None:
    row, key = await keys.create(database, workspace, "backup", "admin")
    assert key.text not in await stored(database, workspace, "api_keys")
    assert key.text.split("_")[2] not in repr(key)
    principal = await keys.check(database, key.text)
    assert (principal.kind, principal.role, principal.name, principal.manages) == ("key", "admin", "backup", True)
    assert [one.id for one in await keys.listed(database, workspace)] == [row.id]
    assert (await keys.listed(database, workspace))[0].used_at is not None
    await keys.revoke(database, workspace, row.id)
    with pytest.raises(NotSignedIn):
        await keys.check(database, key.text)
    with pytest.raises(NotFound):
        await keys.revoke(database, workspace, row.id)


async def test_a_key_of_the_same_prefix_does_not_do(database: Database, workspace: str) -> None:
    _, key = await keys.create(database, workspace, "one")
    with pytest.raises(NotSignedIn):
        await keys.check(database, key.text[:-1] + ("0" if key.text[-1] != "0" else "1"))
    with pytest.raises(NotSignedIn):
        await keys.check(database, key.text.replace("_default_", "_other_"))


async def test_a_key_runs_out(database: Database, workspace: str) -> None:
    _, key = await keys.create(database, workspace, "old", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    with pytest.raises(NotSignedIn):
        await keys.check(database, key.text)


async def test_a_key_of_another_workspace_is_not_listed_or_revoked(database: Database, workspace: str) -> None:
    row, key = await keys.create(database, "ws_other", "theirs")
    assert await keys.listed(database, workspace) == []
    with pytest.raises(NotFound):
        await keys.revoke(database, workspace, row.id)
    assert (await keys.check(database, key.text)).workspace == "ws_other"


async def test_a_visitor_is_known_by_the_secret_alone(database: Database, workspace: str) -> None:
    visitor, token = await visitors.create(database, workspace)
    other, _ = await visitors.create(database, workspace)
    assert (await visitors.check(database, token.text)) == visitor
    assert other.user != visitor.user
    assert await visitors.check(database, "opsv_default_" + "0" * 64) is None
    assert await visitors.check(database, "") is None
    assert token.text not in await stored(database, workspace, "users")


async def test_the_first_link_makes_the_owner_and_ends_the_others(database: Database, workspace: str) -> None:
    links = [await logins.owner_link(database, workspace) for _ in range(4)]
    tokens = [link.text for link in links if link is not None]
    assert len(tokens) == 4
    results = await asyncio.gather(*(logins.sign_in(database, one) for one in tokens), return_exceptions=True)
    signed = [result for result in results if not isinstance(result, BaseException)]
    assert len(signed) == 1
    owner, cookie = signed[0]
    assert (owner.role, owner.kind) == ("owner", "person")
    assert await logins.check(database, cookie.text) == owner
    assert await logins.owner_link(database, workspace) is None
    for one in tokens:
        with pytest.raises(NotSignedIn):
            await logins.sign_in(database, one)
    await logins.sign_out(database, cookie.text)
    assert await logins.check(database, cookie.text) is None


async def test_a_key_with_the_owners_role_is_no_owner_who_signed_in(database: Database, workspace: str) -> None:
    await keys.create(database, workspace, "first", "owner")
    assert await logins.owner_link(database, workspace) is not None


async def test_a_link_runs_out(database: Database, workspace: str) -> None:
    link = await logins.owner_link(database, workspace)
    assert link is not None
    async with database.transact(workspace) as connection:
        await connection.execute(text("UPDATE logins SET expires_at = now()"))
    with pytest.raises(NotSignedIn):
        await logins.sign_in(database, link.text)


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = secret.load(None, tmp_path / "data")
    assert secret.load(None, tmp_path / "data") == first
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600
    assert secret.load("x" * 32, tmp_path) != first
    (tmp_path / "data" / "secret").write_text("")
    assert secret.load(None, tmp_path / "data") != first


def test_a_short_secret_or_an_unwritable_folder_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="shorter than 32"):
        secret.load("hunter2", tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(StartupError, match="cannot be read or made"):
        secret.load(None, tmp_path / "file")


def test_the_cookie_is_named_for_where_it_is_sent() -> None:
    assert cookies.CookieRules(secure=True).header("v").startswith("__Host-opsloom=v; Path=/; Max-Age=2592000;")
    assert "; Secure" in cookies.CookieRules(secure=True).header("v")
    assert cookies.CookieRules(secure=False).header("") == "opsloom=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"


def test_the_csrf_token_belongs_to_one_cookie() -> None:
    token = cookies.csrf_token(b"s", "cookie")
    assert cookies.csrf_holds(b"s", "cookie", token)
    assert not cookies.csrf_holds(b"s", "another", token)
    assert not cookies.csrf_holds(b"s", "cookie", None)
    assert not cookies.csrf_holds(b"s", "cookie", "é")
