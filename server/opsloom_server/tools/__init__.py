"""What an assistant can do: tools, their events, and the bridge to pydantic-ai."""

from opsloom_server.tools.answers import EXPIRED, WITHDRAWN, answered
from opsloom_server.tools.attached import Attached, AttachedTools
from opsloom_server.tools.calls import RunningCalls
from opsloom_server.tools.events import Ask, Cite, Patch, Progress, Result, Show, ToolEvent
from opsloom_server.tools.handler import Errand, Handler, Handlers, handle
from opsloom_server.tools.registry import Catalogue, describe_tools, load_catalogue, tools_for
from opsloom_server.tools.schema_tool import SchemaTool
from opsloom_server.tools.tool import Effect, Finder, HasSink, Tool, ToolContext, ToolSink
from opsloom_server.tools.toolset import OpsloomToolset

__all__ = [
    "EXPIRED",
    "WITHDRAWN",
    "Ask",
    "Attached",
    "AttachedTools",
    "Catalogue",
    "Cite",
    "Effect",
    "Errand",
    "Finder",
    "Handler",
    "Handlers",
    "HasSink",
    "OpsloomToolset",
    "Patch",
    "Progress",
    "Result",
    "RunningCalls",
    "SchemaTool",
    "Show",
    "Tool",
    "ToolContext",
    "ToolEvent",
    "ToolSink",
    "answered",
    "describe_tools",
    "handle",
    "load_catalogue",
    "tools_for",
]
