"""What a query of MySQL or MariaDB may be made of.

Both are read as their default mode reads: texts in ' or ", backslashes that escape. What runs is printed for the mode
that the connection sets: a text stands in ' alone and its backslashes mean themselves, names stand in backticks.
"""

import re
from typing import Final

from msgspec.structs import replace
from sqlglot import exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.dialects.mysql import MySQL as MySQLDialect
from sqlglot.generators.mysql import MySQLGenerator

from opsloom_server.errors import NotPermitted
from opsloom_server.sources.grammar import NODES, Grammar, listed
from opsloom_server.sources.mysql.functions import BOTH, MARIADB_ONLY, MYSQL_ONLY
from opsloom_server.sources.names import name_columns

__all__ = ["MARIADB", "MYSQL"]


class _Printed(MySQLDialect):
    """MySQL's dialect with NO_BACKSLASH_ESCAPES; what only one of the two servers has is written for both."""

    class Tokenizer(MySQLDialect.Tokenizer):
        QUOTES = ["'"]  # noqa: RUF012
        STRING_ESCAPES = ["'"]  # noqa: RUF012

    class Generator(MySQLGenerator):
        def regexplike_sql(self, expression: exp.RegexpLike) -> str:
            if expression.args.get("flag"):
                raise NotPermitted("regexp_like takes no third argument here. Write (?i) into the expression.")
            return self.binary(expression, "REGEXP")

        def jsonextractscalar_sql(self, expression: exp.JSONExtractScalar) -> str:
            path = self.sql(expression, "expression")
            return f"json_unquote(json_extract({self.sql(expression, 'this')}, {path}))"

        def median_sql(self, expression: exp.Median) -> str:
            return f"median({self.sql(expression, 'this')})"

        TRANSFORMS = {  # noqa: RUF012
            kind: written
            for kind, written in MySQLGenerator.TRANSFORMS.items()
            if kind not in (exp.RegexpLike, exp.JSONExtractScalar, exp.Median)
        }


_NODES: Final[frozenset[type[exp.Expr]]] = NODES | {
    *(exp.Rollup, exp.WithinGroup, exp.Interval, exp.Any, exp.All, exp.MatchAgainst, exp.JSONSchema, exp.JSONColumnDef),
    *(exp.BitwiseLeftShift, exp.BitwiseRightShift, exp.CharacterSet, exp.JSONKeyValue, exp.RegexpLike),
    *(exp.JSONArrayContains, exp.JSONPathWildcard, exp.JSONPathRecursive, exp.JSONValue),
}

_TYPES: Final = frozenset(
    exp.DType[name]
    for name in listed(
        "SMALLINT INT BIGINT UBIGINT UINT DECIMAL FLOAT DOUBLE TEXT VARCHAR CHAR BINARY VARBINARY DATE TIME DATETIME "
        "TIMESTAMP TIMESTAMPTZ YEAR JSON CHARACTER_SET"
    )
)

_WORDS: Final = listed(
    """
    all and any as asc between by case cast character current_date current_time current_timestamp localtime
    localtimestamp cross current desc distinct div else end escape except exists false following for from group having
    in inner intersect interval is join left like limit natural not null of offset on or order outer over partition
    preceding range recursive regexp right rollup row rows select separator set sounds then true unbounded union using
    values when where window with within xor against boolean mode language expansion query member path columns nested
    ordinality empty error default
    microsecond second minute hour day week month quarter year day_hour day_minute day_second hour_minute hour_second
    minute_second year_month second_microsecond leading trailing both
    signed unsigned integer char binary varchar decimal double float date time datetime timestamp json int bigint text
    utf8mb4 collate utf8mb4_bin utf8mb4_general_ci utf8mb4_unicode_ci utf8mb4_0900_ai_ci ascii latin1
    """
)

_BEFORE_BRACKETS: Final = listed(
    "in over as any all exists values using group by on and or xor not from where when then else select having with "
    "union intersect except distinct between is like regexp escape case varchar char decimal binary time timestamp "
    "datetime double float interval end offset limit cast extract against columns nested of order join trim "
    "separator path"
)

_OPERATORS: Final = listed("= <> < > <= >= <=> + - * / % & | ^ ~ << >> . , ( )")

# Comments that the server would read, and what a text, a name or a plain comment looks like.
_LEXED: Final = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|(?P<comment>/\*.*?(?:\*/|\Z))|--(?=\s)[^\n]*|\#[^\n]*""",
    re.DOTALL | re.VERBOSE,
)
_RUNS: Final = re.compile(r"/\*(!|M!|\+)", re.IGNORECASE)


def _first_look(query: str) -> None:
    for found in _LEXED.finditer(query):
        if found["comment"] and _RUNS.match(found["comment"]):
            raise NotPermitted("Comments that the server would run, /*! … */ and /*+ … */, are not permitted.")


def _look(node: exp.Expr) -> bool:
    match node:
        case exp.HexString() | exp.BitString() | exp.ByteString() | exp.National() | exp.Introducer() | exp.RawString():
            raise NotPermitted("Texts in x'…', 0x…, b'…', N'…' or after a character set are not permitted; use '…'.")
        case exp.SessionParameter() | exp.PropertyEQ():
            raise NotPermitted("Variables are not permitted. Write the values themselves.")
        case exp.Column() if isinstance(node.this, exp.Identifier) and node.name.startswith("@"):
            raise NotPermitted("Variables are not permitted. Write the values themselves.")
        case exp.Literal() if node.is_string and "\0" in node.name:
            raise NotPermitted("The query holds signs that are no text.")
    return False


def _finish(tree: exp.Query) -> None:
    # Without backslash escapes LIKE has no escape sign of its own; with them, as the query was read, it is \.
    for like in list(tree.find_all(exp.Like)):
        if not isinstance(like.parent, exp.Escape):
            like.replace(exp.Escape(this=like.copy(), expression=exp.Literal.string("\\")))
    name_columns(tree, MYSQL)


def _too_wide(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.Repeat | exp.Pad):
        return node.args.get("times") or node.args.get("expression") or exp.Null()
    if isinstance(node, exp.Space):
        return node.this or exp.Null()
    if isinstance(node, exp.Anonymous) and node.name.lower() in ("repeat", "space", "lpad", "rpad"):
        return exp.Null()
    return None


MYSQL: Final = Grammar(
    title="MySQL",
    reads=Dialect.get_or_raise("mysql"),
    prints=_Printed(),
    nodes=_NODES,
    types=_TYPES,
    functions=BOTH | MYSQL_ONLY,
    from_functions={"json_table": None},
    words=_WORDS,
    before_brackets=_BEFORE_BRACKETS,
    operators=_OPERATORS,
    quote="`",
    name_bytes=256,
    system=(),
    hidden=frozenset(),
    folded=str,
    same=str.lower,
    calls_by_dot=False,
    first_look=_first_look,
    look=_look,
    finish=_finish,
    too_wide=_too_wide,
)
MARIADB: Final = replace(MYSQL, title="MariaDB", functions=BOTH | MARIADB_ONLY)
