"""`kind: assistant`, the kind of a document that names none: the fields of `POST /api/v1/assistants`."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
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
from opsloom_server.declarations import Declared, Mistake, Mistakes, nearest
from opsloom_server.errors import Invalid
from opsloom_server.hub.budgets import wrong_limits
from opsloom_server.hub.consulting import PREFIX
from opsloom_server.models.registry import providers, split
from opsloom_server.rest.assistants import AssistantWish
from opsloom_server.store import assistants as store
from opsloom_server.store import records
from opsloom_server.store.assistants import Assistant, AssistantSpec, assistant_by_slug
from opsloom_server.store.knowledge import base_page, bases_named
from opsloom_server.store.sources import listed as listed_sources
from opsloom_server.store.sources import named as sources_named

__all__ = ["ASSISTANT", "from_spec", "references", "with_others"]

_FILE: Final = "instructions_file"
# As one reads an assistant: who it is, what it is told, what it may use, how it looks.
_ORDER: Final = (
    "slug",
    "name",
    "description",
    "public",
    "model",
    "model_settings",
    "fallback_models",
    "instructions",
    "knowledge_bases",
    "data_sources",
    "tools",
    "blocks",
    "greeting",
    "starters",
    "look",
    "limits",
)
_MOST: Final = 100_000


class AssistantKind(Kind):
    name = "assistant"
    noun = "an assistant"
    key = "slug"
    fields = (*sorted(AssistantWish.model_fields, key=lambda one: _ORDER.index(one) if one in _ORDER else 99), _FILE)

    async def names(self, connection: AsyncConnection) -> Iterable[str]:
        return [one.spec.slug for one in await store.page(connection, _MOST, None)]

    async def plan(self, declared: Declared, world: World) -> Change:
        only_known(self, declared)
        wanted = _whole(declared)
        _demand_known(declared, wanted, world)
        slug = wanted["slug"]
        async with world.database.transact(WORKSPACE) as connection:
            before = await assistant_by_slug(connection, slug)
            held = None if before is None else await from_spec(connection, before.spec)
        after = {name: wanted[name] for name in AssistantWish.model_fields}
        fields = tuple(
            FieldChange(name, None if held is None else held[name], after[name])
            for name in self.fields
            if name in after and after[name] != (_DEFAULTS.get(name) if held is None else held[name])
        )

        async def store_it(connection: AsyncConnection) -> None:
            await _store(connection, before, after)

        return Change(kind=self.name, name=slug, new=before is None, fields=fields, store=store_it)

    async def export(self, connection: AsyncConnection, world: World, only: Only) -> list[Document]:
        chosen = None if only is None else set(only)
        rows = [one for one in await store.page(connection, _MOST, None) if chosen is None or one.spec.slug in chosen]
        documents = []
        for row in rows:
            held = await from_spec(connection, row.spec)
            documents.append({name: held[name] for name in self.fields if name in held and _says(name, held[name])})
        return documents


ASSISTANT: Final = AssistantKind()

_DEFAULTS: Final[Mapping[str, Any]] = {
    name: msgspec.to_builtins(one.get_default(call_default_factory=True))
    for name, one in AssistantWish.model_fields.items()
    if not one.is_required()
}


def references(documents: Iterable[Mapping[str, Any]], field: str) -> set[str]:
    """The names that these assistants have in a field, such as `knowledge_bases`."""
    return {name for one in documents for name in one.get(field, ())}


async def with_others(connection: AsyncConnection, world: World, slugs: Iterable[str]) -> list[Document]:
    """The documents of these assistants, and of those that they may ask."""
    wanted = set(slugs)
    while True:
        documents = await ASSISTANT.export(connection, world, wanted)
        asked = {one.removeprefix(PREFIX) for one in references(documents, "tools") if one.startswith(PREFIX)}
        if asked <= wanted:
            return documents
        wanted |= asked


async def from_spec(connection: AsyncConnection, spec: AssistantSpec) -> dict[str, Any]:
    """An assistant's fields with names in place of ids; what is gone is left out of the lists of it."""
    fields: dict[str, Any] = json.loads(msgspec.json.encode(spec))  # lists where the spec has tuples
    bases = {row.id: row.name for row in await base_page(connection, _MOST, None)} if spec.knowledge_bases else {}
    sources = {row.id: row.name for row in await listed_sources(connection)} if spec.data_sources else {}
    for name, known in (("knowledge_bases", bases), ("data_sources", sources)):
        fields[name] = [known[one] for one in fields[name] if one in known]
    for name in ("model_settings", "look", "limits"):
        fields[name] = _sorted(fields[name])
    return fields


