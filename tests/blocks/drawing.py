"""Random valid data of any kind, from its struct's own types and limits."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec.inspect as shapes
from hypothesis import strategies as st
from opsloom_blocks import BLOCKS, BlockKind
from opsloom_blocks.content import read
from opsloom_blocks.nesting import Holder, Part

WORDS = st.characters(codec="utf-8", exclude_characters="\0")
PATTERNS: Mapping[str, st.SearchStrategy[str]] = {
    "^fil_[0-9a-f]{32}$": st.from_regex(r"fil_[0-9a-f]{32}\Z", fullmatch=True),
    "^[A-Za-z][A-Za-z0-9_]{0,63}$": st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,63}\Z", fullmatch=True),
    r"^\d{4}-\d{2}-\d{2}$": st.dates().map(str),
    "^https?://[^\\s]+$": st.from_regex(r"https?://[a-z]{1,20}\.example/[a-z?=&#]{0,30}\Z", fullmatch=True),
    "^(https?://|mailto:)[^\\s]+$": st.from_regex(
        r"(https?://[a-z]{1,20}\.example/[a-z?=&#]{0,30}|mailto:[a-z]{1,9}@[a-z]{1,9}\.example)\Z", fullmatch=True
    ),
}
ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(WORDS, max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(WORDS, max_size=8), inner, max_size=3),
    max_leaves=6,
)
SHOWING = [kind for kind in BLOCKS.values() if not kind.asks and not isinstance(kind, Holder)]


def data_of(kind: BlockKind[Any]) -> st.SearchStrategy[Any]:
    """Plain data that fit the struct; mostly they keep the rules across fields as well."""
    drawn = of(shapes.type_info(kind.data))
    return drawn.map(MENDED[kind.kind]) if kind.kind in MENDED else drawn


def of(shape: shapes.Type, few: int = 4) -> st.SearchStrategy[Any]:
    match shape:
        case shapes.Metadata(type=inner):
            return of(inner, few)
        case shapes.StructType(cls=cls) if cls is Part:
            return st.sampled_from(SHOWING).flatmap(
                lambda kind: data_of(kind).filter(sound(kind)).map(lambda data: {"kind": kind.kind, "data": data})
            )
        case shapes.StructType(fields=fields):
            always = {f.encode_name: of(f.type, few) for f in fields if f.required}
            return st.fixed_dictionaries(
                always, optional={f.encode_name: of(f.type, few) for f in fields if not f.required}
            )
        case shapes.UnionType(types=types):
            return st.one_of([of(one, few) for one in types])
        case shapes.ListType(item_type=item, min_length=least, max_length=most):
            return st.lists(of(item, 3), min_size=least or 0, max_size=max(least or 0, min(most or few, few)))
        case shapes.DictType(key_type=key, value_type=value):
            return st.dictionaries(of(key), of(value), max_size=few)
        case shapes.LiteralType(values=values):
            return st.sampled_from(values)
        case shapes.StrType(pattern=str(pattern)):
            return PATTERNS[pattern]
        case shapes.StrType(min_length=least, max_length=most):
            return st.text(WORDS, min_size=least or 0, max_size=min(most or 20, 20))
        case shapes.IntType(ge=low, le=high):
            return st.integers(-(2**53) if low is None else int(low), 2**53 if high is None else int(high))
        case shapes.FloatType(gt=above, ge=low, le=high):
            return st.floats(
                above if low is None else low,
                high,
                exclude_min=above is not None,
                allow_nan=False,
                allow_infinity=False,
            )
        case shapes.BoolType():
            return st.booleans()
        case shapes.NoneType():
            return st.none()
        case shapes.AnyType():
            return ANY
        case _:
            raise NotImplementedError(shape)


def sound(kind: BlockKind[Any]) -> Callable[[Any], bool]:
    """Whether data that fit the struct keep the kind's rules as well."""

    def keeps(data: Any) -> bool:
        return not kind.check(read(kind.data, data))

    return keeps


def _chart(data: Any) -> Any:
    labels = data["labels"]
    if data["type"] == "scatter":
        labels = [at for at, _ in enumerate(labels)]
    series = [
        {"name": f"{one['name'][:90]}{at}", "values": (one["values"] + [1] * len(labels))[: len(labels)]}
        for at, one in enumerate(data["series"])
    ]
    if data["type"] == "pie":
        series = [{**series[0], "values": [abs(value or 0) for value in series[0]["values"]]}]
    return {**data, "labels": labels, "series": series}


def _table(data: Any) -> Any:
    columns = [{**column, "key": f"c{at}"} for at, column in enumerate(data["columns"])]
    fitting: dict[str, Any] = {
        "text": "words",
        "number": 1.5,
        "money": -3,
        "date": "2026-01-31",
        "boolean": False,
        "link": "https://example.com/",
    }
    rows = [
        {
            column["key"]: value if column.get("type", "text") == "text" else fitting[column["type"]]
            for column, value in zip(columns, row.values(), strict=False)
        }
        for row in data["rows"]
    ]
    return {**{key: value for key, value in data.items() if key != "total"}, "columns": columns, "rows": rows}


def _choices(data: Any) -> Any:
    options = [{**option, "id": f"o{at}"} for at, option in enumerate(data["options"])]
    return {**data, "options": options, "multiple": True, "min": 1, "max": None}


def _form(data: Any) -> Any:
    fields = []
    for at, field in enumerate(data["fields"]):
        kept = {key: field[key] for key in ("label", "required", "help", "placeholder") if key in field}
        kept |= {"name": f"f{at}", "type": field.get("type", "text")}
        if kept["type"] == "select":
            kept["options"] = [{"id": "a", "label": "A"}]
        if kept["type"] == "slider":
            kept |= {"min": 0, "max": 10}
        fields.append(kept)
    return {**data, "fields": fields}


def _sql(data: Any) -> Any:
    mended = {key: value for key, value in data.items() if key != "error"}
    if mended.get("result"):
        mended["result"] = _table(mended["result"])
    return mended


def _progress(data: Any) -> Any:
    return {key: value for key, value in data.items() if key != "done"}


def _confirm(data: Any) -> Any:
    return {**data, "always": False}


def _layout(data: Any) -> Any:
    return {key: value for key, value in data.items() if key != "weights"}


def _tabs(data: Any) -> Any:
    return {**data, "tabs": [_worded({**tab, "label": f"Tab {at}"}) for at, tab in enumerate(data["tabs"])]}


def _accordion(data: Any) -> Any:
    return {**data, "sections": [_worded(section) for section in data["sections"]]}


def _worded(section: Any) -> Any:
    return {**section, "text": section.get("text") or "Words"}


MENDED: Mapping[str, Callable[[Any], Any]] = {
    "chart": _chart,
    "table": _table,
    "choices": _choices,
    "form": _form,
    "sql": _sql,
    "progress": _progress,
    "confirm": _confirm,
    "layout": _layout,
    "tabs": _tabs,
    "accordion": _accordion,
}
