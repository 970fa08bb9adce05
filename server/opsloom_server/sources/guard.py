"""The guard: a query as somebody wrote it in, the text that may run out. Nothing here knows a database.

What runs is printed anew from the tree that was judged, never the text that came in: comments, dollar quotes, escapes
and whatever else two readers could read in two ways are gone by then. The database's own rights protect the data (a
login role that may only read); the guard keeps what such a role could still do away from it.
"""

import logging
import re
from typing import Final

from msgspec import Struct
from sqlglot import exp
from sqlglot.errors import SqlglotError

from opsloom_server.errors import NotPermitted
from opsloom_server.sources.grammar import Grammar
from opsloom_server.sources.names import Tables, printed_name, settle_names
from opsloom_server.sources.printed import look_at

__all__ = ["LONGEST", "Judged", "judge"]

LONGEST: Final = 20_000
"""Characters of a query; a page of SQL has 3,000."""
# sqlglot reads by recursion: this many brackets in brackets take 5 ms, and some thousand would end in RecursionError.
_DEEPEST: Final = 40
# PostgreSQL's arrays have six dimensions; each more would double the time that sqlglot takes.
_DEEPEST_SQUARE: Final = 6
# Words and signs of a query: a page of SQL has 700. So many take some 0.3 s to judge.
_MOST: Final = 3_000
# `repeat('x', 1000000000)` makes a gigabyte of one row.
_WIDEST: Final = 1_000
_ONE: Final = "Write one statement that begins with SELECT or WITH and only reads."

# It logs the text of what it cannot read, which is somebody's.
logging.getLogger("sqlglot").setLevel(logging.CRITICAL)


class Judged(Struct, frozen=True):
    """A query that may run: `text` is what runs, `tables` what it reads."""

    text: str
    tables: tuple[str, ...]


def judge(query: str, tables: Tables, grammar: Grammar) -> Judged:
    """Judge a query against what may be read. Raises NotPermitted with words that help to write it right.

    10 ms of CPU for a page of SQL, so not on the event loop.
    """
    tree = _read(query, grammar)
    for node in tree.walk():
        _judge(node, grammar)
    for identifier in tree.find_all(exp.Identifier):
        if len(identifier.name.encode()) > grammar.name_bytes:
            raise NotPermitted(f"The name {identifier.name[:20]}… is too long; the database would cut it short.")
        if not identifier.args.get("quoted"):
            identifier.set("this", grammar.folded(identifier.name))
            identifier.set("quoted", True)
    try:
        settle_names(tree, tables, grammar)
        grammar.finish(tree)
        text = tree.sql(dialect=grammar.prints, identify=True, comments=False, normalize_functions="lower")
    except (SqlglotError, RecursionError, ValueError) as error:
        raise NotPermitted(f"The query could not be understood. {_ONE}") from error
    look_at(text, grammar)
    read = {f"{table.db}.{table.name}" for table in tree.find_all(exp.Table) if table.db}
    return Judged(text, tuple(sorted(read)))


def _read(query: str, grammar: Grammar) -> exp.Query:
    if not query.strip():
        raise NotPermitted(f"There is no query. {_ONE}")
    if len(query) > LONGEST:
        raise NotPermitted(f"A query may have {LONGEST:,} characters; this one has {len(query):,}.")
    if any(ord(sign) < 32 and sign not in "\t\n\r\f" for sign in query) or re.search("[\ud800-\udfff]", query):
        raise NotPermitted("The query holds signs that are no text.")
    for opening, closing, most in (("([{", ")]}", _DEEPEST), ("[", "]", _DEEPEST_SQUARE)):
        if _depth(query, opening, closing) > most:
            raise NotPermitted(f"The query has more than {most} brackets {opening[0]} within each other.")
    grammar.first_look(query)
    try:
        tokens = grammar.reads.tokenize(query)
        if len(tokens) > _MOST:
            raise NotPermitted(f"A query may have {_MOST:,} words and signs; this one has {len(tokens):,}.")
        read = grammar.reads.parser().parse(tokens, query)
    except (SqlglotError, RecursionError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        raise NotPermitted(f"The query could not be read as {grammar.title}'s SQL{_where(error)}. {_ONE}") from None
    statements = [one for one in read if one is not None and not isinstance(one, exp.Semicolon)]
    if len(statements) != 1:
        raise NotPermitted(f"These are {len(statements)} statements. {_ONE}" if statements else _ONE)
    tree = statements[0]
    if not isinstance(tree, exp.Query):
        raise NotPermitted(f"{_called(tree)} is not permitted. {_ONE}")
    return tree


def _depth(query: str, opening: str, closing: str) -> int:
    """How many brackets lie within each other, at most; those in texts count as well."""
    depth = deepest = 0
    for sign in query:
        depth += (sign in opening) - (sign in closing)
        deepest = max(deepest, depth)
    return deepest


def _judge(node: exp.Expr, grammar: Grammar) -> None:
    """One part of the tree, by its kind; its place is judged with the names, its printed form with the text."""
    if grammar.look(node):
        return
    if (times := grammar.too_wide(node)) is not None:
        _narrow(node, times, grammar)
    match node:
        case exp.Into():
            raise NotPermitted("SELECT … INTO is not permitted; the result is shown as it is.")
        case exp.Lock():
            raise NotPermitted("FOR UPDATE and FOR SHARE are not permitted: they lock rows. Leave them out.")
        case exp.Parameter() | exp.Placeholder():
            raise NotPermitted("Parameters and placeholders are not permitted. Write the values themselves.")
        case exp.Dot():
            raise NotPermitted("A dot after brackets, or before a function, is not permitted. Write table.column.")
        case exp.Operator():
            raise NotPermitted("OPERATOR(…) is not permitted. Write the operator itself.")
        case exp.DataType() if node.this not in grammar.types:
            name = node.sql(dialect=grammar.prints).lower()
            raise NotPermitted(f"A cast to {name} is not permitted. Types that are: {_types(grammar)} and so on.")
        case exp.Anonymous() if not isinstance(node.this, str):
            raise NotPermitted(f"The function {node.name} is not permitted in quotes.")
        case exp.Func() | exp.Unnest():
            pass
        case _ if type(node) not in grammar.nodes:
            raise NotPermitted(f"{_called(node)} is not permitted in a query.")
    if isinstance(node, exp.Table) and node.args.get("rows_from"):
        raise NotPermitted("ROWS FROM is not permitted. Join the functions instead.")


def _types(grammar: Grammar) -> str:
    usual = (exp.DType.TEXT, exp.DType.CHAR, exp.DType.DECIMAL, exp.DType.DATE, exp.DType.JSONB)
    known = [exp.DataType(this=one).sql(dialect=grammar.prints).lower() for one in usual if one in grammar.types]
    return ", ".join(known)


def _narrow(node: exp.Expr, times: exp.Expr, grammar: Grammar) -> None:
    if not (isinstance(times, exp.Literal) and times.is_int and int(times.name) <= _WIDEST):
        name = printed_name(node, grammar)
        raise NotPermitted(f"{name} takes a plain number up to {_WIDEST:,} for how long the text becomes.")


def _called(node: exp.Expr) -> str:
    """A part of a query in words for people: INSERT, EXPLAIN, TABLESAMPLE."""
    if isinstance(node, exp.Command):
        return str(node.this).upper()
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(node).__name__).upper()


def _where(error: Exception) -> str:
    for one in getattr(error, "errors", ()):
        if one.get("line"):
            return f" at line {one['line']}, column {one['col']}, near “{str(one.get('highlight') or '')[:40]}”"
    return ""
