"""`kind: data_source`: a database that assistants may ask. Its address stands in an environment variable, never in a
file: `url_from` names the variable."""

import os
import re
from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.cli.resources.kind import WORKSPACE, Change, Document, FieldChange, Kind, Only, World, only_known
from opsloom_server.declarations import Declared, Mistakes
from opsloom_server.errors import Invalid
from opsloom_server.store import records
from opsloom_server.store.sources import SourceRow, find, listed

__all__ = ["DATA_SOURCE"]

_VARIABLE: Final = re.compile(r"[A-Z_][A-Z0-9_]{0,99}")


class DataSourceKind(Kind):
    name = "data_source"
    noun = "a data source"
    key = "name"
    fields = ("name", "url_from", "schemas")

    async def names(self, connection: AsyncConnection) -> Iterable[str]:
        return [row.name for row in await listed(connection)]

    async def plan(self, declared: Declared, world: World) -> Change:
        if "url" in declared.fields:
            words = "an address stands in no file: put it into an environment variable, and name that: `url_from`."
            raise Mistakes([declared.mistake(words, "url")])
        only_known(self, declared)
        name = declared.fields["name"]
        variable, schemas = _variable(declared), _schemas(declared)
        url = os.environ.get(variable)
        async with world.database.transact(WORKSPACE) as connection:
            before = await find(connection, name)
        if before is None and not url:
            words = f"the environment variable {variable} is not set; it holds the address of this data source."
            raise Mistakes([declared.mistake(words, "url_from")])
        fields, changes = _differences(world, before, url, schemas)

        async def prepare() -> None:
            await _attach(world, before, name, url, schemas, changes)

        return Change(kind=self.name, name=name, new=before is None, fields=tuple(fields), prepare=prepare)

    async def export(self, connection: AsyncConnection, world: World, only: Only) -> list[Document]:
        chosen = None if only is None else set(only)
        documents = []
        for row in await listed(connection):
            if chosen is None or row.name in chosen:
                schemas = {} if row.schemas is None else {"schemas": list(row.schemas)}
                documents.append({"kind": self.name, "name": row.name, "url_from": _suggested(row.name), **schemas})
        return documents


DATA_SOURCE: Final = DataSourceKind()


def _variable(declared: Declared) -> str:
    variable = declared.fields.get("url_from")
    if not isinstance(variable, str) or not _VARIABLE.fullmatch(variable):
        words = "`url_from` names an environment variable (such as WAREHOUSE_URL) that holds the database's address."
        raise Mistakes([declared.mistake(words, "url_from")])
    return variable


def _schemas(declared: Declared) -> list[str] | None:
    schemas = declared.fields.get("schemas")
    if schemas is not None and (
        not isinstance(schemas, list) or not schemas or not all(isinstance(one, str) and one for one in schemas)
    ):
        raise Mistakes([declared.mistake("`schemas` is a list of names; leave it out for all.", "schemas")])
    return schemas


def _differences(
    world: World, before: SourceRow | None, url: str | None, schemas: list[str] | None
) -> tuple[list[FieldChange], dict[str, Any]]:
    """What is shown, and what is changed. Where the variable is not set, the address stays as it is."""
    fields: list[FieldChange] = []
    changes: dict[str, Any] = {}
    if url:
        shown = _shown(world.sources().shown(url))
        held = None if before is None else _held(world, before)
        if held != url:
            was = None if before is None else _shown(before.address)
            changes["url"] = url
            same = " (another password or option)" if was == shown else ""
            fields.append(FieldChange("address", was, shown + same))
    stored = None if before is None or before.schemas is None else list(before.schemas)
    if schemas != stored:
        changes["schemas"] = schemas
        fields.append(FieldChange("schemas", stored, schemas))
    return fields, changes


def _held(world: World, row: SourceRow) -> str | None:
    """The address as it is stored; None where it was sealed under another OPSLOOM_SECRET and has to be given anew."""
    try:
        return world.sources().url_of(WORKSPACE, row)
    except Invalid:
        return None


def _shown(address: dict[str, Any]) -> str:
    """A server's login and place, or a file's name."""
    return ("{user} at {host}:{port}/{database}" if "host" in address else "{database}").format(**address)


async def _attach(
    world: World,
    before: SourceRow | None,
    name: str,
    url: str | None,
    schemas: list[str] | None,
    changes: dict[str, Any],
) -> None:
    if before is None:
        row = await world.sources().attach(WORKSPACE, name, url or "", schemas)
    else:
        row = await world.sources().change(WORKSPACE, before, changes)
    action = "data_source.create" if before is None else "data_source.change"
    async with world.database.transact(WORKSPACE) as connection:
        await records.note(connection, WORKSPACE, None, action, row.id, name=name, by="opsloom apply")


def _suggested(name: str) -> str:
    """A variable's name for an export: which one it came from is not kept."""
    return re.sub(r"[^A-Z0-9]+", "_", name.upper()).strip("_").lstrip("0123456789_") + "_URL"
