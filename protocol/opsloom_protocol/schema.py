"""The JSON Schema of the protocol, made from the structs: `python -m opsloom_protocol.schema [--check]`."""

import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from opsloom_protocol.frames import ClientFrame, ServerFrame
from opsloom_protocol.messages import Message
from opsloom_protocol.state import State

PATH = Path(__file__).parents[1] / "schema" / "protocol.schema.json"


def schema() -> dict[str, Any]:
    """One document: `client`, `server`, `message` and `state` refer to the definitions under `$defs`."""
    roots = {"client": ClientFrame, "server": ServerFrame, "message": Message, "state": State}
    schemas, definitions = msgspec.json.schema_components(list(roots.values()), ref_template="#/$defs/{name}")
    titles = {"client": "ClientFrame", "server": "ServerFrame"}
    properties = {
        name: {**found, "title": titles[name]} if name in titles else found
        for name, found in zip(roots, schemas, strict=True)
    }
    for definition in definitions.values():
        _tidy(definition)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "OpsloomProtocol",
        "type": "object",
        "properties": properties,
        "required": list(roots),
        "$defs": definitions,
    }


def _tidy(node: Any) -> None:
    """Defaults are Python's concern: on the wire an absent field is absent."""
    if isinstance(node, dict):
        node.pop("default", None)
        for value in node.values():
            _tidy(value)
    elif isinstance(node, list):
        for value in node:
            _tidy(value)


def text() -> str:
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def main() -> int:
    if "--check" in sys.argv[1:]:
        stale = not PATH.exists() or PATH.read_text() != text()
        if stale:
            sys.stderr.write("protocol.schema.json is stale: run `python -m opsloom_protocol.schema`.\n")
        return int(stale)
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
