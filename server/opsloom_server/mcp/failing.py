"""What goes wrong with an MCP server, in words: for the model and for people, and for the owner who can mend it."""

from opsloom_server.errors import Invalid, Unavailable

__all__ = ["McpLost", "McpRefused", "McpUnreachable"]


class McpUnreachable(Unavailable):
    """The server cannot be reached. `detail` is for its owner: what it said when it failed to start."""

    def __init__(self, text: str, detail: str = "") -> None:
        super().__init__(text, retry_ms=5_000)
        self.detail = detail


class McpLost(Unavailable):
    """The connection ended in the middle: whether the tool ran is not known."""


class McpRefused(Invalid):
    """The server says no: its error, in its own words."""
