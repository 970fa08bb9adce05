"""Tokens that carry the time they were written: a space and five base-62 digits of the monotonic clock's microseconds.

Every process of a machine reads the same clock, so whoever receives a token knows how long it was on its way, whatever
the server between made of it (merged it, put it into other frames). Five digits wrap after 916 s.
"""

import string
import time
from typing import Final

DIGITS: Final = string.digits + string.ascii_letters
WIDTH: Final = 6
WRAP: Final = 62**5

# Two digits at a time: 0.4 µs a token where a loop over digits takes 1.5.
_PAIRS: Final = [(a + b).encode() for a in DIGITS for b in DIGITS]
_VALUES: Final = {pair: value for value, pair in enumerate(_PAIRS)}
_ONES: Final = [b" " + digit.encode() for digit in DIGITS]
_ONE_VALUES: Final = {digit: value for value, digit in enumerate(_ONES)}


def now() -> int:
    """Microseconds of the monotonic clock."""
    return time.monotonic_ns() // 1000


def written(at: int) -> bytes:
    """The token that was written at this time."""
    rest, low = divmod(at % WRAP, 3844)
    high, middle = divmod(rest, 3844)
    return _ONES[high] + _PAIRS[middle] + _PAIRS[low]


def delays(text: bytes, at: int) -> list[int]:
    """How many microseconds before `at` each token of the text was written. Raises `KeyError` on another text."""
    at %= WRAP
    return [
        (
            at
            - _ONE_VALUES[text[place : place + 2]] * 14_776_336
            - _VALUES[text[place + 2 : place + 4]] * 3844
            - _VALUES[text[place + 4 : place + 6]]
        )
        % WRAP
        for place in range(0, len(text), WIDTH)
    ]
