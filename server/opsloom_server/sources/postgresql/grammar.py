"""What a query of PostgreSQL may be made of."""

import re
from typing import Final

from sqlglot import exp
from sqlglot.dialects.dialect import Dialect

from opsloom_server.errors import NotPermitted
from opsloom_server.sources.grammar import NODES, Grammar, listed

__all__ = ["POSTGRESQL"]

_NODES: Final[frozenset[type[exp.Expr]]] = NODES | {
    *(exp.Lateral, exp.ColumnDef, exp.GroupingSets, exp.Cube, exp.Rollup, exp.Fetch, exp.LimitOptions),
    *(exp.WithinGroup, exp.Filter, exp.Interval, exp.Bracket, exp.Slice),
    *(exp.Any, exp.All, exp.Overlaps, exp.AtTimeZone, exp.Distance, exp.ArrayOverlaps, exp.MatchAgainst),
    *(exp.ILike, exp.SimilarTo, exp.RegexpLike, exp.RegexpILike),
    # `f(a -> 'b')` and `f(a => 1)`: sqlglot takes the first for a function of `a`; it prints as it came
    *(exp.Lambda, exp.Kwarg),
}

_TYPES: Final = frozenset(
    exp.DType[name]
    for name in listed(
        "SMALLINT INT BIGINT DECIMAL FLOAT DOUBLE BOOLEAN TEXT VARCHAR CHAR DATE TIME TIMETZ TIMESTAMP TIMESTAMPTZ "
        "TIMESTAMPNTZ INTERVAL UUID JSON JSONB INET ARRAY"
    )
)
"""What a value may be cast to. Not `regclass` and its kin, which look a name up in the catalogue, nor types of users'
own, whose input is a function of theirs."""

_FUNCTIONS: Final = listed(
    """
    count sum avg min max mode array_agg string_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or
    every bit_and bit_or stddev stddev_pop stddev_samp variance var_pop var_samp corr covar_pop covar_samp regr_slope
    regr_intercept regr_r2 regr_count regr_avgx regr_avgy percentile_cont percentile_disc any_value grouping
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value
    abs ceil ceiling floor round trunc div power sqrt cbrt exp ln log log10 sign greatest least gcd lcm pi degrees
    radians sin cos tan asin acos atan atan2 width_bucket random
    lower upper initcap length char_length octet_length substring left right trim ltrim rtrim lpad rpad replace
    translate reverse repeat position split_part starts_with strpos ascii chr overlay concat concat_ws md5
    regexp_replace regexp_match regexp_matches regexp_count regexp_substr regexp_like regexp_split_to_array
    regexp_split_to_table
    coalesce nullif
    age date_trunc date_part date_bin extract to_char to_date to_timestamp to_number make_date make_timestamp
    make_interval justify_days justify_hours justify_interval isfinite
    array_length cardinality array_position array_positions array_to_string string_to_array array_append array_prepend
    array_remove array_cat array_lower array_upper unnest string_to_table
    to_json to_jsonb row_to_json json_build_object jsonb_build_object json_build_array jsonb_build_array json_typeof
    jsonb_typeof json_array_length jsonb_array_length json_extract_path json_extract_path_text jsonb_extract_path
    jsonb_extract_path_text jsonb_path_exists jsonb_path_query_first jsonb_path_query_array json_strip_nulls
    jsonb_strip_nulls jsonb_pretty jsonb_set json_array_elements json_array_elements_text jsonb_array_elements
    jsonb_array_elements_text json_each json_each_text jsonb_each jsonb_each_text json_object_keys jsonb_object_keys
    json_to_recordset jsonb_to_recordset
    to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery ts_rank ts_rank_cd
    generate_series row array
    """
)
"""Functions of PostgreSQL by name: they read their arguments and nothing else. Not here on purpose: whatever begins
with `pg_`, `lo_`, `dblink` or `query_to_`; `set_config`, `current_setting`, `nextval` and `setval`; `format`, which can
make a gigabyte of one line."""

