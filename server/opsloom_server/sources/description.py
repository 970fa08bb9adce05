"""What there is in a database, for the guard and for models: tables, columns, keys, comments, a few values."""

import re
from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from opsloom_server.sources.names import Tables

__all__ = [
    "COLUMNS",
    "KINDS",
    "LOOKED_AT",
    "SAMPLED",
    "TABLES",
    "WIDTH",
    "DescribedColumn",
    "DescribedTable",
    "Description",
    "is_secret",
]

TABLES: Final = 500
COLUMNS: Final = 8_000
"""As many of a database are described; more would be no text for a model."""
SAMPLED: Final = 60
"""Tables of which values are looked at,"""
LOOKED_AT: Final = 1_000
"""in so many rows."""
KINDS: Final = 12
"""Values help where they are the few words of a category: of more kinds than this there are too many to be one."""
WIDTH: Final = 60
_SECRET: Final = re.compile(
    r"pass|pwd|secret|token|key|hash|salt|crypt|credential|auth|session|cookie|otp|pin\b|ssn|iban|card|cvv|account|e?mail"
    r"|phone|mobile|fax|address|street|birth|first_?name|last_?name|surname|full_?name|login|user_?name|\bip",
    re.IGNORECASE,
)


def is_secret(column: str) -> bool:
    """Whether a column's name says that its values are secrets or personal data, which are never sampled."""
    return _SECRET.search(column) is not None


class DescribedColumn(Struct, frozen=True, omit_defaults=True):
    """A column; `key` is what it refers to, or "primary"; `values` are all kinds of a category, as far as was seen."""

    name: str
    type: str
    key: str = ""
    comment: str = ""
    values: tuple[str, ...] = ()


class DescribedTable(Struct, frozen=True, omit_defaults=True):
    """A table or view; `rows` is the database's own estimate, -1 where it has none."""

    schema: str
    name: str
    kind: str
    columns: tuple[DescribedColumn, ...]
    rows: int = -1
    comment: str = ""


class Description(Struct, frozen=True, omit_defaults=True):
    """What may be read. `left_out`: tables beyond the first 500."""

    tables: tuple[DescribedTable, ...]
    left_out: int = 0

    def known(self) -> Tables:
        """For the guard."""
        return {(table.schema, table.name): [column.name for column in table.columns] for table in self.tables}

    def text(self, only: Sequence[str] | None = None) -> str:
        """For a model: a line a table, with its columns where it is among `only` (None: all)."""
        return "\n".join(_line(table, only) for table in self.tables)


def _line(table: DescribedTable, only: Sequence[str] | None) -> str:
    name = f"{table.schema}.{table.name}"
    facts = [table.kind] if table.kind != "table" else []
    if table.rows >= 0:
        facts.append(f"about {table.rows} rows")
    line = (
        name + (f" ({', '.join(facts)})" if facts else "") + (f": {_one_line(table.comment)}" if table.comment else "")
    )
    if only is not None and name not in only:
        return line
    return "\n".join([line, *(f"  {_column(one)}" for one in table.columns)])


def _column(column: DescribedColumn) -> str:
    line = f"{column.name} {column.type}"
    if column.key:
        line += " primary key" if column.key == "primary" else f" -> {column.key}"
    if column.values:
        line += " {" + ", ".join(repr(one) for one in column.values) + "}"
    return line + (f" -- {_one_line(column.comment)}" if column.comment else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
