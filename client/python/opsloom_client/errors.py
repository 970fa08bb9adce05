"""Every error that this client raises, in one tree; `text` is fit to be shown.

OpsloomError
 ├── Refused          the server answered a request with `error`: `code`, `issues`, `retry_ms`
 ├── Gone             what was asked is no longer in the conversation: withdrawn, or replaced from another place
 ├── Full             too many requests wait for an answer
 └── Disconnected     there is no connection and there will be none
      ├── Closed      this program closed the chat
      ├── Denied      the server will not let us in: `code`, `close_code` (None where it never came to a socket)
      └── Unreachable the server was not reached in time
"""

from collections.abc import Sequence

from opsloom_protocol.errors import ErrorCode
from opsloom_protocol.frames import ErrorFrame
from opsloom_protocol.messages import Issue


class OpsloomError(Exception):
    """The base: whatever goes wrong between this program and the server."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


class Refused(OpsloomError):
    """The server said no to a request. It did nothing; `issues` say what to change."""

    def __init__(self, code: ErrorCode, text: str, issues: Sequence[Issue] = (), retry_ms: int | None = None) -> None:
        self.code = code
        self.issues = tuple(issues)
        self.retry_ms = retry_ms
        super().__init__(text)

    @classmethod
    def of(cls, frame: ErrorFrame) -> "Refused":
        return cls(frame.code, frame.text, frame.issues or (), frame.retry_ms)


class Gone(OpsloomError):
    """The message is not in the conversation any more, so no answer to it will come."""


class Full(OpsloomError):
    """Too many requests are waiting; nothing was sent."""


class Disconnected(OpsloomError):
    """There is no connection any more; `async with connect(…)` again to go on."""


class Closed(Disconnected):
    """This program closed the chat."""


class Denied(Disconnected):
    """The server does not let us in, and asking again would not help."""

    def __init__(self, code: ErrorCode, text: str, close_code: int | None = None) -> None:
        self.code = code
        self.close_code = close_code
        super().__init__(text)


class Unreachable(Disconnected):
    """There was no way in in time; `answered` where a server was there and said why."""

    def __init__(self, text: str, *, answered: bool = False) -> None:
        self.answered = answered
        super().__init__(text)
