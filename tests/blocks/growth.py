"""Every kind's example as it grows, for both ends' tests. Written by `python -m blocks.growth` (in `tests/`)."""

import json
from pathlib import Path
from typing import Any, Final

import msgspec
from opsloom_blocks import BLOCKS, GrowingBlock, grown, make_block, plain
from opsloom_protocol.patching import patch

PATH: Final = Path(__file__).parents[2] / "blocks" / "fixtures" / "growing" / "kinds.json"
CHARS: Final = 9


def growth(kind: str) -> dict[str, Any]:
    """The block as it opens, the ops of each patch, the last one's included, and the data in the end."""
    text = json.dumps(plain(BLOCKS[kind].example))
    growing = GrowingBlock(BLOCKS[kind], "blk_1")
    opened, patches = None, []
    for at in range(0, len(text), CHARS):
        growing.write(text[at : at + CHARS])
        if opened is None:
            opened = growing.open()
        elif ops := growing.take():
            patches.append(ops)
    assert opened is not None
    data = opened.data
    whole = make_block(kind, BLOCKS[kind].example, "blk_1")
    for ops in patches:
        data = patch(data, ops)
    patches.append(grown(msgspec.structs.replace(opened, data=data), whole)[0])
    return {"kind": kind, "opens": opened.data, "patches": msgspec.to_builtins(patches), "whole": whole.data}


def text() -> str:
    return msgspec.json.format(json.dumps([growth(kind) for kind in BLOCKS], ensure_ascii=False), indent=1) + "\n"


if __name__ == "__main__":
    PATH.parent.mkdir(exist_ok=True)
    PATH.write_text(text(), encoding="utf-8")
