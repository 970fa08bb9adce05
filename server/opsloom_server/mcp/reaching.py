"""How an MCP server is reached: a program on this machine, or an address. Rules alone: nothing here connects."""

import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import Any, Final

import msgspec
from msgspec import Struct

from opsloom_server.errors import Invalid
from opsloom_server.fetching import FetchRefused, target

__all__ = [
    "Address",
    "Program",
    "Reach",
    "decoded",
    "demand_allowed",
    "demand_usable",
    "encoded",
    "hiding",
    "secrets_of",
    "shown",
]

HIDDEN: Final = "•••"
SHORTEST_SECRET: Final = 6
ANY: Final = "*"
_VARIABLE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,128}")
# With these, an allowed program would run whatever else its owner likes.
_LOADERS: Final = re.compile(r"(?:LD_|DYLD_|PYTHON|NODE_|PERL|RUBY|JAVA_TOOL_|BASH_ENV$|ENV$|PATH$)", re.I)
# What the protocol or the connection itself says.
_OURS: Final = re.compile(r"(?:host|content-.*|transfer-encoding|connection|accept|accept-encoding|mcp-.*)", re.I)


class Program(Struct, frozen=True, kw_only=True, tag="program"):
    """A program that speaks MCP on its standard input and output."""

    command: str
    args: tuple[str, ...] = ()
    env: dict[str, str] = {}


class Address(Struct, frozen=True, kw_only=True, tag="address"):
    """A server that speaks MCP over streamable HTTP."""

    url: str
    headers: dict[str, str] = {}


Reach = Program | Address
_decoder: msgspec.json.Decoder[Reach] = msgspec.json.Decoder(Reach)


def encoded(reach: Reach) -> str:
    """All of it, secrets too, to be sealed."""
    return msgspec.json.encode(reach).decode()


def decoded(text: str) -> Reach:
    return _decoder.decode(text)


def shown(reach: Reach) -> dict[str, Any]:
    """What may be seen of it: no value of a variable, of a header or in an address's query."""
    if isinstance(reach, Program):
        return {"command": reach.command, "args": list(reach.args), "env": sorted(reach.env)}
    return {"url": re.sub(r"=[^&]*", f"={HIDDEN}", reach.url), "headers": sorted(reach.headers)}


def secrets_of(reach: Reach) -> list[str]:
    """Every value that is shown to nobody."""
    if isinstance(reach, Program):
        return list(reach.env.values())
    words = [word for value in reach.headers.values() for word in (value, *value.split())]
    return words + re.findall(r"=([^&]*)", reach.url)


def hiding(secrets: Iterable[str]) -> Callable[[str], str]:
    """What takes these values out of a text; shorter ones than of 6 characters would maim ordinary words."""
    values = sorted({value for value in secrets if len(value) >= SHORTEST_SECRET}, key=len, reverse=True)
    if not values:
        return lambda text: text
    pattern = re.compile("|".join(map(re.escape, values)))
    return lambda text: pattern.sub(HIDDEN, text)


def demand_usable(reach: Reach) -> None:
    """Raise Invalid for what could not be reached at all, whoever allows it."""
    if isinstance(reach, Address):
        try:
            target(reach.url)
        except FetchRefused as error:
            raise Invalid(error.text) from None
        for name, value in reach.headers.items():
            if not _HEADER.fullmatch(name) or not value.isprintable() or not value.isascii():
                raise Invalid(f"The header {name[:100]!r} cannot be sent as it is.")
            if _OURS.fullmatch(name):
                raise Invalid(f"The header {name} is set by the connection itself. Leave it out.")
        return
    for name in reach.env:
        if not _VARIABLE.fullmatch(name):
            raise Invalid(f"{name[:100]!r} is no name for an environment variable.")
    if not all(map(_sayable, (reach.command, *reach.args, *reach.env.values()))):
        raise Invalid("A command holds no NUL characters, and no halves of characters.")


def _sayable(text: str) -> bool:
    return "\0" not in text and not any("\ud800" <= one <= "\udfff" for one in text)


def demand_allowed(program: Program, commands: Sequence[str]) -> None:
    """Raise Invalid unless the operator allows this program (`OPSLOOM_MCP_COMMANDS`).

    A name stands for what the PATH gives; a program elsewhere is allowed by its whole path.
    """
    if ANY in commands:
        return
    if program.command not in commands:
        known = f" It allows: {', '.join(commands)}." if commands else " It allows none yet."
        raise Invalid(
            f"This server does not start the program {PurePath(program.command).name!r}: it would run on the machine "
            f"itself, so whoever runs the server names it in OPSLOOM_MCP_COMMANDS first.{known}"
        )
    for name in program.env:
        if _LOADERS.match(name):
            raise Invalid(f"The variable {name} could make the program run anything else. Leave it out.")


def found(command: str) -> str:
    """Where the program is. Raises Invalid where there is none."""
    if (path := shutil.which(command)) is None:
        raise Invalid(f"There is no program {PurePath(command).name!r} on the server's machine (on its PATH).")
    return path
