"""What a query of SQLite may be made of."""

from typing import Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.sqlite import SQLite as SQLiteDialect
from sqlglot.generators.sqlite import SQLiteGenerator

from opsloom_server.errors import NotPermitted
from opsloom_server.sources.grammar import NODES, Grammar, listed
from opsloom_server.sources.names import name_columns

__all__ = ["CALLED", "SQLITE"]


class _Printed(SQLiteDialect):
    """SQLite's dialect; a cast to NUMERIC stays one, as whole numbers stay whole by it. Names stand in backticks: where
    there is no column of that name, SQLite takes one in double quotes for a text."""

    class Tokenizer(SQLiteDialect.Tokenizer):
        IDENTIFIERS = ["`"]  # noqa: RUF012

    class Generator(SQLiteGenerator):
        TYPE_MAPPING = SQLiteGenerator.TYPE_MAPPING | {exp.DType.DECIMAL: "NUMERIC"}


_NODES: Final[frozenset[type[exp.Expr]]] = NODES | {
    *(exp.Filter, exp.Glob, exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.JSONKeyValue, exp.Lambda),
}

_TYPES: Final = frozenset(
    exp.DType[name]
    for name in listed("SMALLINT INT BIGINT DECIMAL FLOAT DOUBLE TEXT VARCHAR CHAR DATE DATETIME TIMESTAMP BOOLEAN")
)

_FUNCTIONS: Final = listed(
    """
    count sum total avg min max group_concat json_group_array json_group_object
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs round ceil ceiling floor trunc sign power pow sqrt exp ln log log2 log10 mod pi degrees radians sin cos tan asin
    acos atan atan2 random
    lower upper length octet_length substr substring instr replace trim ltrim rtrim hex quote unicode char printf format
    concat concat_ws soundex
    coalesce ifnull nullif iif if typeof likely unlikely likelihood
    date time datetime julianday strftime unixepoch timediff
    json json_array json_array_length json_extract json_object json_type json_valid json_quote json_patch json_set
    json_insert json_replace json_remove json_each json_tree
    """
)
"""Functions of SQLite by name. Not here on purpose: `load_extension`, `zeroblob` and `randomblob`, what tells of the
connection (`changes`, `last_insert_rowid`, `sqlite_version`), `pragma_…` in FROM, and whatever a program defines."""

CALLED: Final = _FUNCTIONS | listed("like glob -> ->> current_date current_time current_timestamp")
"""What the authorizer is asked for: operators are functions there."""

_EACH: Final = ("key", "value", "type", "atom", "id", "parent", "fullkey", "path")

_WORDS: Final = listed(
    """
    all and as asc between by case cast collate nocase binary rtrim cross current current_date current_time
    current_timestamp desc distinct else end escape except exclude exists false filter first following from full glob
    group groups having in inner intersect is join last left like limit materialized natural no not null nulls offset on
    or order others outer over partition preceding range recursive right row rows select then ties true unbounded union
    using values when where window with integer real text numeric blob
    """
)

_BEFORE_BRACKETS: Final = listed(
    "in over as exists values using filter group by on and or not from where when then else select having join with "
    "union intersect except distinct between is like glob escape case end offset limit cast text numeric real "
    "materialized order"
)

_OPERATORS: Final = listed("= <> < > <= >= + - * / % || & | ~ << >> -> ->> . , ( )")


def _look(node: exp.Expr) -> bool:
    if isinstance(node, exp.HexString | exp.BitString | exp.ByteString | exp.National | exp.RawString):
        raise NotPermitted("Blobs written as x'…' are not permitted. Write texts and numbers.")
    return False


def _finish(tree: exp.Query) -> None:
    name_columns(tree, SQLITE)


SQLITE: Final = Grammar(
    title="SQLite",
    reads=Dialect.get_or_raise("sqlite"),
    prints=_Printed(),
    nodes=_NODES,
    types=_TYPES,
    functions=_FUNCTIONS,
    from_functions={"json_each": _EACH, "json_tree": _EACH},
    words=_WORDS,
    before_brackets=_BEFORE_BRACKETS,
    operators=_OPERATORS,
    quote="`",
    name_bytes=256,
    system=("sqlite_", "pragma_"),
    hidden=listed("rowid oid _rowid_"),
    folded=str,
    same=str.lower,
    calls_by_dot=False,
    first_look=lambda query: None,
    look=_look,
    finish=_finish,
    too_wide=lambda node: None,
)
