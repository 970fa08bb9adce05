"""Blocks that want an answer, in a terminal: choices by number, forms by a prompt a field, approval by a letter. Other
kinds stay open."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct, ValidationError, convert
from opsloom_protocol.messages import Block

Ask = Callable[[str], Awaitable[str | None]]
"""Shows a prompt and gives the line that was typed; None at the end of input."""


class Action(Struct, frozen=True):
    """What to say to `act`."""

    action: str
    values: Any


class _Option(Struct):
    id: str
    label: str


class _Choices(Struct):
    options: list[_Option]
    multiple: bool = False
    free_text: bool = False


class _Field(Struct):
    name: str
    label: str
    type: str = "text"
    required: bool = False
    options: list[_Option] | None = None
    min: float | str | None = None
    max: float | str | None = None


class _Confirm(Struct):
    always: bool = False


class _Form(Struct):
    fields: list[_Field]


async def put(block: Block, ask: Ask) -> Action | None:
    """Put the block's question to the person. None where they left it, or where the terminal cannot show its kind."""
    try:
        match block.kind:
            case "choices":
                return await _choices(convert(block.data, _Choices), ask)
            case "form":
                return await _form(convert(block.data, _Form), ask)
            case "confirm":
                return await _confirm(convert(block.data, _Confirm), ask)
    except ValidationError:
        return None  # a newer kind of data than this program knows: the fallback text was shown
    return None


async def _choices(data: _Choices, ask: Ask) -> Action | None:
    listed = "\n".join(f"  {at}. {option.label}" for at, option in enumerate(data.options, 1))
    hint = "numbers, with spaces between" if data.multiple else "a number"
    hint += ", or an answer of your own" if data.free_text else ""
    while True:
        line = await ask(f"{listed}\nYour choice ({hint}; empty to leave it):")
        if line is None or not line.strip():
            return None
        picked = [_pick(word, data.options) for word in line.replace(",", " ").split()]
        ids = [option.id for option in picked if option is not None]
        if len(ids) == len(picked) and (data.multiple or len(ids) == 1):
            return Action("choose", {"choices": ids})
        if data.free_text and not ids:
            return Action("choose", {"choices": [], "text": line.strip()})


async def _confirm(data: _Confirm, ask: Ask) -> Action | None:
    """No answer and no clear answer is no leave."""
    hint = "y: allow once, a: allow always, n: deny" if data.always else "y: allow, n: deny"
    while True:
        line = await ask(f"Allow it? ({hint}; empty to leave it):")
        match line and line.strip().lower():
            case None | "":
                return None
            case "y" | "yes":
                return Action("allow", {"scope": "once"})
            case "a" | "always" if data.always:
                return Action("allow", {"scope": "always"})
            case "n" | "no":
                reason = await ask("Why not? (may be empty):")
                return Action("deny", {"reason": reason.strip()} if reason and reason.strip() else {})


async def _form(data: _Form, ask: Ask) -> Action | None:
    values: dict[str, Any] = {}
    for field in data.fields:
        if field.type == "file":  # nothing can be sent from here; where it must be, the form stays open
            if field.required:
                return None
            continue
        while True:
            line = await ask(_label(field))
            if line is None:
                return None
            if not line.strip():
                if field.required and field.type != "checkbox":
                    continue
                break
            value = _value(field, line.strip())
            if value is not None:
                values[field.name] = value
                break
    return Action("submit", {"values": values})


def _label(field: _Field) -> str:
    options = "".join(f"\n  {at}. {option.label}" for at, option in enumerate(field.options or (), 1))
    hints = {
        "checkbox": " (y/n)",
        "date": " (YYYY-MM-DD)",
        "slider": f" ({field.min} to {field.max})",
        "rating": f" (1 to {field.max or 5})",
    }
    hint = hints.get(field.type, "")
    mark = "" if field.required else " (optional)"
    return f"{field.label}{mark}{hint}:{options}"


def _value(field: _Field, line: str) -> str | float | bool | None:
    """What was typed, as the field takes it; None to ask again. The rest is checked by the server."""
    match field.type:
        case "checkbox":
            return {"y": True, "yes": True, "n": False, "no": False}.get(line.lower())
        case "number" | "slider" | "rating":
            try:
                number = float(line.replace(",", "."))
            except ValueError:
                return None
            if number - number != 0:  # infinite, or not a number
                return None
            return int(number) if number.is_integer() else number
        case "select":
            option = _pick(line, field.options or [])
            return None if option is None else option.id
    return line


def _pick(word: str, options: list[_Option]) -> _Option | None:
    """By number, id or label."""
    if word.isascii() and word.isdigit() and len(word) < 6 and 0 < int(word) <= len(options):
        return options[int(word) - 1]
    return next((option for option in options if word.lower() in (option.id.lower(), option.label.lower())), None)
