"""What a query may be made of, for one dialect. Lists of what is allowed: what nobody thought of is refused."""

from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

__all__ = ["NODES", "Grammar", "listed"]


def listed(words: str) -> frozenset[str]:
    """Words with spaces between, as a set."""
    return frozenset(words.split())


class Grammar(Struct, frozen=True, kw_only=True):
    """The guard of one dialect, as values."""

    title: str
    """The database's name as people write it."""
    reads: Dialect
    prints: Dialect
    """How a query is read, and how what runs is printed: so that the database can read it in one way only."""
    nodes: frozenset[type[exp.Expr]]
    """The parts of a query by their class. Calls of functions (`exp.Func`) are judged by the name that is printed."""
    types: frozenset[exp.DType]
    """What a value may be cast to."""
    functions: frozenset[str]
    """Functions by name: they read their arguments and nothing else."""
    from_functions: Mapping[str, tuple[str, ...] | None]
    """Functions that may stand in FROM, with their columns: none where the column is called as the alias is, None where
    the query must list them with their types."""
    words: frozenset[str]
    """Words that may stand unquoted in what runs, beside the names of functions: names of tables and columns are
    quoted."""
    before_brackets: frozenset[str]
    """What of these may stand before a bracket: `IN (…)`, `OVER (…)`, `VARCHAR(3)`."""
    operators: frozenset[str]
    quote: str
    """The sign round names in what is printed."""
    name_bytes: int
    """A longer name the database would refuse, or cut short."""
    system: tuple[str, ...]
    """How the database's own relations begin; no name that a query gives may."""
    hidden: frozenset[str]
    """Columns that every table has beside those that are known, such as SQLite's `rowid`."""
    folded: Callable[[str], str]
    """An unquoted name as the database takes it."""
    same: Callable[[str], str]
    """A name as it is compared with another."""
    calls_by_dot: bool
    """Whether `a.f` may be the call `f(a)`. Then each dotted name has to be a column that is known."""
    first_look: Callable[[str], None]
    """Looks at a query before it is parsed; raises NotPermitted."""
    look: Callable[[exp.Expr], bool]
    """Looks at one part of the tree, and may replace it; raises NotPermitted. True: there is no more to judge of it."""
    finish: Callable[[exp.Query], None]
    """The last change to a judged tree before it is printed."""
    too_wide: Callable[[exp.Expr], exp.Expr | None]
    """The argument of a call that says how long its text becomes; None where the call makes none longer."""


NODES: Final[frozenset[type[exp.Expr]]] = frozenset(
    {
        # queries
        *(exp.Select, exp.Union, exp.Intersect, exp.Except, exp.Subquery, exp.Values, exp.Tuple),
        *(exp.With, exp.CTE, exp.From, exp.Join, exp.Table, exp.TableAlias),
        *(exp.Where, exp.Group, exp.Having, exp.Distinct, exp.Order, exp.Ordered, exp.Limit, exp.Offset),
        *(exp.Window, exp.WindowSpec),
        # names and values
        *(exp.Identifier, exp.Column, exp.Star, exp.Alias, exp.Paren, exp.Literal, exp.Boolean, exp.Null, exp.Var),
        *(exp.DataType, exp.DataTypeParam),
        # what is compared and counted
        *(exp.Not, exp.Neg, exp.Is, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.NullSafeEQ, exp.NullSafeNEQ),
        *(exp.Between, exp.In, exp.Escape),
        *(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.IntDiv, exp.Mod, exp.DPipe),
        *(exp.BitwiseAnd, exp.BitwiseOr, exp.BitwiseXor, exp.BitwiseNot),
        *(exp.Like, exp.JSONPath, exp.JSONPathRoot, exp.JSONPathKey, exp.JSONPathSubscript),
    }
)
"""The parts that every dialect has."""
