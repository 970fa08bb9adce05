"""A user's own block and tool, from a folder outside the repository or from an installed package."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
from opsloom_blocks import describe, extensions
from opsloom_server.errors import StartupError
from opsloom_server.tools import ToolContext, describe_tools, load_catalogue, tools_for
from server.tools.recording import Deps, Recorder, Script, agent

WEATHER = """
from typing import Annotated

from msgspec import Meta, Struct
from opsloom_blocks import BlockKind, Data, make_block
from opsloom_server.tools import Progress, Result, Show, Tool


class Weather(Data, frozen=True, kw_only=True):
    city: Annotated[str, Meta(min_length=1, max_length=100)]
    degrees: float


class WeatherKind(BlockKind[Weather]):
    kind = "weather"
    title = "Show the weather"
    about = "Shows the weather of a city as a card. Use it only with figures that a tool gave."
    data = Weather
    example = Weather(city="Oslo", degrees=4.5)

    def fallback(self, data):
        return f"{data.city}: {data.degrees} degrees"


class City(Struct):
    city: str


class Forecast(Tool):
    name = "forecast"
    title = "Look up the weather"
    about = "Gives the weather of a city and shows it."
    arguments = City

    async def run(self, args, context):
        yield Progress(note=f"Asking about {args.city}")
        block = make_block("weather", {"city": args.city, "degrees": 4.5}, f"blk_{context.call}", context.kinds)
        yield Show(block)
        yield Result({"degrees": 4.5}, "4.5 degrees")


BLOCKS = [WeatherKind()]
TOOLS = [Forecast]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "weather.py").write_text(WEATHER)
    (tmp_path / "_notes.py").write_text("this is not python")
    (tmp_path / "weather.js").write_text("export default ({ h, registerBlock }) => {}\n")
    (tmp_path / ".hidden.js").write_text("")
    return tmp_path


async def test_a_folder_adds_a_block_and_a_tool(folder: Path) -> None:
    catalogue = load_catalogue(folder)
    assert dict(catalogue.scripts) == {"weather.js": folder / "weather.js"}
    published = {item["kind"]: item for item in describe(catalogue.kinds)}["weather"]
    jsonschema.validate(published["example"], published["schema"])
    assert published["fallback"] == "Oslo: 4.5 degrees"
    assert {"forecast", "show_weather"} <= {item["name"] for item in describe_tools(catalogue)}
    json.dumps(describe_tools(catalogue))

    tools = tools_for(catalogue, names=["forecast"], blocks=["weather"], knowledge_bases=[])
    assert [tool.name for tool in tools] == ["forecast", "show_weather", "update_block"]
    calls = [("forecast", {"city": "Oslo"}), ("show_weather", {"city": "Rome", "degrees": 19})]
    sink, script = Recorder(), Script(calls, "Cold.")
    context = ToolContext(workspace="ws", kinds=catalogue.kinds)
    await agent(script, tools, context).run("Weather?", deps=Deps(sink))
    assert [block.data["city"] for _, block in sink.named("show")] == ["Oslo", "Rome"]
    assert [block.fallback for _, block in sink.named("show")] == ["Oslo: 4.5 degrees", "Rome: 19.0 degrees"]
    assert script.heard[0].content == {"degrees": 4.5}


def test_a_folder_is_run_once_in_a_process(folder: Path) -> None:
    assert load_catalogue(folder).tools["forecast"].__class__ is load_catalogue(folder).tools["forecast"].__class__


def test_a_package_in_the_folder_and_an_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "extensions" / "forecasting"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("from .parts import BLOCKS, TOOLS\n")
    (package / "parts.py").write_text(WEATHER)
    assert "weather" in load_catalogue(package.parent).kinds

    installed = tmp_path / "installed"
    installed.mkdir()
    (installed / "weather_for_opsloom.py").write_text(WEATHER)
    monkeypatch.syspath_prepend(str(installed))
    points = {
        "opsloom.blocks": [EntryPoint("weather", "weather_for_opsloom:WeatherKind", "opsloom.blocks")],
        "opsloom.tools": [EntryPoint("weather", "weather_for_opsloom:TOOLS", "opsloom.tools")],
    }
    monkeypatch.setattr(extensions, "entry_points", lambda group: points.get(group, []))
    catalogue = load_catalogue()
    assert "weather" in catalogue.kinds
    assert "forecast" in catalogue.tools
    points["opsloom.blocks"] = [EntryPoint("lost", "no_such_package_here:Kind", "opsloom.blocks")]
    with pytest.raises(StartupError, match=r"lost = no_such_package_here:Kind.*ModuleNotFoundError"):
        load_catalogue()


