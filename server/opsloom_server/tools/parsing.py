"""The arguments of a call as plain values, also where they are no JSON object: then they say so, and hold what could be
read of them. pydantic-ai would end the run over a model that never gets its JSON right."""

from typing import Any, Final, Literal

import msgspec
from opsloom_blocks import BlockError, Issue
from pydantic_core import from_json

_UNREAD: Final = "\0unread"


class JsonObject:
    """pydantic-ai asks for a pydantic validator; ours only parses, as `msgspec` checks the shape."""

    def validate_json(
        self,
        input: str | bytes | bytearray,  # noqa: A002
        *,
        allow_partial: bool | Literal["off", "on", "trailing-strings"] = False,
        **kwargs: Any,
    ) -> Any:
        try:
            return self.validate_python(msgspec.json.decode(input))
        except msgspec.DecodeError as error:
            return {_UNREAD: [f"The arguments are not JSON: {error}.", _partly(input)]}

    def validate_python(
        self,
        input: Any,  # noqa: A002
        *,
        allow_partial: bool | Literal["off", "on", "trailing-strings"] = False,
        **kwargs: Any,
    ) -> Any:
        return input if isinstance(input, dict) else {_UNREAD: ["The arguments must be a JSON object.", input]}


JSON_OBJECT: Final = JsonObject()


def parsed(args: str | dict[str, Any] | None) -> dict[str, Any]:
    """The arguments of a call as the agent reads them."""
    read = JSON_OBJECT.validate_json(args or "{}") if args is None or isinstance(args, str) else args
    return dict(JSON_OBJECT.validate_python(read))


def demand_read(raw: dict[str, Any]) -> None:
    """Raises `BlockError` where the arguments were no JSON object."""
    if _UNREAD in raw:
        raise BlockError([Issue(path="", text=str(raw[_UNREAD][0]))])


def what_was_read(raw: dict[str, Any]) -> Any:
    """The arguments, or as much of them as could be read."""
    return raw[_UNREAD][1] if _UNREAD in raw else raw


def _partly(text: str | bytes | bytearray) -> Any:
    """What stands before the fault of JSON that was cut off; nothing where it is faulty elsewhere."""
    try:
        return from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return None