_FROM_FUNCTIONS: Final[dict[str, tuple[str, ...] | None]] = {
    "generate_series": (),
    "unnest": (),
    "regexp_split_to_table": (),
    "string_to_table": (),
    "json_object_keys": (),
    "jsonb_object_keys": (),
    "json_array_elements": ("value",),
    "json_array_elements_text": ("value",),
    "jsonb_array_elements": ("value",),
    "jsonb_array_elements_text": ("value",),
    "json_each": ("key", "value"),
    "json_each_text": ("key", "value"),
    "jsonb_each": ("key", "value"),
    "jsonb_each_text": ("key", "value"),
    "json_to_recordset": None,
    "jsonb_to_recordset": None,
}

_WORDS: Final = listed(
    """
    all and any array as asc at between both by case cast cross cube current current_date current_time
    current_timestamp date decade desc distinct else end escape except exclude exists false fetch filter first following
    for from full group grouping groups having hour in inner intersect interval is join last lateral leading left like
    ilike limit localtime localtimestamp materialized minute month natural next no not null nulls offset on only or
    order ordinality others outer over overlaps partition placing preceding range recursive right rollup row rows second
    select sets similar ties time to trailing true unbounded union unknown using values variadic week when where window
    with within year zone dow doy epoch day quarter isodow isoyear century millennium millisecond milliseconds
    microsecond microseconds then years months weeks days hours mins secs
    smallint int integer bigint decimal numeric real double precision boolean text varchar char timetz timestamp
    timestamptz uuid json jsonb inet
    """
)

_OPERATORS: Final = listed(
    "= <> < > <= >= + - * / % || -> ->> => #> #>> @> <@ ? ?| ?& && & | # ~ ~* !~ !~* @@ @? . , ( ) [ ] :"
)
"""Operators of PostgreSQL by their signs; what they mean is looked up in `pg_catalog` alone. Two dots of a slice (`:`)
are never two at once (`::`): casts are printed as CAST."""

_BEFORE_BRACKETS: Final = listed(
    "in over as any all exists values using filter group by on and or not from where when then else select having sets "
    "rollup cube ordinality lateral join with union intersect except distinct between is like ilike to escape case "
    "varchar char decimal numeric time timestamp interval materialized overlaps end offset limit for cast extract"
    " position overlay trim substring"
)


def _look(node: exp.Expr) -> bool:
    match node:
        case exp.ByteString():
            node.replace(exp.Literal.string(_plain_text(node.name)))
        case exp.RawString():
            node.replace(exp.Literal.string(node.name))
        case _:
            return False
    return True


def _plain_text(text: str) -> str:
    """E'…' as a plain text, where its escapes are the three that everybody means."""
    text = re.sub(r"\\([ntr])", lambda found: {"n": "\n", "t": "\t", "r": "\r"}[found[1]], text)
    if "\\" in text:
        raise NotPermitted(r"Of the escapes in E'…' only \n, \t and \r are permitted. Write chr(…) for other signs.")
    return text


def _folded(name: str) -> str:
    """An unquoted name as PostgreSQL folds it: A to Z become small, other letters stay in a UTF-8 database."""
    return "".join(sign.lower() if sign.isascii() else sign for sign in name)


def _too_wide(node: exp.Expr) -> exp.Expr | None:
    if isinstance(node, exp.Repeat | exp.Pad):
        return node.args.get("times") or node.args.get("expression") or exp.Null()
    return None


_DIALECT: Final = Dialect.get_or_raise("postgres")

POSTGRESQL: Final = Grammar(
    title="PostgreSQL",
    reads=_DIALECT,
    prints=_DIALECT,
    nodes=_NODES,
    types=_TYPES,
    functions=_FUNCTIONS,
    from_functions=_FROM_FUNCTIONS,
    words=_WORDS,
    before_brackets=_BEFORE_BRACKETS,
    operators=_OPERATORS,
    quote='"',
    name_bytes=63,
    # Every relation of pg_catalog begins so. It is searched where nothing else is found, so no name of a query may.
    system=("pg_",),
    hidden=frozenset(),
    folded=_folded,
    same=str,
    calls_by_dot=True,
    first_look=lambda query: None,
    look=_look,
    finish=lambda tree: None,
    too_wide=_too_wide,
)
