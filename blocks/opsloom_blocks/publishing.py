"""The JSON Schemas of all kinds in one file: `python -m opsloom_blocks.publishing [--check]`."""

import json
import sys
from pathlib import Path
from typing import Any, Final

import msgspec

from opsloom_blocks.catalogue import BLOCKS
from opsloom_blocks.content import schema_of
from opsloom_blocks.making import schema

PATH: Final = Path(__file__).parents[2] / "protocol" / "schema" / "blocks.schema.json"


def published() -> dict[str, Any]:
    """By kind: the schema of its data, and of the values of each action."""
    return {
        name: {"data": schema(kind), "actions": {action: schema_of(values) for action, values in kind.actions.items()}}
        for name, kind in BLOCKS.items()
    }


def text() -> str:
    return msgspec.json.format(json.dumps(published(), ensure_ascii=False), indent=2) + "\n"


def main() -> int:
    if "--check" in sys.argv[1:]:
        stale = not PATH.exists() or PATH.read_text(encoding="utf-8") != text()
        if stale:
            sys.stderr.write("blocks.schema.json is stale: run `python -m opsloom_blocks.publishing`.\n")
        return int(stale)
    PATH.write_text(text(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
