"""``login``, ``logout``, ``me``, ``users``, ``api-keys``: who may come in."""

import logging
from typing import Annotated, Literal

from fastapi import APIRouter, Request, Response, status
from pydantic import BaseModel, Field

from opsloom_server.auth import Principal, keys, logins
from opsloom_server.auth.cookies import csrf_token
from opsloom_server.auth.keys import KeyRow
from opsloom_server.errors import Forbidden, Invalid, NotFound
from opsloom_server.rest.access import Admin, Member, Owner, Served, SignedIn, cookie_rules, demand_own_page
from opsloom_server.rest.paging import CursorParam, LimitParam, Page, at_place, place, turn_page
from opsloom_server.rest.services import demand_pace
from opsloom_server.rest.texts import Body, Moment, Name
from opsloom_server.store import records, users
from opsloom_server.store.assistants import assistant_by_slug
from opsloom_server.store.users import UserRow

__all__ = ["router"]

router = APIRouter(tags=["identity"])
_log = logging.getLogger("opsloom.rest")


class LoginWish(Body):
    """The token of a one-time link."""

    token: Annotated[str, Field(max_length=200)]


class UserShown(BaseModel):
    """A user. ``kind``: person, visitor, operator or key (a program)."""

    id: str
    kind: str
    role: str
    name: str
    email: str | None = None
    created_at: Moment
    seen_at: Moment | None = None
    disabled: bool = False

    @classmethod
    def of(cls, row: UserRow) -> "UserShown":
        return cls(
            id=row.id,
            kind=row.kind,
            role=row.role,
            name=row.name,
            email=row.email,
            created_at=row.created_at,
            seen_at=row.seen_at,
            disabled=row.disabled_at is not None,
        )


class WorkspaceShown(BaseModel):
    id: str
    name: str


class Me(BaseModel):
    """Who you are. ``csrf`` goes into ``X-CSRF-Token`` with each write where a cookie signs you in."""

    user: UserShown
    workspace: WorkspaceShown
    csrf: str | None = None


class NameWish(Body):
    name: Name


class UserPage(Page):
    items: list[UserShown]


class UserWish(Body):
    """What changes; the rest stays."""

    name: Name | None = None
    role: Literal["owner", "admin", "member", "visitor"] | None = None
    disabled: bool | None = None


class KeyWish(Body):
    """A key never has a higher role than who makes it. ``assistants`` (slugs or ids) narrows it to these."""

    name: Name
    role: Literal["owner", "admin", "member"] = "member"
    assistants: Annotated[list[str], Field(max_length=100)] | None = None
    expires_at: Moment | None = None


class KeyShown(BaseModel):
    """A key; the secret itself is in ``KeyMade`` alone."""

    id: str
    name: str
    role: str
    prefix: str
    assistants: list[str] | None = None
    created_at: Moment
    expires_at: Moment | None = None
    used_at: Moment | None = None


class KeyMade(KeyShown):
    """``key`` is shown this once; only its hash is kept."""

    key: str


class KeyPage(Page):
    items: list[KeyShown]


@router.post("/login")
async def login(wish: LoginWish, request: Request, response: Response, services: Served) -> Me:
    """Sign a browser in by a one-time link; the answer sets the cookie."""
    demand_own_page(request, services)
    demand_pace(request, services.paces.logins)
    principal, cookie = await logins.sign_in(services.database, wish.token)
    rules = cookie_rules(request, services)
    if not rules.secure:
        _log.warning("Signed in over http: the cookie can be read on the way. Put a proxy with https in front.")
    response.headers["Set-Cookie"] = rules.header(cookie.text)
    return await _me(services, principal, csrf_token(services.secret, cookie.text))


@router.post("/logout", status_code=status.HTTP_204_NO_CONTENT)
async def logout(request: Request, response: Response, services: Served, _principal: SignedIn) -> None:
    """Sign this browser out."""
    rules = cookie_rules(request, services)
    await logins.sign_out(services.database, request.cookies.get(rules.name, ""))
    response.headers["Set-Cookie"] = rules.header("")


@router.get("/me", response_model_exclude_none=True)
async def who_am_i(request: Request, services: Served, principal: SignedIn) -> Me:
    """Say who is asking."""
    return await _me(services, principal, _csrf(request, services))


@router.patch("/me", response_model_exclude_none=True)
async def rename_me(wish: NameWish, request: Request, services: Served, principal: SignedIn) -> Me:
    """Change the name that others are shown."""
    async with services.database.transact(principal.workspace) as connection:
        await users.rename(connection, principal.user, wish.name)
    return await _me(services, principal, _csrf(request, services))


