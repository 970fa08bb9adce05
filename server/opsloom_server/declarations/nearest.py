"""What somebody probably meant by a name that there is not."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["nearest"]


def nearest(name: str, known: Iterable[str]) -> str:
    """Words to add to "there is no such thing": the name that is nearest, or nothing where none is near.

    >>> nearest("instuctions", ["instructions", "name"])
    '; did you mean `instructions`?'
    """
    names = sorted(set(known))
    found = get_close_matches(name.lower(), [one.lower() for one in names], n=1, cutoff=0.6)
    if not found:
        return "."
    return f"; did you mean `{next(one for one in names if one.lower() == found[0])}`?"