def instead(old: str, new: str) -> str:
    assert old in WEATHER
    return WEATHER.replace(old, new)


NO_GENERATOR = instead("yield Result", "return Result").replace("yield ", "")

HANDLER = """
from opsloom_server.tools import Handler, Result


class Turning(Handler):
    kind = "table"
    action = "turn"
    title = "Turn"

    async def run(self, block, values, context):
        yield Result(None)


HANDLERS = [Turning]
"""

BROKEN = {
    "a name that does not exist": ("\n\nBLOCKS = [Nowhere()]\n", r"own\.py: NameError: .*Nowhere.*\(line 3\)"),
    "no Python": ("def (\n", r"own\.py: SyntaxError: .*\(line 1\)"),
    "no list": ("BLOCKS = 5\n", r"own\.py: BLOCKS must be a list"),
    "no kind": ("BLOCKS = [5]\n", r"own\.py: 5 is not a BlockKind"),
    "a kind that exists": (instead('kind = "weather"', 'kind = "table"'), "a block of kind 'table' already"),
    "a kind with a bad name": (instead('kind = "weather"', 'kind = "Weather!"'), "no name for a kind"),
    "a bad example": (instead('city="Oslo"', 'city=""'), r"example of 'weather' is not valid: /city"),
    "an empty fallback": (instead('return f"{data.city}: {data.degrees} degrees"', 'return " "'), "is empty"),
    "a fallback that fails": (instead("{data.city}", "{data.town}"), "does not work with its own example"),
    "no words": (instead('    title = "Show the weather"\n', ""), "WeatherKind has no `title`"),
    "no data": (instead("data = Weather\n", "data = dict\n"), "must be a msgspec.Struct"),
    "waits for nothing": (instead("data = Weather\n", "data = Weather\n    waits = True\n"), "none of its actions"),
    "no tool": ("TOOLS = [5]\n", "subclass opsloom_server.tools.Tool"),
    "a tool that exists": (instead('"forecast"', '"search_knowledge"'), "tool 'search_knowledge' already"),
    "a tool with a bad name": (instead('"forecast"', '"fore cast"'), "no name for a tool"),
    "a tool that is no generator": (NO_GENERATOR, "async generator"),
    "a tool without arguments": (instead("arguments = City", "arguments = 5"), "must be a msgspec.Struct"),
    "a tool of no known effect": (instead("arguments = City", 'arguments = City; effect = "acts"'), "not 'acts'"),
    "an action that is not one": (
        instead("data = Weather\n", 'data = Weather\n    handled = frozenset({"x"})\n'),
        "each name",
    ),
    "no handler": ("HANDLERS = [5]\n", "subclass opsloom_server.tools.Handler"),
    "a handler of nothing": (HANDLER, "no kind of that name has this action"),
}


@pytest.mark.parametrize(("source", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_extension_is_named(tmp_path: Path, source: str, words: str) -> None:
    (tmp_path / "own.py").write_text(source)
    with pytest.raises(StartupError, match=words) as caught:
        load_catalogue(tmp_path)
    assert str(tmp_path / "own.py") in caught.value.text
    assert caught.value.remedy


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartupError, match="does not exist"):
        load_catalogue(tmp_path / "nowhere")


def test_what_an_assistant_names_and_nobody_knows_is_left_out(caplog: pytest.LogCaptureFixture) -> None:
    chosen = tools_for(load_catalogue(), names=["forecast"], blocks=["weather", "form"], knowledge_bases=["kb"])
    assert [tool.name for tool in chosen] == ["search_knowledge", "ask_form"]
    assert "forecast" in caplog.text
    assert "weather" in caplog.text


def test_an_action_that_nothing_handles_stops_the_start(tmp_path: Path) -> None:
    handled = 'data = Weather\n    actions = {"turn": Weather}\n    handled = frozenset({"turn"})\n'
    (tmp_path / "own.py").write_text(instead("data = Weather\n", handled))
    with pytest.raises(StartupError, match=r"'weather'.*'turn'.*list a handler"):
        load_catalogue(tmp_path)
