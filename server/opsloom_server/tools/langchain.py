"""LangChain's tools as tools of an assistant: `TOOLS = [langchain_tool(search, effect="fetches")]` in an extension.

What the model is told of one comes through pydantic-ai's bridge. A tool that waits (a synchronous one) does so in a
thread of its own, since everybody else's answers come from this one.
"""

import asyncio
import contextvars
import re
import threading
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_jsonable_python

from opsloom_server.errors import Busy, Invalid, StartupError
from opsloom_server.tools.events import Result, ToolEvent
from opsloom_server.tools.schema_tool import SchemaTool
from opsloom_server.tools.tool import TIMEOUT, Effect, ToolContext

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

__all__ = ["LangChainTool", "langchain_tool"]

THREADS: Final = 32
"""Calls of synchronous tools at once in this process; one that hangs keeps its thread until it ends by itself."""
TOLD_CHARS: Final = 24_000
ERROR_CHARS: Final = 1_000
SUMMARY_CHARS: Final = 120

_running = 0


def langchain_tool(
    tool: "BaseTool",
    *,
    effect: Effect,
    title: str | None = None,
    danger: bool = False,
    untrusted: bool = True,
    timeout: float = TIMEOUT,
) -> "LangChainTool":
    """The LangChain tool for an extension's `TOOLS`.

    `effect` has to be said, since LangChain's tools do not: "reads", "changes", "sends" or "fetches". `untrusted` is
    whether its result may hold what somebody outside wrote. Raises StartupError where it cannot be used.
    """
    try:
        from langchain_core.callbacks import AsyncCallbackManager
        from langchain_core.tools import BaseTool
        from pydantic_ai.ext.langchain import tool_from_langchain
    except ImportError as error:
        raise StartupError(
            f"LangChain's tools need a package that is not installed: {error.name}.",
            "Install it: pip install 'opsloom-server[langchain]'.",
        ) from error
    if not isinstance(tool, BaseTool):
        raise StartupError(f"{tool!r} is no tool of LangChain's.", "Give `langchain_tool` an instance of BaseTool.")
    if unknown := sorted(set(tool.get_input_jsonschema().get("properties", {})) - set(tool.args)):
        raise StartupError(
            f"The LangChain tool {tool.name} wants arguments that only LangChain's agents give: {', '.join(unknown)}.",
            "Wrap it in a function that takes what a model can give.",
        )
    AsyncCallbackManager.configure()  # imports its tracing, which the first call would do on the loop
    bridged = tool_from_langchain(tool)
    return LangChainTool(
        tool,
        bridged.function_schema.json_schema,
        bridged.function,
        effect=effect,
        title=title or tool.name,
        danger=danger,
        untrusted=untrusted,
        timeout=timeout,
    )


class LangChainTool(SchemaTool):
    """Made by `langchain_tool`."""

    def __init__(
        self,
        tool: "BaseTool",
        schema: dict[str, Any],
        call: Callable[..., Any],
        *,
        effect: Effect,
        title: str,
        danger: bool,
        untrusted: bool,
        timeout: float,
    ) -> None:
        super().__init__(schema)
        self.name = re.sub(r"[^a-z0-9_]+", "_", tool.name.lower()).strip("_")[:60]
        self.title = title[:200]
        self.about = tool.description
        self.effect = effect
        self.danger = danger
        self.untrusted = untrusted
        self.timeout = timeout
        self._tool = tool
        self._call = call

    async def run(self, args: dict[str, Any], context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        from langchain_core.tools import ToolException

        try:
            found = await (self._tool.arun(args) if _is_async(self._tool) else in_thread(self._call, args))
        except ToolException as error:  # what LangChain has for words to a model
            raise Invalid(str(error)[:ERROR_CHARS] or "It did not work.") from None
        value = _plain(found)
        yield Result(value, _first_line(value))


async def in_thread(call: Callable[..., Any], args: dict[str, Any]) -> Any:
    """What it returns or raises. A call that is given up goes on in its thread, unheard: threads cannot be stopped.

    The threads are daemons, so that a tool that hangs keeps no server from ending. Raises Busy where too many wait.
    """
    global _running
    if _running >= THREADS:
        raise Busy("Too many tools of this kind are at work just now. Try again in a moment.")
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Any] = loop.create_future()
    around = contextvars.copy_context()

    def ended(found: Any, error: BaseException | None) -> None:
        global _running
        _running -= 1
        if not outcome.done():
            outcome.set_exception(error) if error is not None else outcome.set_result(found)

    def work() -> None:
        found, error = None, None
        try:
            found = around.run(call, **args)
        except BaseException as raised:
            error = raised
        try:
            loop.call_soon_threadsafe(ended, found, error)
        except RuntimeError:
            return  # the server has ended meanwhile

    _running += 1
    threading.Thread(target=work, name="a LangChain tool", daemon=True).start()
    return await outcome


def _is_async(tool: "BaseTool") -> bool:
    """Whether it has a way of its own to be awaited; LangChain's for all others takes the server's few threads."""
    if getattr(tool, "coroutine", None) is not None:
        return True
    return not type(tool)._arun.__module__.startswith("langchain_core.")


def _plain(found: Any) -> Any:
    """The value as plain JSON, cut where it is longer than a model should read."""
    value = to_jsonable_python(found, fallback=str)
    text = value if isinstance(value, str) else None
    if text is None:
        written = str(value)
        if len(written) <= TOLD_CHARS:
            return value
        text = written
    return text if len(text) <= TOLD_CHARS else f"{text[:TOLD_CHARS]}… (cut: {len(text)} characters in all)"


def _first_line(value: Any) -> str | None:
    line = value.strip().partition("\n")[0] if isinstance(value, str) else ""
    return (line if len(line) <= SUMMARY_CHARS else line[: SUMMARY_CHARS - 1] + "…") or None
