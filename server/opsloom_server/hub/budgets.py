"""What turns may cost, in tokens and US dollars: a turn, a user's day, an assistant's or a workspace's day and month.

What was used before comes from the database, so it is the same on every node; what runs on this node is added as it
streams. Where no budget is set nothing is asked and nothing is counted up.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from typing import Any, Final, Literal

from msgspec import Struct
from opsloom_protocol.messages import Issue
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Budget
from opsloom_server.hub.metering import Account, Bound, Meter, Reckoning, first_over
from opsloom_server.models.prices import Prices
from opsloom_server.settings import Limits
from opsloom_server.store.assistants import Assistant
from opsloom_server.store.spending import Spent, spent

# Accounts of people who have long gone are dropped whenever there are more than this.
ACCOUNTS: Final = 10_000


class _Field(Struct, frozen=True):
    """A setting: whose use it limits, in which period, in what. `words`: what is used up then."""

    name: str
    scope: str
    unit: Literal["tokens", "money"]
    words: str


def _fields(*scopes: tuple[str, str, str]) -> tuple[_Field, ...]:
    """Each once for tokens and once for money; the name has `{}` where the unit stands."""
    units: tuple[Literal["tokens", "money"], ...] = ("tokens", "money")
    return tuple(_Field(name.format(unit), scope, unit, words) for name, scope, words in scopes for unit in units)


_TURN: Final = ("turn_{}", "turn", "One answer may use only so much.")
OF_INSTALLATION: Final = _fields(
    _TURN,
    ("user_{}_per_day", "user_day", "You have used what one person may use in a day."),
    ("workspace_{}_per_day", "workspace_day", "Everybody here together has used what may be used in a day."),
    ("workspace_{}_per_month", "workspace_month", "Everybody here together has used what may be used in a month."),
)
"""`OPSLOOM_LIMIT_*`."""
OF_ASSISTANT: Final = _fields(
    _TURN,
    ("user_{}_per_day", "assistant_user_day", "You have used what one person may use of this assistant in a day."),
    ("{}_per_day", "assistant_day", "This assistant has been used as much as it may be in a day."),
    ("{}_per_month", "assistant_month", "This assistant has been used as much as it may be in a month."),
)
"""An assistant's `limits`."""


def wrong_limits(limits: Mapping[str, Any]) -> list[Issue]:
    """What cannot stay in an assistant's `limits`: names that are none, and values that are no amount."""
    names = [field.name for field in OF_ASSISTANT]
    issues: list[Issue] = []
    for name, value in limits.items():
        if name not in names:
            nearest = get_close_matches(name, names, 1, 0.5)
            words = f"Did you mean “{nearest[0]}”?" if nearest else f"There are {', '.join(names)}."
            issues.append(Issue(path=f"/limits/{name}", text=f"There is no limit “{name[:60]}”. {words}"))
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e15:
            unit = "tokens" if "tokens" in name else "US dollars"
            issues.append(Issue(path=f"/limits/{name}", text=f"{name} is an amount in {unit}, such as 5; 0 is none."))
    return issues


class Budgets:
    """Of this node. `meter` makes what each turn counts with."""

    def __init__(self, limits: Limits, prices: Prices) -> None:
        self._limits: Mapping[str, Any] = {field.name: getattr(limits, field.name) for field in OF_INSTALLATION}
        self._prices = prices
        self._accounts: dict[tuple[str, str, str, date], Account] = {}
        self._reckonings: dict[str, Reckoning] = {}

    @property
    def of_money(self) -> bool:
        """Whether the installation has a budget in money."""
        return any(self._limits[field.name] for field in OF_INSTALLATION if field.unit == "money")

    def _set(self, assistant: Assistant) -> list[tuple[_Field, float]]:
        own = assistant.spec.limits
        return [
            *((field, self._limits[field.name]) for field in OF_INSTALLATION if self._limits[field.name]),
            *((field, float(own[field.name])) for field in OF_ASSISTANT if _is_set(own.get(field.name))),
        ]

    async def bounds(
        self, connection: AsyncConnection, workspace: str, user: str, assistant: Assistant
    ) -> Sequence[Bound]:
        """What a turn that begins now has to keep to."""
        fields = self._set(assistant)
        if not fields:
            return ()
        scopes = {field.scope for field, _ in fields} - {"turn"}
        known: Spent | None = None
        if scopes:
            known = await spent(
                connection,
                user,
                assistant.id,
                monthly=any(scope.endswith("_month") for scope in scopes),
                own=scopes <= {"user_day", "assistant_user_day"},
            )
        turn = Account()
        return [
            self._bound(field, most, workspace, user, assistant.id, known)
            if known is not None and field.scope != "turn"
            else Bound(turn, field.unit, most, f"{field.words} Ask for less at once.")
            for field, most in fields
        ]

    def _bound(self, field: _Field, most: float, workspace: str, user: str, assistant: str, known: Spent) -> Bound:
        monthly = field.scope.endswith("_month")
        whose = {
            "user_day": user,
            "assistant_user_day": f"{user} {assistant}",
            "assistant_day": assistant,
            "assistant_month": assistant,
        }.get(field.scope, "")
        begun = known.today.replace(day=1) if monthly else known.today
        key = (workspace, field.scope, whose, begun)
        account = self._accounts.get(key)
        if account is None:
            if len(self._accounts) >= ACCOUNTS:
                self._accounts = {key: one for key, one in self._accounts.items() if one.turns}
            account = self._accounts[key] = Account()
        account.stored_tokens = known.tokens[field.scope]
        account.stored_money = known.money[field.scope]
        left = known.month_left if monthly else known.day_left
        return Bound(account, field.unit, most, f"{field.words} {_free_again(left, monthly=monthly)}", left)

    async def admit(
        self, connection: AsyncConnection, workspace: str, user: str, assistant: Assistant
    ) -> Sequence[Bound]:
        """The same, where something is left. Raises `Budget`, which says when there is again."""
        bounds = await self.bounds(connection, workspace, user, assistant)
        over = first_over(bounds)
        if over is not None:
            raise Budget(over.words, retry_ms=None if over.free_in is None else int(over.free_in * 1000) + 1)
        return bounds

    def meter(self, model: str, bounds: Sequence[Bound]) -> Meter:
        """What a turn of this model counts with; with `bounds` it is stopped where it crosses one."""
        reckoning = self._reckonings.setdefault(model, Reckoning())
        return Meter(reckoning, self._prices.of(model) if bounds else None, bounds)


def _is_set(value: Any) -> bool:
    """Rows from before these fields were checked may hold anything."""
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


def _free_again(seconds: float, *, monthly: bool) -> str:
    day = "on the 1st" if monthly else "at midnight"
    minutes = int(seconds // 60) + 1
    if minutes < 60:
        length = f"{minutes} min"
    elif minutes < 48 * 60:
        length = f"{minutes // 60} h {minutes % 60} min"
    else:
        length = f"{minutes // (24 * 60)} days"
    return f"It is free again {day} (UTC), in {length}."
