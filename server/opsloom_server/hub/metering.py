"""What a turn uses, while it uses it: exact for the responses that have ended, estimated for the one that streams."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal

from msgspec import Struct
from opsloom_protocol.messages import Usage
from pydantic_ai.usage import RunUsage

from opsloom_server.models.prices import Price

CHARS_PER_TOKEN: Final = 4.0
"""Of most models, for most European languages; each model's own figure is learnt from what its vendor says."""
# A response too short to learn from; and what no language's text goes beyond.
LEARN_CHARS: Final = 200
FEWEST, MOST = 1.0, 8.0


class Account:
    """What one user, assistant or workspace has used in a period: `stored` in the database, `live` in turns that run
    on this node."""

    __slots__ = ("live_money", "live_tokens", "stored_money", "stored_tokens", "turns")

    def __init__(self) -> None:
        self.stored_tokens = 0.0
        self.stored_money = 0.0
        self.live_tokens = 0.0
        self.live_money = 0.0
        self.turns = 0


class Bound(Struct, frozen=True):
    """A budget that a turn keeps to. `words` say for people what is used up and when it is free again."""

    account: Account
    unit: Literal["tokens", "money"]
    most: float
    words: str
    free_in: float | None = None
    """Seconds; None where it is one answer's own budget."""

    @property
    def used(self) -> float:
        account = self.account
        if self.unit == "tokens":
            return account.stored_tokens + account.live_tokens
        return account.stored_money + account.live_money


class Reckoning:
    """How many characters of a model's text make a token: as it is learnt from its responses."""

    __slots__ = ("chars",)

    def __init__(self) -> None:
        self.chars = CHARS_PER_TOKEN

    def learn(self, chars: int, tokens: int) -> None:
        if chars >= LEARN_CHARS and tokens > 0:
            self.chars = 0.7 * self.chars + 0.3 * min(max(chars / tokens, FEWEST), MOST)


class Meter:
    """One turn's. `usage` is filled in by whoever asks the model, as each response ends; `halt` is called once, when a
    bound is crossed."""

    def __init__(self, reckoning: Reckoning, price: Price | None = None, bounds: Sequence[Bound] = ()) -> None:
        self.usage = RunUsage()
        self.bounds = bounds
        self.crossed: Bound | None = None
        self.halt: Callable[[], None] = lambda: None
        self._reckoning = reckoning
        self._price = price
        # The accounts, each once, whatever bounds look at it.
        self._accounts = list({id(bound.account): bound.account for bound in bounds}.values())
        for account in self._accounts:
            account.turns += 1
        self._published = (0.0, 0.0)
        # The response that streams: what it was told, what it has said so far, and the figures before it.
        self._told: Callable[[], int] | None = None
        self._input = 0.0
        self._chars = 0
        self._before = (0, 0, 0)
        self._responses = 0
        # Of responses that ended without figures.
        self._guessed = (0.0, 0.0)

    @property
    def begun(self) -> bool:
        """Whether the model has said anything."""
        return self._responses > 0 or self._chars > 0

    # ------------------------------------------------------------------------------------------ as it runs

    def asks(self, told: Callable[[], int]) -> None:
        """The first request goes out; `told` counts the characters of what it tells the model."""
        self._told = told
        if self.bounds:
            self._input = told() / self._reckoning.chars
            self._look()

    def response(self) -> None:
        """A response begins; those before it have ended, and their figures stand in `usage`."""
        if self._responses:
            read, written = self._close(broken_off=False)
            self._input = read + written  # the next request tells all of this again, and what tools gave
            self._told = None
        self._responses += 1
        if self.bounds:
            self._look()

    def wrote(self, chars: int) -> None:
        """The model wrote so many characters more."""
        self._chars += chars
        if self.bounds:
            self._look()

    def look(self) -> None:
        """Look again, as between two responses."""
        if self.bounds:
            self._look()

    def _look(self) -> None:
        tokens, money = self._so_far()
        more_tokens, more_money = tokens - self._published[0], money - self._published[1]
        self._published = tokens, money
        for account in self._accounts:
            account.live_tokens += more_tokens
            account.live_money += more_money
        if self.crossed is None:
            for bound in self.bounds:
                if bound.used > bound.most:
                    self.crossed = bound
                    self.halt()
                    return

    def _so_far(self) -> tuple[float, float]:
        """Tokens and US dollars, with the open response as it is estimated."""
        usage, price = self.usage, self._price
        read, written = self._guessed
        if self._open():
            read += self._input
            written += self._chars / self._reckoning.chars
        tokens = usage.input_tokens + usage.output_tokens + read + written
        if price is None:
            return tokens, 0.0
        return tokens, price.of(usage) + read * price.input + written * price.output

    def _open(self) -> bool:
        """Whether the vendor's figures of the last response are still to come."""
        return (self.usage.input_tokens, self.usage.output_tokens) == self._before[:2]

    # ------------------------------------------------------------------------------------------ as it ends

    def _close(self, *, broken_off: bool) -> tuple[float, float]:
        """The response has ended. Gives what it read and wrote; what its vendor does not say is estimated."""
        usage = self.usage
        read = float(usage.input_tokens - self._before[0])
        written = float(usage.output_tokens - self._before[1])
        thought = usage.output_reasoning_tokens - self._before[2]
        said = self._chars / self._reckoning.chars
        more_read = more_written = 0.0
        if not read and not written:
            if self._chars:
                more_read, more_written = self._reads(), said
        elif not broken_off:
            if not thought:
                self._reckoning.learn(self._chars, int(written))
        elif said > 2 * written:  # a vendor that counts as it goes had only just begun
            more_written = said - written
        self._guessed = self._guessed[0] + more_read, self._guessed[1] + more_written
        self._before = usage.input_tokens, usage.output_tokens, usage.output_reasoning_tokens
        self._chars, self._input = 0, 0.0
        return read + more_read, written + more_written

    def _reads(self) -> float:
        if not self._input and self._told is not None:
            return self._told() / self._reckoning.chars
        return self._input

    def total(self, price: Price | None, *, broken_off: bool) -> Usage:
        """What the turn has used, at its end."""
        self._close(broken_off=broken_off)
        usage = self.usage
        read, written = round(self._guessed[0]), round(self._guessed[1])
        cost = None
        if price is not None:
            cost = round(price.of(usage) + read * price.input + written * price.output, 8)
        return Usage(
            input_tokens=usage.input_tokens + read,
            output_tokens=usage.output_tokens + written,
            cached_tokens=usage.cache_read_tokens,
            reasoning_tokens=usage.output_reasoning_tokens,
            cost=cost,
            estimated=bool(read or written),
        )

    def leave(self, total: Usage | None) -> None:
        """The turn has ended and `total` is stored; None where another node has it now."""
        for account in self._accounts:
            account.turns -= 1
            account.live_tokens -= self._published[0]
            account.live_money -= self._published[1]
            if total is not None:
                account.stored_tokens += total.input_tokens + total.output_tokens
                account.stored_money += total.cost or 0.0
        self._accounts = []
        self.bounds = ()


def first_over(bounds: Iterable[Bound]) -> Bound | None:
    """The budget that is used up before anything is asked; of several the one that is free again last."""
    over = [bound for bound in bounds if bound.used >= bound.most]
    return max(over, key=lambda bound: bound.free_in or 0.0, default=None)
