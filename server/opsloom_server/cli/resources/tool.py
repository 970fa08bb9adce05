"""`kind: tool`: a call of a service, described without code; the fields of `POST /api/v1/tools`. Secrets stand in it by
name, never by value."""

from collections.abc import Iterable
from typing import Final

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.cli.resources.kind import (
    WORKSPACE,
    Change,
    Document,
    FieldChange,
    Kind,
    Only,
    World,
    at_fault,
    misfits,
    only_known,
)
from opsloom_server.declarations import Declared, Mistakes
from opsloom_server.errors import Invalid
from opsloom_server.rest.http_tools import ToolWish, described
from opsloom_server.store import records
from opsloom_server.store.http_tools import find, listed
from opsloom_server.tools.http.attached import NAME
from opsloom_server.tools.http.definition import stored

__all__ = ["TOOL"]


class ToolKind(Kind):
    name = "tool"
    noun = "a tool"
    key = "name"
    fields = tuple(ToolWish.model_fields)

    async def names(self, connection: AsyncConnection) -> Iterable[str]:
        return [row.name for row in await listed(connection)]

    async def plan(self, declared: Declared, world: World) -> Change:
        only_known(self, declared)
        try:
            wish = ToolWish.model_validate({name: one for name, one in declared.fields.items() if one is not None})
            definition = described(wish)
            async with world.database.transact(WORKSPACE) as connection:
                before = await find(connection, wish.name)
                await world.tools().demand(connection, definition)
        except ValidationError as error:
            raise misfits(self, declared, error) from None
        except Invalid as error:
            raise at_fault(declared, error) from None
        if not NAME.fullmatch(wish.name):
            words = "`name` is not usable: lower-case letters, digits and _, beginning with a letter; at most 60."
            raise Mistakes([declared.mistake(words, "name")])
        if wish.name in world.catalogue.tools:
            words = f"the server has a tool `{wish.name}` already; choose another name."
            raise Mistakes([declared.mistake(words, "name")])
        after = stored(definition)
        held = {} if before is None else before.definition
        fields = tuple(
            FieldChange(name, held.get(name), after.get(name))
            for name in self.fields
            if name != "name" and held.get(name) != after.get(name)
        )

        async def store_it(connection: AsyncConnection) -> None:
            tools = world.tools()
            if before is None:
                row = await tools.add(connection, WORKSPACE, None, wish.name, definition)
            else:
                row = await tools.change(connection, before, definition)
            action = "tool.create" if before is None else "tool.change"
            await records.note(connection, WORKSPACE, None, action, row.id, name=row.name, by="opsloom apply")

        return Change(kind=self.name, name=wish.name, new=before is None, fields=fields, store=store_it)

    async def export(self, connection: AsyncConnection, world: World, only: Only) -> list[Document]:
        chosen = None if only is None else set(only)
        documents = []
        for row in await listed(connection):
            if chosen is None or row.name in chosen:
                whole = ToolWish.model_validate({"name": row.name, **row.definition})
                said = whole.model_dump(by_alias=True, exclude_defaults=True)
                documents.append({"kind": self.name, **{name: said[name] for name in self.fields if name in said}})
        return documents


TOOL: Final = ToolKind()