@router.get("/users", response_model_exclude_none=True)
async def list_users(
    services: Served, principal: Admin, limit: LimitParam = 50, cursor: CursorParam = None, visitors: bool = False
) -> UserPage:
    """List the workspace's users, newest first; visitors only where asked for."""
    async with services.database.transact(principal.workspace) as connection:
        rows = await users.page(connection, limit + 1, at_place(cursor), visitors=visitors)
    shown, following = turn_page(rows, limit, lambda row: place(row.created_at, row.id))
    return UserPage(items=[UserShown.of(row) for row in shown], cursor=following)


@router.patch("/users/{user}", response_model_exclude_none=True)
async def change_user(user: str, wish: UserWish, services: Served, principal: Owner) -> UserShown:
    """Change a user's name or role, or shut them out. The last owner stays one."""
    async with services.database.transact(principal.workspace) as connection:
        before = await users.get(connection, user)
        if before is None:
            raise NotFound
        if before.kind != "person" and wish.role is not None:
            raise Invalid("Only a person's role can change; make a new key instead.")
        row = await users.change(connection, user, name=wish.name, role=wish.role, disabled=wish.disabled)
        if not await users.has_owner(connection):
            raise Forbidden("A workspace needs an owner; make somebody else one first.")
        await records.note(
            connection, principal.workspace, principal.user, "user.change", user, **wish.model_dump(exclude_none=True)
        )
    return UserShown.of(row)


@router.get("/api-keys", response_model_exclude_none=True)
async def list_keys(services: Served, principal: Admin) -> KeyPage:
    """List the keys; none is shown whole."""
    return KeyPage(items=[_shown(row) for row in await keys.listed(services.database, principal.workspace)])


@router.post("/api-keys", status_code=status.HTTP_201_CREATED, response_model_exclude_none=True)
async def make_key(wish: KeyWish, services: Served, principal: Member) -> KeyMade:
    """Make a key. `key` is shown this once."""
    principal.demand("admin")
    principal.demand(wish.role)
    allowed = None
    if wish.assistants is not None:
        allowed = [await _assistant_id(services, principal, name) for name in wish.assistants]
    if principal.assistants is not None:
        raise Forbidden("A key that is narrowed to assistants makes no keys.")
    row, token = await keys.create(
        services.database,
        principal.workspace,
        wish.name,
        wish.role,
        created_by=principal.user,
        assistants=allowed,
        expires_at=wish.expires_at,
    )
    async with services.database.transact(principal.workspace) as connection:
        await records.note(
            connection, principal.workspace, principal.user, "key.create", row.id, name=row.name, role=row.role
        )
    return KeyMade(key=token.text, **_shown(row).model_dump())


@router.delete("/api-keys/{key}", status_code=status.HTTP_204_NO_CONTENT)
async def revoke_key(key: str, services: Served, principal: Admin) -> None:
    """Take a key back, at once."""
    await keys.revoke(services.database, principal.workspace, key)
    async with services.database.transact(principal.workspace) as connection:
        await records.note(connection, principal.workspace, principal.user, "key.revoke", key)


def _csrf(request: Request, services: Served) -> str | None:
    cookie = request.cookies.get(cookie_rules(request, services).name)
    return csrf_token(services.secret, cookie) if cookie and "authorization" not in request.headers else None


async def _me(services: Served, principal: Principal, csrf: str | None) -> Me:
    async with services.database.transact(principal.workspace) as connection:
        row = await users.get(connection, principal.user)
        name = await users.workspace_name(connection, principal.workspace)
    if row is None:
        raise NotFound
    return Me(user=UserShown.of(row), workspace=WorkspaceShown(id=principal.workspace, name=name), csrf=csrf)


async def _assistant_id(services: Served, principal: Principal, name: str) -> str:
    async with services.database.transact(principal.workspace) as connection:
        assistant = await assistant_by_slug(connection, name)
    if assistant is None:
        raise Invalid(f"There is no assistant “{name}”.")
    return assistant.id


def _shown(row: KeyRow) -> KeyShown:
    return KeyShown(
        id=row.id,
        name=row.name,
        role=row.role,
        prefix=row.prefix,
        assistants=None if row.assistants is None else list(row.assistants),
        created_at=row.created_at,
        expires_at=row.expires_at,
        used_at=row.used_at,
    )
