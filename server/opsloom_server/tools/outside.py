"""Text from outside in what a model is told: who wrote it may have meant the model to do something."""

from collections.abc import Collection, Iterable, Sequence

from opsloom_protocol.messages import FilePart, Part, ToolPart
from pydantic_ai.messages import ModelMessage, ModelRequest, RetryPromptPart, ToolReturnPart

from opsloom_server.tools.registry import Catalogue
from opsloom_server.tools.tool import Tool


class Outside:
    """Knows by a call's tool whether its result is text from outside. A tool that is neither loaded nor `attached` any
    more may have brought anything."""

    def __init__(self, catalogue: Catalogue, attached: Iterable[Tool] = ()) -> None:
        here = (*catalogue.tools.values(), *attached)
        trusted = {tool.name for tool in here} - {tool.name for tool in here if tool.untrusted}
        self._trusted = trusted | {handler.name for handler in catalogue.handlers.values() if not handler.untrusted}

    def in_history(self, history: Sequence[ModelMessage]) -> bool:
        """Whether the model has read such a result."""
        return any(
            part.tool_name not in self._trusted
            for message in history
            if isinstance(message, ModelRequest)
            for part in message.parts
            if isinstance(part, ToolReturnPart | RetryPromptPart) and part.tool_name is not None
        )

    def in_parts(self, parts: Sequence[Part]) -> bool:
        """Whether an answer rests on one: its own words may repeat what it read. Or a message brings a file: whoever
        attaches one need not have written it, nor have chosen its name."""
        return any(
            isinstance(part, FilePart) or (isinstance(part, ToolPart) and part.tool not in self._trusted)
            for part in parts
        )

    def among(self, tools: Collection[str]) -> bool:
        """Whether one of these brings in text from outside."""
        return not self._trusted.issuperset(tools)
