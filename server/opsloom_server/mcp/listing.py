"""What an MCP server offers, as it was asked last. Plain values: they are stored, and read without the MCP package."""

from typing import Any, Final

from msgspec import Struct

__all__ = ["MOST_TOOLS", "Listing", "Offered"]

MOST_TOOLS: Final = 1_000
"""Tools of one server that are looked at; of more, the first."""


class Offered(Struct, frozen=True, kw_only=True):
    """A tool in the server's own words. `app` is the `ui://` page that shows its results. The hints are claims;
    `refused` says why it cannot be used."""

    name: str
    title: str = ""
    description: str = ""
    schema: dict[str, Any] = {}
    reads_only: bool | None = None
    destroys: bool | None = None
    open_world: bool | None = None
    app: str | None = None
    refused: str | None = None


class Listing(Struct, frozen=True, kw_only=True):
    """`left_out`: tools beyond the most that are looked at. `resources`: whether it has texts and files to read."""

    server: str = ""
    version: str = ""
    protocol: str = ""
    tools: tuple[Offered, ...] = ()
    left_out: int = 0
    resources: bool = False
