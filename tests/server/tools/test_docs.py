"""The pages that show how to add a block and a tool: their code runs as it stands there."""

import re
from pathlib import Path

import pytest
from opsloom_blocks import make_block, plain
from opsloom_server.tools import ToolContext, load_catalogue, tools_for
from server.tools.recording import Deps, Recorder, Script, agent

DOCS = Path(__file__).parents[3] / "docs"


def codes(page: str) -> list[str]:
    """The Python of a page."""
    return re.findall(r"```python\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def code(page: str) -> str:
    """The first Python of a page."""
    return codes(page)[0]


async def test_the_block_and_the_tool_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "weather.py").write_text(code("blocks-adding.md"))
    (tmp_path / "forecast.py").write_text(code("tools-adding.md"))
    catalogue = load_catalogue(tmp_path)
    kind = catalogue.kinds["weather"]
    assert make_block("weather", kind.example, "b", catalogue.kinds).fallback == "Oslo: 4.5 °C, rain"
    assert plain(kind.data(city="Oslo", degrees=4.0)) == {"city": "Oslo", "degrees": 4.0}

    async def service(city: str) -> float:
        return 4.5

    tool = catalogue.tools["forecast"]
    monkeypatch.setitem(type(tool).run.__globals__, "my_weather_service", service)
    tools = tools_for(catalogue, names=["forecast"], blocks=["weather"], knowledge_bases=[])
    sink, script = Recorder(), Script([("forecast", {"city": "Oslo"})], "Cold.")
    context = ToolContext(workspace="ws", kinds=catalogue.kinds)
    await agent(script, tools, context).run("Weather?", deps=Deps(sink))
    assert sink.names == ["start", "progress", "show", "end"]
    assert sink.events[-1][2] == "4.5 °C in Oslo"


def test_the_tool_with_a_schema_of_the_documentation(tmp_path: Path) -> None:
    (tmp_path / "desk.py").write_text(next(one for one in codes("tools-adding.md") if "SchemaTool" in one))
    tool = load_catalogue(tmp_path).tools["open_ticket"]
    assert tool.schema()["required"] == ["subject"]
    assert tool.read({"subject": "x"}) == {"subject": "x"}
