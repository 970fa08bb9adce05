"""`form`: fields that a person fills in."""

import math
import re
from typing import Annotated, Any, Final, Literal, assert_never

from msgspec import Meta
from opsloom_protocol.messages import Issue

from opsloom_blocks.choices import Option
from opsloom_blocks.content import Data
from opsloom_blocks.dates import is_day
from opsloom_blocks.kind import BlockKind, duplicates, number

FieldType = Literal["text", "textarea", "number", "email", "date", "select", "checkbox", "slider", "rating", "file"]
Bound = int | float | Annotated[str, Meta(max_length=10, pattern=r"^\d{4}-\d{2}-\d{2}$")]

TEXT_CHARS: Final = 10_000
"""Longest text a field takes where it sets no `max`."""

STARS: Final = 5
"""Best of a `rating` that sets no `max`."""

_ACCEPTS: Final = re.compile(r"\.[A-Za-z0-9]{1,10}|[a-z]+/([a-z0-9.+-]+|\*)")
_FILE: Final = re.compile(r"fil_[0-9a-f]{32}")
_EMAIL: Final = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]+")


class Field(Data, frozen=True, kw_only=True):
    name: Annotated[
        str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,63}$", description="letters, digits, `_`; unique in the form")
    ]
    label: Annotated[str, Meta(min_length=1, max_length=200)]
    type: FieldType = "text"
    required: bool = False
    options: Annotated[list[Option], Meta(min_length=1, max_length=200, description="of a `select`")] | None = None
    help: Annotated[str, Meta(max_length=500)] | None = None
    placeholder: Annotated[str, Meta(max_length=200)] | None = None
    min: Annotated[Bound, Meta(description="least number, fewest characters of a text, or first date")] | None = None
    max: (
        Annotated[Bound, Meta(description="greatest number, most characters of a text, last date, or best rating")]
        | None
    ) = None
    step: (
        Annotated[float, Meta(gt=0, description="of a number or a slider: only `min` and multiples of it from there")]
        | None
    ) = None
    accept: (
        Annotated[
            list[Annotated[str, Meta(min_length=1, max_length=100)]],
            Meta(min_length=1, max_length=20, description="of a file: `application/pdf`, `image/*` or `.csv`"),
        ]
        | None
    ) = None


