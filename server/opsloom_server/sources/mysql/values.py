"""Values of MySQL and MariaDB as plain JSON, and the names of their types."""

import json
from collections.abc import Callable
from typing import Any, Final

from pymysql.constants import FIELD_TYPE  # type: ignore[import-untyped]

from opsloom_server.sources.rows import hexadecimal, number

__all__ = ["DECODERS", "type_name"]

_NAMES: Final[dict[int, str]] = {
    FIELD_TYPE.DECIMAL: "decimal",
    FIELD_TYPE.NEWDECIMAL: "decimal",
    FIELD_TYPE.TINY: "tinyint",
    FIELD_TYPE.SHORT: "smallint",
    FIELD_TYPE.INT24: "mediumint",
    FIELD_TYPE.LONG: "int",
    FIELD_TYPE.LONGLONG: "bigint",
    FIELD_TYPE.FLOAT: "float",
    FIELD_TYPE.DOUBLE: "double",
    FIELD_TYPE.NULL: "null",
    FIELD_TYPE.TIMESTAMP: "timestamp",
    FIELD_TYPE.DATE: "date",
    FIELD_TYPE.NEWDATE: "date",
    FIELD_TYPE.TIME: "time",
    FIELD_TYPE.DATETIME: "datetime",
    FIELD_TYPE.YEAR: "year",
    FIELD_TYPE.BIT: "bit",
    FIELD_TYPE.JSON: "json",
    FIELD_TYPE.ENUM: "enum",
    FIELD_TYPE.SET: "set",
    FIELD_TYPE.TINY_BLOB: "text",
    FIELD_TYPE.MEDIUM_BLOB: "text",
    FIELD_TYPE.LONG_BLOB: "text",
    FIELD_TYPE.BLOB: "text",
    FIELD_TYPE.VAR_STRING: "varchar",
    FIELD_TYPE.VARCHAR: "varchar",
    FIELD_TYPE.STRING: "char",
    FIELD_TYPE.GEOMETRY: "geometry",
}
_BINARY: Final = {"text": "blob", "varchar": "varbinary", "char": "binary"}


def type_name(code: int, values: list[Any]) -> str:
    """The name of a column's type. On the wire a blob is a text without letters, which its values tell."""
    name = _NAMES.get(code, "unknown")
    return _BINARY.get(name, name) if any(isinstance(one, bytes) for one in values) else name


def _moment(text: str) -> str:
    """`2026-02-28 10:00:00` as ISO 8601 writes it; the zero date `0000-00-00 00:00:00` stays what it is."""
    return text.replace(" ", "T", 1)


def _bits(data: bytes) -> int | float | str:
    return number(str(int.from_bytes(data, "big")))


def _json(text: str) -> Any:
    return json.loads(text, parse_int=number, parse_float=number)


DECODERS: Final[dict[int, Callable[[Any], Any]]] = {
    **dict.fromkeys(
        (
            *(FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL, FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24),
            *(FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE, FIELD_TYPE.YEAR),
        ),
        number,
    ),
    FIELD_TYPE.DATETIME: _moment,
    FIELD_TYPE.TIMESTAMP: _moment,
    FIELD_TYPE.BIT: _bits,
    FIELD_TYPE.JSON: _json,
    FIELD_TYPE.GEOMETRY: hexadecimal,
}
"""How the driver turns what came into what is shown. What is not here comes as text, a blob as bytes."""
