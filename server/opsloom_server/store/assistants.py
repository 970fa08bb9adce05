"""Assistants: what each is told, may use and looks like. Every change makes a version; turns name the one they ran."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from opsloom_protocol.messages import AssistantInfo
from sqlalchemy import ColumnElement, bindparam, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Conflict
from opsloom_server.store.engine import driver_of
from opsloom_server.store.ids import new_id
from opsloom_server.store.prepared import Prepared
from opsloom_server.store.tables.assistants import assistant_versions, assistants, sites

__all__ = [
    "Assistant",
    "AssistantSpec",
    "Version",
    "assistant_by_id",
    "assistant_by_slug",
    "create",
    "origins",
    "page",
    "remove",
    "save",
    "slug_was_used",
    "version",
    "versions",
]


class AssistantSpec(Struct, frozen=True, kw_only=True, omit_defaults=False):
    """What an owner decides about an assistant. ``model`` None means the server's default.

    ``knowledge_bases`` and ``data_sources`` are ids, ``blocks`` the kinds it may show, ``tools`` those beyond search,
    queries and blocks.
    """

    slug: str
    name: str
    description: str = ""
    instructions: str = ""
    model: str | None = None
    model_settings: dict[str, Any] = {}
    fallback_models: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    knowledge_bases: tuple[str, ...] = ()
    data_sources: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    greeting: str = ""
    starters: tuple[str, ...] = ()
    look: dict[str, Any] = {}
    public: bool = False
    limits: dict[str, Any] = {}


class Assistant(Struct, frozen=True):
    """An assistant as it is now."""

    id: str
    version: int
    spec: AssistantSpec
    created_at: datetime
    updated_at: datetime
    deleted: bool = False
    """Nobody can talk to it any more; its conversations stay readable."""
    draft: bool = False
    """The spec is that of its draft, which only those see who manage the workspace."""

    @property
    def public(self) -> bool:
        return self.spec.public

    def info(self) -> AssistantInfo:
        """Return the public part: what anybody who may talk to it is shown."""
        spec = self.spec
        return AssistantInfo(
            slug=spec.slug,
            name=spec.name,
            greeting=spec.greeting,
            starters=spec.starters,
            look=spec.look,
            kinds=spec.blocks,
            draft=True if self.draft else UNSET,
        )


class Version(Struct, frozen=True):
    """An assistant as it was."""

    version: int
    spec: AssistantSpec
    created_by: str | None
    created_at: datetime


_COLUMNS = (
    assistants.c.id,
    assistants.c.version,
    assistants.c.spec,
    assistants.c.created_at,
    assistants.c.updated_at,
    assistants.c.deleted_at.is_not(None).label("deleted"),
)

# On the way of every new connection.
_NAMED = Prepared(
    select(*_COLUMNS)
    .where(
        or_(assistants.c.slug == bindparam("name"), assistants.c.id == bindparam("name")),
        assistants.c.deleted_at.is_(None),
    )
    .limit(1)
)


def _read(row: Any) -> Assistant:
    spec = msgspec.convert(row.spec, AssistantSpec)
    return Assistant(row.id, row.version, spec, row.created_at, row.updated_at, row.deleted)


async def assistant_by_id(connection: AsyncConnection, assistant: str, *, deleted: bool = False) -> Assistant | None:
    """Return an assistant of this workspace; None where it is absent, or was deleted and is not asked for so."""
    return await _one(connection, assistants.c.id == assistant, deleted=deleted)


async def assistant_by_slug(connection: AsyncConnection, name: str) -> Assistant | None:
    """Return an assistant of this workspace by its slug, or by its id: people write one, programs keep the other."""
    row = await _NAMED.one(driver_of(connection), {"name": name})
    if row is None:
        return None
    spec = msgspec.convert(row["spec"], AssistantSpec)
    return Assistant(row["id"], row["version"], spec, row["created_at"], row["updated_at"])


async def slug_was_used(connection: AsyncConnection, slug: str) -> bool:
    """Whether there is, or ever was, an assistant of this slug."""
    used = select(assistant_versions.c.id).where(assistant_versions.c.spec["slug"].as_string() == slug)
    return (await connection.execute(used.limit(1))).scalar() is not None


async def _one(connection: AsyncConnection, which: ColumnElement[bool], *, deleted: bool = False) -> Assistant | None:
    query = select(*_COLUMNS).where(which).limit(1)
    if not deleted:
        query = query.where(assistants.c.deleted_at.is_(None))
    row = (await connection.execute(query)).one_or_none()
    return None if row is None else _read(row)


async def page(
    connection: AsyncConnection,
    limit: int,
    after: str | None,
    *,
    public: bool = False,
    only: Sequence[str] | None = None,
) -> list[Assistant]:
    """Return assistants by slug, after one; ``only`` these ids, or only ``public`` ones."""
    query = select(*_COLUMNS).where(assistants.c.deleted_at.is_(None)).order_by(assistants.c.slug).limit(limit)
    if after is not None:
        query = query.where(assistants.c.slug > after)
    if only is not None:
        query = query.where(assistants.c.id.in_(only))
    elif public:
        query = query.where(assistants.c.public)
    return [_read(row) for row in (await connection.execute(query)).all()]


async def create(
    connection: AsyncConnection, workspace: str, spec: AssistantSpec, *, created_by: str | None = None
) -> Assistant:
    """Add an assistant. Raises Conflict where the slug is taken; the transaction is then lost."""
    key = new_id("ast")
    try:
        made = await connection.execute(
            insert(assistants)
            .values(id=key, workspace_id=workspace, slug=spec.slug, public=spec.public, version=1, spec=spec)
            .returning(*_COLUMNS)
        )
    except IntegrityError as error:
        raise _taken(spec) from error
    await _remember(connection, workspace, key, 1, spec, created_by)
    return _read(made.one())


async def save(
    connection: AsyncConnection,
    workspace: str,
    before: Assistant,
    spec: AssistantSpec,
    *,
    created_by: str | None = None,
) -> Assistant:
    """Change an assistant; the version counts up. Raises Conflict where it has changed, or the slug is taken."""
    if spec == before.spec:
        return before
    try:
        changed = await connection.execute(
            update(assistants)
            .where(
                assistants.c.id == before.id, assistants.c.version == before.version, assistants.c.deleted_at.is_(None)
            )
            .values(slug=spec.slug, public=spec.public, version=before.version + 1, spec=spec, updated_at=func.now())
            .returning(*_COLUMNS)
        )
    except IntegrityError as error:
        raise _taken(spec) from error
    row = changed.one_or_none()
    if row is None:
        raise Conflict()
    await _remember(connection, workspace, before.id, before.version + 1, spec, created_by)
    return _read(row)


async def remove(connection: AsyncConnection, assistant: str) -> bool:
    """Delete an assistant: nobody can talk to it any more, its conversations stay readable."""
    gone = await connection.execute(
        update(assistants)
        .where(assistants.c.id == assistant, assistants.c.deleted_at.is_(None))
        .values(deleted_at=func.now())
        .returning(assistants.c.id)
    )
    return gone.scalar() is not None


async def version(connection: AsyncConnection, assistant: str, number: int) -> Version | None:
    """Return one version of an assistant."""
    found = await versions(connection, assistant, 1, number + 1)
    return found[0] if found and found[0].version == number else None


async def versions(connection: AsyncConnection, assistant: str, limit: int, below: int | None) -> list[Version]:
    """Return an assistant's versions, newest first, below a number."""
    query = (
        select(
            assistant_versions.c.version,
            assistant_versions.c.spec,
            assistant_versions.c.created_by,
            assistant_versions.c.created_at,
        )
        .where(assistant_versions.c.assistant_id == assistant)
        .order_by(assistant_versions.c.version.desc())
        .limit(limit)
    )
    if below is not None:
        query = query.where(assistant_versions.c.version < below)
    rows = (await connection.execute(query)).all()
    return [Version(r.version, msgspec.convert(r.spec, AssistantSpec), r.created_by, r.created_at) for r in rows]


async def origins(connection: AsyncConnection, assistant: str | None = None) -> list[str]:
    """Return the origins that owners listed under ``sites``, of one assistant or of the whole workspace."""
    query = select(func.unnest(sites.c.origins))
    if assistant is not None:
        query = query.where(sites.c.assistant_id == assistant)
    return list((await connection.execute(query)).scalars())


async def _remember(
    connection: AsyncConnection, workspace: str, assistant: str, version: int, spec: AssistantSpec, by: str | None
) -> None:
    await connection.execute(
        insert(assistant_versions).values(
            id=new_id("ver"), workspace_id=workspace, assistant_id=assistant, version=version, spec=spec, created_by=by
        )
    )


def _taken(spec: AssistantSpec) -> Conflict:
    return Conflict(f"There already is an assistant “{spec.slug}”. Choose another slug.")