class Form(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    fields: Annotated[list[Field], Meta(min_length=1, max_length=30)]
    submit: Annotated[str, Meta(min_length=1, max_length=40, description="the button's words: a verb")] = "Send"


class Submit(Data, frozen=True, kw_only=True):
    """What was filled in, by the fields' names; a field that was left empty is absent."""

    values: dict[Annotated[str, Meta(max_length=64)], str | int | float | bool | None]


class FormKind(BlockKind[Form]):
    kind = "form"
    title = "Ask for details"
    about = (
        "Ask the person to fill in a few fields. Use it when you need several details at once; ask for nothing that "
        "you do not need, and never for passwords or card numbers. The answer comes back as field: value."
    )
    data = Form
    example = Form(
        title="Book a call",
        fields=[
            Field(name="name", label="Your name", required=True, max=100),
            Field(name="email", label="E-mail", type="email", required=True, placeholder="you@example.com"),
            Field(name="day", label="Day", type="date", min="2026-01-01"),
            Field(name="people", label="People", type="number", min=1, max=20, help="You included"),
            Field(
                name="topic",
                label="Topic",
                type="select",
                options=[Option(id="sales", label="Buying"), Option(id="support", label="Help with my account")],
            ),
            Field(name="minutes", label="Minutes", type="slider", min=15, max=60, step=15),
            Field(name="contract", label="Your contract", type="file", accept=["application/pdf"]),
        ],
        submit="Book",
    )
    actions = {"submit": Submit}  # noqa: RUF012
    waits = True

    def fallback(self, data: Form) -> str:
        lines = [data.title]
        for field in data.fields:
            line = f"- {field.label}" + (" (required)" if field.required else "")
            if field.options:
                line += ": " + ", ".join(option.label for option in field.options)
            lines.append(line + (f". {field.help}" if field.help else ""))
        return "\n".join(lines)

    def check(self, data: Form) -> list[Issue]:
        issues = [
            Issue(path=f"/fields/{at}/name", text="Another field has this name.")
            for at in duplicates([field.name for field in data.fields])
        ]
        for at, field in enumerate(data.fields):
            issues += [Issue(path=f"/fields/{at}/{path}", text=text) for path, text in _unsound(field)]
        return issues

    def check_action(self, data: Form, action: str, values: Submit) -> tuple[Submit, list[Issue]]:
        names = {field.name for field in data.fields}
        issues = [
            Issue(path=f"/values/{name.replace('~', '~0').replace('/', '~1')}", text="The form has no such field.")
            for name in values.values
            if name not in names
        ]
        kept: dict[str, str | int | float | bool | None] = {}
        for field in data.fields:
            value = values.values.get(field.name)
            if isinstance(value, str):
                value = value.strip()
            if value is None or value == "":
                text = f"Please fill in “{field.label}”." if field.required else ""
            else:
                text = _wrong(field, value)
                kept[field.name] = value
            if text:
                issues.append(Issue(path=f"/values/{field.name}", text=text))
        return Submit(values=kept), issues

    def summary(self, data: Form, action: str, values: Any) -> str:
        filled = [
            f"{field.label}: {_in_words(field, value)}"
            for field in data.fields
            if (value := values.values.get(field.name)) is not None
        ]
        return "\n".join([f"{data.title}: filled in.", *filled])


def _unsound(field: Field) -> list[tuple[str, str]]:
    """What is wrong with a field's own description."""
    found = []
    if field.name.endswith("\n"):  # Python's `$` lets one pass
        found.append(("name", "A name has letters, digits and `_` only."))
    if (field.type == "select") != bool(field.options):
        found.append(("options", "A `select` needs options, and only a `select` has them."))
    elif field.options:
        repeated = duplicates([option.id for option in field.options])
        found += [(f"options/{at}/id", "Another option has this id.") for at in repeated]
    if field.type == "slider" and (field.min is None or field.max is None):
        found.append(("min" if field.min is None else "max", "A slider needs `min` and `max`."))
    if field.type == "rating" and not _is_best(field.max):
        found.append(("max", "The best rating is a whole number from 2 to 10."))
    if field.step is not None and field.type not in ("number", "slider"):
        found.append(("step", "Only a number and a slider have a `step`."))
    if field.accept is not None and field.type != "file":
        found.append(("accept", "Only a file has `accept`."))
    odd = [at for at, accepted in enumerate(field.accept or ()) if not _ACCEPTS.fullmatch(accepted)]
    found += [(f"accept/{at}", "A media type or an ending, like image/* or .csv.") for at in odd]
    return found or _unsound_bounds(field)


def _unsound_bounds(field: Field) -> list[tuple[str, str]]:
    found = []
    wanted = str if field.type == "date" else (int, float)
    for name, bound in (("min", field.min), ("max", field.max)):
        if bound is None:
            continue
        if field.type in ("select", "checkbox", "email", "file") or (field.type == "rating" and name == "min"):
            found.append((name, f"A field of type {field.type} has no `{name}`."))
        elif not isinstance(bound, wanted):
            found.append((name, "A date field takes a date, other fields a number."))
        elif isinstance(bound, str) and not is_day(bound):
            found.append((name, "There is no such day."))
    if not found and field.min is not None and field.max is not None and _over(field.min, field.max):
        found.append(("min", "`min` is greater than `max`."))
    return found


def _is_best(value: object) -> bool:
    return value is None or (isinstance(value, int) and 2 <= value <= 10)


def _over(value: str | float, limit: str | float) -> bool:
    """Both are dates or both are numbers."""
    if isinstance(value, str) or isinstance(limit, str):
        return str(value) > str(limit)
    return value > limit


def _wrong(field: Field, value: str | float | bool) -> str:
    """What is wrong with a value, in words for whoever filled it in; empty if nothing."""
    match field.type:
        case "text" | "textarea":
            return _wrong_text(field, value)
        case "email":
            fits = isinstance(value, str) and len(value) <= 254 and _EMAIL.fullmatch(value)
            return "" if fits else "This is not an e-mail address."
        case "number" | "slider":
            return _wrong_number(field, value)
        case "rating":
            best = field.max if isinstance(field.max, int) else STARS
            rated = isinstance(value, int) and not isinstance(value, bool) and value in range(1, best + 1)
            return "" if rated else f"Pick from 1 to {best}."
        case "file":
            return "" if isinstance(value, str) and _FILE.fullmatch(value) else "Send a file first."
        case "date":
            return _wrong_date(field, value)
        case "select":
            known = isinstance(value, str) and value in {option.id for option in field.options or ()}
            return "" if known else "Pick one of the options."
        case "checkbox":
            if not isinstance(value, bool):
                return "Tick it or leave it empty."
            return f"Please tick “{field.label}”." if field.required and not value else ""
        case _:
            assert_never(field.type)


def _wrong_text(field: Field, value: str | float | bool) -> str:
    if not isinstance(value, str):
        return "Text is expected here."
    least = field.min if isinstance(field.min, int | float) else 0
    most = field.max if isinstance(field.max, int | float) else TEXT_CHARS
    if len(value) > most:
        return f"At most {number(most)} characters, please; this has {len(value)}."
    return f"At least {number(least)} characters, please." if len(value) < least else ""


def _wrong_number(field: Field, value: str | float | bool) -> str:
    if isinstance(value, bool | str):
        return "A number is expected here."
    if isinstance(field.min, int | float) and value < field.min:
        return f"At least {number(field.min)}, please."
    if isinstance(field.max, int | float) and value > field.max:
        return f"At most {number(field.max)}, please."
    if field.step is not None:
        start = field.min if isinstance(field.min, int | float) else 0
        away = float(value) - start
        if not math.isfinite(away) or abs(math.remainder(away, field.step)) > field.step * 1e-6:
            return f"In steps of {number(field.step)}" + (f" from {number(start)}" if start else "") + ", please."
    return ""


def _wrong_date(field: Field, value: str | float | bool) -> str:
    if not isinstance(value, str) or not is_day(value):
        return "A date is expected here, like 2026-01-31."
    if isinstance(field.min, str) and value < field.min:
        return f"Not before {field.min}, please."
    if isinstance(field.max, str) and value > field.max:
        return f"Not after {field.max}, please."
    return ""


def _in_words(field: Field, value: str | float | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return number(value) + (f" of {field.max or STARS}" if field.type == "rating" else "")
    return next((option.label for option in field.options or () if option.id == value), value)


FORM = FormKind()
