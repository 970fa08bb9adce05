"""``secrets``: what tools need and nobody reads again."""

from typing import Annotated

from fastapi import APIRouter, Path, status
from pydantic import BaseModel, Field, SecretStr

from opsloom_server.errors import Conflict, Invalid, NotFound
from opsloom_server.rest.access import Admin, Served
from opsloom_server.rest.paging import Page
from opsloom_server.rest.texts import Body, Moment
from opsloom_server.store import records
from opsloom_server.store import secrets as store
from opsloom_server.store.secrets import SecretRow
from opsloom_server.tools.secrets import NAME, SHORTEST

__all__ = ["router"]

router = APIRouter(prefix="/secrets", tags=["tools"])

SecretName = Annotated[str, Path(pattern=rf"^{NAME}$")]


class SecretWish(Body):
    """``value``: at least four characters, so that it can be taken out of whatever a service answers."""

    value: Annotated[SecretStr, Field(min_length=SHORTEST, max_length=10_000)]


class SecretShown(BaseModel):
    """A secret without what it is."""

    name: str
    created_at: Moment
    updated_at: Moment

    @classmethod
    def of(cls, row: SecretRow) -> "SecretShown":
        return cls(name=row.name, created_at=row.created_at, updated_at=row.updated_at)


class SecretPage(Page):
    items: list[SecretShown]


@router.get("")
async def list_secrets(services: Served, principal: Admin) -> SecretPage:
    """List the secrets: names and dates."""
    return SecretPage(items=[SecretShown.of(row) for row in await services.secrets.listed(principal.workspace)])


@router.put("/{name}")
async def put_secret(name: SecretName, wish: SecretWish, services: Served, principal: Admin) -> SecretShown:
    """Store a secret, in place of the one of that name. Tools use it from their next call on."""
    value = wish.value.get_secret_value()
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Invalid("A secret must not hold NUL characters or half of a surrogate pair.")
    sealed = services.secrets.sealed(principal.workspace, name, value)
    async with services.database.transact(principal.workspace) as connection:
        row = await store.put(connection, principal.workspace, principal.user, name, sealed)
        await records.note(connection, principal.workspace, principal.user, "secret.put", name)
    return SecretShown.of(row)


@router.delete("/{name}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_secret(name: SecretName, services: Served, principal: Admin) -> None:
    """Delete a secret. 409 while a tool needs it."""
    async with services.database.transact(principal.workspace) as connection:
        if users := await services.http_tools.users_of(connection, name):
            raise Conflict(f"The tool {users[0]} needs this secret. Change or delete the tool first.")
        if not await store.remove(connection, name):
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "secret.delete", name)
