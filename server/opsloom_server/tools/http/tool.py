"""A tool that calls a service: the definition of a workspace, carried out."""

from collections.abc import AsyncGenerator
from typing import Any, Final

from opsloom_server.errors import Unavailable
from opsloom_server.fetching import Caller, FetchRefused, target
from opsloom_server.tools.events import Progress, Result, ToolEvent
from opsloom_server.tools.http.answer import told
from opsloom_server.tools.http.definition import Definition
from opsloom_server.tools.http.request import request
from opsloom_server.tools.schema_tool import SchemaTool
from opsloom_server.tools.secrets import Redaction, Secrets
from opsloom_server.tools.tool import ToolContext

_UNKNOWN: Final = " Whether it did what it was asked to, nobody knows; look before it is asked again."
# Its own time-out has the better words, so it comes first.
_AFTER: Final = 2.0


class HttpTool(SchemaTool):
    """Made once for an edition of its definition."""

    origin = "http"

    def __init__(self, name: str, definition: Definition, edition: str, caller: Caller, secrets: Secrets) -> None:
        """Raises `Invalid` where the parameters are no schema."""
        super().__init__(definition.parameters)
        self.name, self.title, self.about = name, definition.title, definition.about
        self.effect, self.danger, self.untrusted = definition.effect, definition.danger, definition.untrusted
        self.timeout = definition.http.timeout + _AFTER
        self.edition = edition
        self._definition = definition
        self._host = target(definition.origin + "/").host
        self._caller = caller
        self._secrets = secrets

    def consequence(self, args: Any) -> str | None:
        return f"Sends these arguments to {self._host} ({self._definition.http.method})."

    async def run(self, args: dict[str, Any], context: ToolContext) -> AsyncGenerator[ToolEvent, Any]:
        http = self._definition.http
        values = await self._secrets.values(context.workspace, self._definition.secrets)
        call = request(self._definition, args, values)
        yield Progress(note=f"Asking {self._host}")
        try:
            answered = await self._caller.call(call, http.timeout)
        except FetchRefused as error:
            raise Unavailable(error.text + (_UNKNOWN if error.sent and http.method != "GET" else "")) from None
        answer = told(answered, http.result, Redaction(values.values()), untrusted=self.untrusted)
        yield Result(answer.value, answer.summary)
