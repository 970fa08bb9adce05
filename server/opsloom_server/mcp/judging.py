"""What is made of a server's own words about its tools: which are of use, what they do, what a model may be told.

Names, descriptions and schemas come from outside. They are bounded here, before they are stored; what a tool is said to
do is a claim, and a claim that makes less be asked counts only when the owner has asked for it.
"""

import json
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

from msgspec.structs import replace

from opsloom_server.errors import Invalid
from opsloom_server.mcp.listing import Listing, Offered
from opsloom_server.mcp.naming import LIST_RESOURCES, READ_RESOURCE
from opsloom_server.tools.schema_tool import checked_schema
from opsloom_server.tools.tool import Effect

__all__ = ["KEPT_TOOLS", "effect_of", "kept", "of_resources", "watched"]

KEPT_TOOLS: Final = 200
"""Of one server; `tools` chooses which, where it has more."""
NAME_CHARS: Final = 128
TITLE_CHARS: Final = 100
ABOUT_CHARS: Final = 2_000
SCHEMA_BYTES: Final = 16_384
ALL_SCHEMA_BYTES: Final = 524_288
"""Of a server's tools together."""
_UNSEEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn")
# What Anthropic takes as the name of an argument; the others take no less.
_ARGUMENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
# At the top of a schema vendors take an object and nothing else; the server checks the rest itself.
_TOP_LEFT_OUT: Final = ("$schema", "$id", "anyOf", "oneOf", "allOf", "not", "if", "then", "else", "enum", "const")
_STRICTNESS: Final[Sequence[Effect]] = ("reads", "changes", "fetches", "sends")


def claimed(offered: Offered) -> tuple[Effect, bool]:
    """What running it does, and whether that cannot be taken back, by what the server says of it. What it does not say
    counts as that it changes something."""
    if offered.reads_only:
        return ("fetches" if offered.open_world else "reads"), False
    return ("sends" if offered.open_world else "changes"), bool(offered.destroys)


def kept(listing: Listing, only: Sequence[str] | None) -> Listing:
    """As much of it as is stored: the tools of `only`, or the first ones, in words of bounded length. A tool that
    cannot be used keeps its name, and says why in `refused`."""
    wanted = [tool for tool in listing.tools if only is None or tool.name in only]
    if only is not None:
        wanted.sort(key=lambda tool: only.index(tool.name))
    names: set[str] = set()
    tools: list[Offered] = []
    room = ALL_SCHEMA_BYTES
    for tool in wanted:
        if len(tools) == KEPT_TOOLS:
            break
        if not 0 < len(tool.name) <= NAME_CHARS or tool.name in names or not tool.name.isprintable():
            continue
        names.add(tool.name)
        bounded = replace(
            tool,
            title=_words(tool.title, TITLE_CHARS),
            description=_words(tool.description, ABOUT_CHARS),
            app=tool.app if tool.app is not None and len(tool.app) <= 500 and tool.app.isprintable() else None,
        )
        schema, refused = _schema(tool.schema)
        size = len(json.dumps(schema, ensure_ascii=False))
        if refused is None and size > room:
            schema, refused = {}, "The descriptions of this server's tools are too long together."
        room -= size if refused is None else 0
        tools.append(replace(bounded, schema=schema, refused=refused))
    left_out = listing.left_out + (len(wanted) - len(tools) if only is None else 0)
    said = {name: _words(getattr(listing, name), TITLE_CHARS) for name in ("server", "version", "protocol")}
    return replace(listing, tools=tuple(tools), left_out=left_out, **said)


def watched(now: Listing, before: Listing) -> Listing:
    """What the server says `now` by itself, with every claim as strict as it was `before`: what it may do without
    asking grows only when its owner looks it over again."""
    known = {tool.name: tool for tool in before.tools}
    return replace(now, tools=tuple(_no_laxer(tool, known.get(tool.name)) for tool in now.tools))


def effect_of(tool: Offered, effects: Mapping[str, Any]) -> tuple[Effect, bool]:
    """What running it does, and whether it is dangerous: the owner's word goes before the server's."""
    effect, danger = claimed(tool)
    stated = effects.get(tool.name)
    for known in _STRICTNESS:
        if stated == known:
            return known, danger and known != "reads"
    return effect, danger


def of_resources(listing: Listing) -> tuple[str, ...]:
    """The names of our own tools for its resources, where it has some and no tool by that name itself."""
    if not listing.resources:
        return ()
    return tuple(name for name in (LIST_RESOURCES, READ_RESOURCE) if all(tool.name != name for tool in listing.tools))


def _no_laxer(tool: Offered, before: Offered | None) -> Offered:
    if before is None:
        return tool
    (now, danger), (then, was_danger) = claimed(tool), claimed(before)
    if _STRICTNESS.index(now) >= _STRICTNESS.index(then) and danger >= was_danger:
        return tool
    return replace(tool, reads_only=before.reads_only, destroys=before.destroys, open_world=before.open_world)


def _schema(schema: Mapping[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The schema as vendors take it, or why there is none."""
    if len(json.dumps(schema)) > SCHEMA_BYTES:
        return {}, f"The schema of its arguments is larger than {SCHEMA_BYTES} bytes."
    try:
        made, _ = checked_schema({name: value for name, value in schema.items() if name not in _TOP_LEFT_OUT})
    except Invalid as error:
        return {}, error.text
    if any(not _ARGUMENT.fullmatch(name) for name in made["properties"]):
        return {}, "Its arguments have names that models cannot give."
    return made | {"required": [name for name in made.get("required", []) if name in made["properties"]]}, None


def _words(text: str, most: int) -> str:
    """Text from outside without what cannot be seen: controls, and characters that write in another direction."""
    kept = "".join(
        one for one in text if one in "\n\t" or unicodedata.category(one) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    kept = kept.strip()
    return kept if len(kept) <= most else kept[: most - 1] + "…"
