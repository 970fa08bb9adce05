"""``data-sources``: databases that assistants may ask, and queries by hand under the same guard."""

from typing import Annotated, Any

from fastapi import APIRouter, status
from pydantic import BaseModel, Field, SecretStr

from opsloom_server.auth import Principal
from opsloom_server.errors import NotFound
from opsloom_server.rest.access import Admin, Owner, Served
from opsloom_server.rest.paging import Page
from opsloom_server.rest.services import Services
from opsloom_server.rest.texts import Body, LongText, Moment, Name
from opsloom_server.sources import description_of, kind_of
from opsloom_server.store import records
from opsloom_server.store import sources as store
from opsloom_server.store.sources import SourceRow

__all__ = ["router"]

router = APIRouter(prefix="/data-sources", tags=["data sources"])

Address = Annotated[SecretStr, Field(min_length=1, max_length=2_000)]
Schemas = Annotated[list[Name], Field(min_length=1, max_length=50)]


class SourceWish(Body):
    """``url``: `postgresql://user:password@host:5432/database`, `mysql://…`, `mariadb://…` of a login that may only
    read, or `sqlite:///file.db`. ``schemas``: the only ones that may be read; left out, all that the login may (MySQL:
    the database that the address names)."""

    name: Name
    url: Address
    schemas: Schemas | None = None


class SourceChange(Body):
    """What changes; the rest stays. ``schemas`` null: all that the login may read."""

    name: Name | None = None
    url: Address | None = None
    schemas: Schemas | None = None


class SourceShown(BaseModel):
    """A data source, without its password. ``kind``: `postgresql`, `mysql`, `mariadb` or `sqlite`; a file has no
    host, port or user. ``warnings``: what its login may do beyond reading, and how to mend it."""

    id: str
    name: str
    kind: str
    host: str | None
    port: int | None
    database: str
    user: str | None
    schemas: list[str] | None
    tables: int
    warnings: list[str]
    created_at: Moment
    described_at: Moment | None

    @classmethod
    def of(cls, row: SourceRow) -> "SourceShown":
        return cls(
            id=row.id,
            name=row.name,
            kind=kind_of(row),
            host=row.address.get("host"),
            port=row.address.get("port"),
            database=row.address["database"],
            user=row.address.get("user"),
            schemas=None if row.schemas is None else list(row.schemas),
            tables=len(description_of(row).tables),
            warnings=list(row.warnings),
            created_at=row.created_at,
            described_at=row.described_at,
        )


class SourcePage(Page):
    items: list[SourceShown]


class ColumnShown(BaseModel):
    """``key``: "primary", or the schema.table.column that it refers to. ``values``: all kinds, where they are few."""

    name: str
    type: str
    key: str
    comment: str
    values: list[str]


class TableShown(BaseModel):
    """``rows`` is the database's estimate; null where it has none."""

    # `schema` is a method of pydantic's.
    of_schema: str = Field(serialization_alias="schema")
    name: str
    kind: str
    comment: str
    rows: int | None
    columns: list[ColumnShown]


class SchemaShown(BaseModel):
    """What may be read, as it was at ``described_at``; ``text`` is what a model is told of it."""

    tables: list[TableShown]
    left_out: int
    text: str
    described_at: Moment | None


class QueryWish(Body):
    """``sql``: one SELECT."""

    sql: Annotated[LongText, Field(min_length=1, max_length=20_000)]


class ColumnOfResult(BaseModel):
    """``type`` is the database's own name of it, such as ``int8``."""

    name: str
    type: str


class QueryResult(BaseModel):
    """``rows``: lists in the order of the columns. ``truncated``: there were more than 500 rows, or than 1 MiB."""

    columns: list[ColumnOfResult]
    rows: list[list[Any]]
    truncated: bool
    ms: float


@router.get("")
async def list_sources(services: Served, principal: Admin) -> SourcePage:
    """List the data sources."""
    rows = await services.sources.listed(principal.workspace)
    return SourcePage(items=[SourceShown.of(row) for row in rows])


