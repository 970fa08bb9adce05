"""The last look at a query: the printed text itself, token by token, as the database will read it.

The tree was judged already; this does not trust that the tree and the text say the same. Names of tables and columns
are printed in quotes, so each bare word is a word of the language, a type or a function, and only listed ones pass.
"""

import re
from typing import Final

from opsloom_server.errors import NotPermitted
from opsloom_server.sources.grammar import Grammar

__all__ = ["look_at"]

_SIGNS: Final = r"""
    (?P<space>\s+)
    | (?P<text>'(?:[^']|'')*')
    | (?P<name>Q(?:[^Q]|QQ)+Q)
    | (?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)
    | (?P<word>[A-Za-z_][A-Za-z_0-9]*)
    | (?P<sign>[(),.\[\]]|[-+*/<>=~!@\#%^&|`?:;$\\{}]+)
    """
_READ: Final = {quote: re.compile(_SIGNS.replace("Q", quote), re.VERBOSE) for quote in ('"', "`")}


def look_at(text: str, grammar: Grammar) -> None:
    """Raise NotPermitted unless the text is made of nothing but what is allowed."""
    tokens: list[tuple[str, str]] = []
    at = ended = 0
    while at < len(text):
        found = _READ[grammar.quote].match(text, at)
        if found is None:
            raise NotPermitted(f"The sign “{text[at]}” is not permitted in a query.")
        if found.lastgroup != "space":
            # A value or a name that follows a word or a number without a space would be read as one with it: E'…'.
            tight = bool(tokens) and found.start() == ended and tokens[-1][0] in ("word", "number", "text", "name")
            if tight and found.lastgroup in ("text", "name", "word", "number"):
                raise NotPermitted(
                    f"“{tokens[-1][1][:20]}{found[0][:20]}” is not a value that is permitted in a query."
                )
            tokens.append((found.lastgroup or "", found[0]))
            ended = found.end()
        at = found.end()
    for index, (kind, token) in enumerate(tokens):
        before_bracket = index + 1 < len(tokens) and tokens[index + 1][1] == "("
        if kind == "word":
            _word(token.lower(), before_bracket, grammar)
        elif kind == "sign" and token not in grammar.operators:
            raise NotPermitted(f"The operator {token} is not permitted.")
        elif kind == "name" and before_bracket and not _is_alias(tokens, index):
            raise NotPermitted(f"The function {token} is not permitted.")


def _word(word: str, before_bracket: bool, grammar: Grammar) -> None:
    if before_bracket and word not in grammar.functions and word not in grammar.before_brackets:
        raise NotPermitted(f"The function {word} is not permitted.")
    if word not in grammar.words and not before_bracket:
        raise NotPermitted(f"{word.upper()} is not permitted. Write one SELECT that only reads.")


def _is_alias(tokens: list[tuple[str, str]], index: int) -> bool:
    """Whether the bracket after a quoted name holds the names of its columns: `AS "u"("a")`, `"x"("a") AS (SELECT`."""
    if index and tokens[index - 1][1].upper() == "AS":
        return True
    after = index + 2
    while after < len(tokens) and (tokens[after][0] == "name" or tokens[after][1] == ","):
        after += 1
    rest = [token.upper() for _, token in tokens[after : after + 6]]
    rest = [token for token in rest if token not in ("NOT", "MATERIALIZED")]
    return rest[:3] == [")", "AS", "("] and rest[3:4] in (["SELECT"], ["WITH"], ["VALUES"], ["("])
