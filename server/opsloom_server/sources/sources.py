"""Data sources of a workspace: attach, read again, ask. What REST, the tool and a block's `run` all go through."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final
from weakref import WeakValueDictionary

import msgspec
from msgspec import Struct

from opsloom_server.errors import Busy, NotFound
from opsloom_server.sources.description import Description
from opsloom_server.sources.engine import Bounds, Engine
from opsloom_server.sources.engines import engines, opened
from opsloom_server.sources.rows import Rows
from opsloom_server.sources.sealing import Seal
from opsloom_server.store import sources as store
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import new_id
from opsloom_server.store.sources import SourceRow

__all__ = ["Answer", "DataSources", "description_of", "kind_of"]

AT_ONCE: Final = 4
"""Queries that one data source is asked at the same time by this node; more wait their turn."""
_WAIT: Final = 5.0
_LOST: Final = "The address of this data source cannot be read: OPSLOOM_SECRET is another one now. Give its url again."
_BUSY: Final = "This data source is being asked by too many people just now. Try again in a moment."


class Answer(Struct, frozen=True):
    """What a query gave, and of which tables."""

    rows: Rows
    tables: tuple[str, ...]


class DataSources:
    """Made by the composition root. `folders`: below which SQLite files may be data sources."""

    def __init__(self, database: Database, secret: bytes, bounds: Bounds, folders: Sequence[Path] = ()) -> None:
        self._database = database
        self._seal = Seal(secret, "data sources", _LOST)
        self._bounds = bounds
        self._engines = engines(folders)
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    async def attach(
        self, workspace: str, name: str, url: str, schemas: Sequence[str] | None, *, by: str | None = None
    ) -> SourceRow:
        """Look the database over and store it. Raises Invalid, Unavailable or Conflict; nothing is stored then."""
        fields = await self._looked_over(url, schemas)
        key = new_id("dat")
        fields |= {"name": name, "url_sealed": self._seal.close(url, workspace, key), "schemas": _listed(schemas)}
        async with self._database.transact(workspace) as connection:
            return await store.add(connection, workspace, key, by, **fields)

    async def change(self, workspace: str, source: SourceRow, changes: dict[str, Any]) -> SourceRow:
        """Change `name`, `url` or `schemas`; where it leads elsewhere, it is looked over again."""
        fields: dict[str, Any] = {"name": changes["name"]} if "name" in changes else {}
        if again := "url" in changes or "schemas" in changes:
            url = changes.get("url") or self.url_of(workspace, source)
            schemas = changes.get("schemas", source.schemas)
            fields |= await self._looked_over(url, schemas)
            fields |= {"url_sealed": self._seal.close(url, workspace, source.id), "schemas": _listed(schemas)}
        return await self._stored(workspace, source, again, fields)

    async def refresh(self, workspace: str, source: SourceRow) -> SourceRow:
        """Read its tables and the login's rights again."""
        fields = await self._looked_over(self.url_of(workspace, source), source.schemas)
        return await self._stored(workspace, source, True, fields)

    async def found(self, workspace: str, name: str) -> SourceRow:
        """Return a data source by id or name. Raises NotFound."""
        async with self._database.transact(workspace) as connection:
            row = await store.find(connection, name)
        if row is None:
            raise NotFound
        return row

    async def listed(self, workspace: str, only: Sequence[str] | None = None) -> list[SourceRow]:
        async with self._database.transact(workspace) as connection:
            return await store.listed(connection, only)

    async def ask(self, workspace: str, source: SourceRow, query: str) -> Answer:
        """Judge a query and run it. Raises NotPermitted, QueryFailed, Busy or Unavailable in words."""
        _, address = opened(self.url_of(workspace, source), self._engines)
        engine = self.engine_of(source)
        async with self._turn(source.id):
            judged = await asyncio.to_thread(engine.judge, query, description_of(source).known())
            return Answer(await engine.run(address, judged, self._bounds), judged.tables)

    def engine_of(self, source: SourceRow) -> Engine[Any]:
        """The kind of a data source: what its server said it is when it was looked over."""
        return self._engines[kind_of(source)]

    def url_of(self, workspace: str, source: SourceRow) -> str:
        """The address with its password, to compare another one with. Raises Invalid under another OPSLOOM_SECRET."""
        return self._seal.open(source.sealed, workspace, source.id)

    def leads_to(self, source: SourceRow, url: str) -> bool:
        """Whether this is the address that a data source has, as far as it is shown."""
        return self.shown(url).items() <= source.address.items()

    def shown(self, url: str) -> dict[str, Any]:
        """What may be seen of an address. Raises Invalid for one that is none."""
        _, address = opened(url, self._engines)
        return address.shown()

    async def _looked_over(self, url: str, schemas: Sequence[str] | None) -> dict[str, Any]:
        engine, address = opened(url, self._engines)
        found = await engine.look_over(address, schemas, self._bounds)
        return {
            "address": address.shown() | {"kind": found.kind},
            "warnings": list(found.warnings),
            "described": msgspec.to_builtins(found.description),
        }

    async def _stored(self, workspace: str, source: SourceRow, again: bool, fields: dict[str, Any]) -> SourceRow:
        if not fields:
            return source
        async with self._database.transact(workspace) as connection:
            row = await store.change(connection, source.id, described_now=again, **fields)
        if row is None:
            raise NotFound
        return row

    @asynccontextmanager
    async def _turn(self, source: str) -> AsyncIterator[None]:
        turns = self._turns.get(source)
        if turns is None:
            turns = self._turns[source] = asyncio.Semaphore(AT_ONCE)
        try:
            await asyncio.wait_for(turns.acquire(), _WAIT)
        except TimeoutError:
            raise Busy(_BUSY) from None
        try:
            yield
        finally:
            turns.release()


def kind_of(source: SourceRow) -> str:
    """The kind of its database; those that were attached when there was one kind do not name it."""
    return str(source.address.get("kind", "postgresql"))


def description_of(source: SourceRow) -> Description:
    """What was found in the database when it was looked over last."""
    return Description(()) if source.described is None else msgspec.convert(source.described, Description)


def _listed(schemas: Sequence[str] | None) -> list[str] | None:
    return None if schemas is None else list(schemas)