@router.post("", status_code=status.HTTP_201_CREATED)
async def attach_source(wish: SourceWish, services: Served, principal: Owner) -> SourceShown:
    """Attach a database. It is connected to at once; a login that must not be used is refused with the right one."""
    row = await services.sources.attach(
        principal.workspace, wish.name, wish.url.get_secret_value(), wish.schemas, by=principal.user
    )
    await _note(services, principal, "data_source.create", row, **row.address)
    return SourceShown.of(row)


@router.get("/{source}")
async def get_source(source: str, services: Served, principal: Admin) -> SourceShown:
    """Return a data source, by id or name."""
    return SourceShown.of(await services.sources.found(principal.workspace, source))


@router.patch("/{source}")
async def change_source(source: str, wish: SourceChange, services: Served, principal: Owner) -> SourceShown:
    """Change a data source. With another url or other schemas it is looked over again."""
    row = await services.sources.found(principal.workspace, source)
    changes = wish.model_dump(exclude_unset=True)
    for name in [name for name, value in changes.items() if value is None and name != "schemas"]:
        del changes[name]
    if "url" in changes:
        changes["url"] = changes["url"].get_secret_value()
    row = await services.sources.change(principal.workspace, row, changes)
    await _note(services, principal, "data_source.change", row, fields=sorted(changes))
    return SourceShown.of(row)


@router.delete("/{source}", status_code=status.HTTP_204_NO_CONTENT)
async def delete_source(source: str, services: Served, principal: Owner) -> None:
    """Take a data source away from all assistants. Nothing in its database changes."""
    row = await services.sources.found(principal.workspace, source)
    async with services.database.transact(principal.workspace) as connection:
        if not await store.remove(connection, row.id):
            raise NotFound
        await records.note(connection, principal.workspace, principal.user, "data_source.delete", row.id, name=row.name)


@router.post("/{source}/refresh")
async def refresh_source(source: str, services: Served, principal: Admin) -> SourceShown:
    """Read its tables, and what its login may do, again."""
    row = await services.sources.found(principal.workspace, source)
    row = await services.sources.refresh(principal.workspace, row)
    await _note(services, principal, "data_source.refresh", row)
    return SourceShown.of(row)


@router.get("/{source}/schema")
async def get_schema(source: str, services: Served, principal: Admin) -> SchemaShown:
    """Return its tables and columns, as they were when they were read last."""
    row = await services.sources.found(principal.workspace, source)
    described = description_of(row)
    tables = [
        TableShown(
            of_schema=table.schema,
            name=table.name,
            kind=table.kind,
            comment=table.comment,
            rows=table.rows if table.rows >= 0 else None,
            columns=[
                ColumnShown(name=one.name, type=one.type, key=one.key, comment=one.comment, values=list(one.values))
                for one in table.columns
            ],
        )
        for table in described.tables
    ]
    return SchemaShown(tables=tables, left_out=described.left_out, text=described.text(), described_at=row.described_at)


@router.post("/{source}/query")
async def query_source(source: str, wish: QueryWish, services: Served, principal: Admin) -> QueryResult:
    """Run one SELECT under the guard that an assistant's queries pass. 422 with `reason`: `not_permitted` where it may
    not run, `query_failed` where the database gave it up."""
    row = await services.sources.found(principal.workspace, source)
    answer = await services.sources.ask(principal.workspace, row, wish.sql)
    await _note(services, principal, "data_source.query", row, tables=list(answer.tables))
    found = answer.rows
    return QueryResult(
        columns=[ColumnOfResult(name=one.name, type=one.type) for one in found.columns],
        rows=[list(one) for one in found.rows],
        truncated=found.truncated,
        ms=found.ms,
    )


async def _note(services: Services, principal: Principal, action: str, row: SourceRow, **detail: Any) -> None:
    async with services.database.transact(principal.workspace) as connection:
        await records.note(connection, principal.workspace, principal.user, action, row.id, name=row.name, **detail)
