"""`block.patch`: changes of a block's `data` by JSON Pointer, without touching the old value."""

from collections.abc import Iterable
from typing import Any

from msgspec import UNSET

from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.messages import PatchOp


def patch(data: Any, ops: Iterable[PatchOp]) -> Any:
    """`data` with every op applied in turn; the argument is left as it was.

    Raises `ProtocolError` where a path leads nowhere or an `append` meets neither a string nor a list.
    """
    for op in ops:
        if op.op != "remove" and op.value is UNSET:
            raise ProtocolError(f"`{op.op}` at {op.path!r} has no `value`.")
        data = _at(data, _tokens(op.path), op)
    return data


def _tokens(path: str) -> list[str]:
    if path == "":
        return []
    if not path.startswith("/"):
        raise ProtocolError(f"{path!r} is not a JSON Pointer.")
    return [token.replace("~1", "/").replace("~0", "~") for token in path[1:].split("/")]


def _at(value: Any, tokens: list[str], op: PatchOp) -> Any:
    if not tokens:
        return _apply(value, op)
    head, rest = tokens[0], tokens[1:]
    match value:
        case dict():
            if rest or op.op == "append":
                if head not in value:
                    raise ProtocolError(f"There is nothing at {op.path!r}.")
                return {**value, head: _at(value[head], rest, op)}
            if op.op == "remove":
                return {key: item for key, item in value.items() if key != head}
            return {**value, head: op.value}
        case list():
            if head == "-" and not rest and op.op == "set":
                return [*value, op.value]
            # Nine digits are more places than any list of ours has; int() itself refuses more than 4,300.
            index = int(head) if head.isascii() and head.isdigit() and len(head) < 10 else len(value)
            if index >= len(value):
                raise ProtocolError(f"There is nothing at {op.path!r}.")
            if not rest and op.op == "remove":
                return value[:index] + value[index + 1 :]
            return [*value[:index], _at(value[index], rest, op), *value[index + 1 :]]
        case _:
            raise ProtocolError(f"There is nothing at {op.path!r}.")


def _apply(value: Any, op: PatchOp) -> Any:
    match op.op:
        case "set":
            return op.value
        case "remove":
            return None
        case "append":
            if isinstance(value, str) and isinstance(op.value, str):
                return value + op.value
            if isinstance(value, list):
                return [*value, *op.value] if isinstance(op.value, list) else [*value, op.value]
            raise ProtocolError(f"What stands at {op.path!r} cannot be appended to.")
