"""`confirm`: what is about to be done, shown whole, for a person to allow or to deny."""

import json
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind

ARGUMENTS_BYTES: Final = 16_384
"""Largest arguments, bytes of JSON: a person is to read them all before saying yes."""


class Confirm(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200, description="what will be done, as a short sentence")]
    tool: Annotated[str, Meta(min_length=1, max_length=100, description="the name of what will run")]
    arguments: Annotated[dict[str, Any], Meta(description="what it will run with, whole; people see all of it")] = (
        field(default_factory=dict)
    )
    consequence: (
        Annotated[
            str, Meta(min_length=1, max_length=1000, description="what comes of it, and whether it can be undone")
        ]
        | None
    ) = None
    danger: Annotated[bool, Meta(description="whether something is lost, paid or sent that cannot be taken back")] = (
        False
    )
    always: Annotated[bool, Meta(description="whether the person may allow it for the future as well")] = False


class Allow(Data, frozen=True, kw_only=True):
    """Yes: this time, or every time."""

    scope: Literal["once", "always"] = "once"


class Deny(Data, frozen=True, kw_only=True):
    """No, and perhaps why."""

    reason: Annotated[str, Meta(max_length=1000)] | None = None


class ConfirmKind(BlockKind[Confirm]):
    kind = "confirm"
    title = "Ask for approval"
    about = (
        "Ask the person to allow or deny something before it is done: say what will run and with which arguments, all "
        "of them. Use it before anything that costs, sends, changes or deletes. Do it only after they allowed it."
    )
    data = Confirm
    example = Confirm(
        title="Cancel order 1042",
        tool="cancel_order",
        arguments={"order": 1042, "refund": True, "notify": ["ada@example.com"]},
        consequence="The customer gets 49.90 EUR back and an e-mail. This cannot be undone.",
        danger=True,
    )
    actions = {"allow": Allow, "deny": Deny}  # noqa: RUF012
    waits = True

    def fallback(self, data: Confirm) -> str:
        lines = [f"Approval needed: {data.title}", f"Runs: {data.tool}"]
        for name, value in data.arguments.items():
            lines.append(f"- {name}: {json.dumps(value, ensure_ascii=False)}")
        if data.consequence:
            lines.append(data.consequence)
        if data.danger:
            lines.append("Careful: this cannot be taken back.")
        return "\n".join(lines)

    def check(self, data: Confirm) -> list[Issue]:
        size = len(msgspec.json.encode(data.arguments))
        if size > ARGUMENTS_BYTES:
            text = f"{size} bytes are more than a person can read; at most {ARGUMENTS_BYTES}."
            return [Issue(path="/arguments", text=text)]
        if data.danger and data.always:
            return [Issue(path="/always", text="What is dangerous is allowed once at a time.")]
        return []

    def check_action(self, data: Confirm, action: str, values: Any) -> tuple[Any, list[Issue]]:
        if isinstance(values, Deny):
            return Deny(reason=(values.reason or "").strip() or None), []
        if values.scope == "always" and not data.always:
            return values, [Issue(path="/scope", text="This can only be allowed once.")]
        return values, []

    def summary(self, data: Confirm, action: str, values: Any) -> str:
        if isinstance(values, Deny):
            return f"Denied: {data.title}." + (f" {values.reason}" if values.reason else "")
        return f"Allowed {'always' if values.scope == 'always' else 'once'}: {data.title}."


CONFIRM = ConfirmKind()
