"""The published page (`protocol/README.md`) and the structs say the same; so does the schema file."""

import json
import re
from pathlib import Path
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]  # it ships no types
import msgspec
import opsloom_protocol.frames
import opsloom_protocol.messages
import pytest
from opsloom_protocol import schema
from opsloom_protocol.errors import GIVES_UP, CloseCode, ErrorCode
from opsloom_protocol.frames import ClientFrame, ServerFrame

from protocol.fixtures import FOLDER

PAGE = Path(opsloom_protocol.frames.__file__).parents[1] / "README.md"
ROW = re.compile(r"^\| `([\w.]+)` \| ((?:`\w+\??` ?)*)\|", re.M)
FIELD = re.compile(r"`(\w+)(\??)`")


def section(title: str) -> str:
    return PAGE.read_text(encoding="utf-8").split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title: str) -> dict[str, dict[str, bool]]:
    """Of each row the fields, and whether they are always there."""
    rows = {row[1]: {name: not mark for name, mark in FIELD.findall(row[2])} for row in ROW.finditer(section(title))}
    assert rows
    return rows


def wire(struct: type[msgspec.Struct]) -> dict[str, bool]:
    """Of each field of a struct, whether it is always on the wire."""
    fields = msgspec.structs.fields(struct)
    leaves_out = struct.__struct_config__.omit_defaults
    return {f.encode_name: f.required or (not leaves_out and f.default is not msgspec.UNSET) for f in fields}


def frames(union: Any) -> dict[str, type[msgspec.Struct]]:
    return {str(frame.__struct_config__.tag): frame for frame in get_args(union)}


@pytest.mark.parametrize(("title", "union"), [("Client to server", ClientFrame), ("Server to client", ServerFrame)])
def test_frames_are_as_published(title: str, union: Any) -> None:
    assert table(title) == {name: wire(frame) for name, frame in frames(union).items()}


def test_shapes_are_as_published() -> None:
    listed = table("Shapes")
    structs = {
        name: found
        for module in (opsloom_protocol.messages, opsloom_protocol.frames)
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, msgspec.Struct) and found.__module__ == module.__name__
    }
    assert listed == {name: wire(structs[name]) for name in listed}
    whole_frames = {*frames(ClientFrame).values(), *frames(ServerFrame).values()}
    nested = {name for name, struct in structs.items() if struct not in whole_frames}
    assert nested - listed.keys() == {"Shape", "Frame", "Request", "Durable", "Live"}


def test_codes_are_as_published() -> None:
    page = PAGE.read_text(encoding="utf-8")
    for code in get_args(ErrorCode):
        assert f"`{code}`" in page
    rows = dict(re.findall(r"^\| (\d{4}) \| [^|]+ \| ([^|]+) \|$", page, re.M))
    assert rows.keys() == {str(int(code)) for code in CloseCode}
    assert {code for code, advice in rows.items() if advice.startswith("stays away")} == {str(int(c)) for c in GIVES_UP}


def test_the_schema_file_is_not_stale() -> None:
    assert schema.PATH.read_text(encoding="utf-8") == schema.text(), "python -m opsloom_protocol.schema"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda p: p.stem)
def test_fixtures_obey_the_schema(path: Path) -> None:
    whole = schema.schema()
    fixture = json.loads(path.read_text(encoding="utf-8"))
    validators = {
        name: jsonschema.Draft202012Validator({"$defs": whole["$defs"], **whole["properties"][name]})
        for name in ("server", "state")
    }
    for step in fixture["steps"]:
        if step["frame"]["type"] in frames(ServerFrame):
            validators["server"].validate(step["frame"])
        if "state" in step:
            validators["state"].validate(step["state"])