def _says(name: str, value: Any) -> bool:
    """Whether a field says something that would not be so without it."""
    return name not in _DEFAULTS or value != _DEFAULTS[name]


def _sorted(value: Any) -> Any:
    """With the keys of objects in order: the database keeps none."""
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(one) for one in value] if isinstance(value, list) else value


def _whole(declared: Declared) -> dict[str, Any]:
    """All fields as REST would take them. A field without a value counts as left out. Raises `Mistakes`."""
    given = {name: value for name, value in declared.fields.items() if value is not None}
    if (file := given.pop(_FILE, None)) is not None:
        if "instructions" in given:
            raise Mistakes([declared.mistake(f"give `instructions` or `{_FILE}`, not both.", _FILE)])
        given["instructions"] = _read(declared, file)
    try:
        wish = AssistantWish.model_validate(given)
    except ValidationError as error:
        raise misfits(ASSISTANT, declared, error) from None
    fields = wish.model_dump()
    for name in ("model_settings", "look", "limits"):
        fields[name] = _sorted(fields[name])
    for name in ("knowledge_bases", "data_sources"):  # a set with an order: a name that stands twice counts once
        fields[name] = list(dict.fromkeys(fields[name]))
    return fields


def _read(declared: Declared, file: Any) -> str:
    if not isinstance(file, str):
        raise Mistakes([declared.mistake(f"`{_FILE}` names a file beside this one.", _FILE)])
    try:
        return (declared.base / file).read_text(encoding="utf-8")
    except (OSError, UnicodeError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise Mistakes([declared.mistake(f"{file} cannot be read: {why}.", _FILE)]) from None


def _demand_known(declared: Declared, fields: Mapping[str, Any], world: World) -> None:
    """Raise `Mistakes` for each block, tool, model, knowledge base or data source that there is not."""
    mistakes: list[Mistake] = []
    known = {
        "blocks": ("block", set(world.catalogue.kinds)),
        "tools": ("tool", _tools(world)),
        "knowledge_bases": ("knowledge base", world.names.get("knowledge_base", set())),
        "data_sources": ("data source", world.names.get("data_source", set())),
    }
    for name, (what, there) in known.items():
        mistakes += [
            declared.mistake(f"there is no {what} `{one}`{nearest(one, there)}", name, number)
            for number, one in enumerate(fields[name])
            if one not in there and not (name == "tools" and _is_offered(one, world))
        ]
    models: list[tuple[tuple[str | int, ...], str]] = [(("model",), fields["model"])] if fields["model"] else []
    models += [(("fallback_models", number), one) for number, one in enumerate(fields["fallback_models"])]
    for path, model in models:
        try:
            split(model, world.settings.extensions)
        except Invalid as error:
            kinds = providers(world.settings.extensions)
            near = nearest(model.partition(":")[0], kinds)
            words = error.text if near == "." else f"there is no model provider `{model.partition(':')[0]}`{near}"
            mistakes.append(declared.mistake(words, *path))
    if issues := wrong_limits(fields["limits"]):
        mistakes += at_fault(declared, Invalid(issues=issues)).mistakes
    if mistakes:
        raise Mistakes(mistakes)


def _is_offered(tool: str, world: World) -> bool:
    """Whether it is one of an MCP server that is declared beside: what that offers, it says when it is attached."""
    server, slash, _ = tool.partition("/")
    return bool(slash) and server in world.declared_servers


def _tools(world: World) -> set[str]:
    """All that an assistant's `tools` may name: the server's, the workspace's, MCP servers', other assistants."""
    others = {f"{PREFIX}{slug}" for slug in world.names["assistant"]}
    return {*world.catalogue.tools, *world.names["tool"], *world.offers, *others}


async def _store(connection: AsyncConnection, before: Assistant | None, fields: dict[str, Any]) -> None:
    bases = await bases_named(connection, fields["knowledge_bases"])
    sources = await sources_named(connection, fields["data_sources"])
    ids = {
        "knowledge_bases": [bases[one] for one in fields["knowledge_bases"]],
        "data_sources": [sources[one] for one in fields["data_sources"]],
    }
    spec = msgspec.convert(fields | ids, AssistantSpec)
    if before is None:
        row = await store.create(connection, WORKSPACE, spec)
    else:
        row = await store.save(connection, WORKSPACE, before, spec)
    action = "assistant.create" if before is None else "assistant.change"
    await records.note(connection, WORKSPACE, None, action, row.id, slug=spec.slug, by="opsloom apply")
