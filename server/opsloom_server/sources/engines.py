"""The kinds of databases that can be data sources: one table, and how an address finds its kind in it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from opsloom_server.errors import Invalid
from opsloom_server.sources.engine import Address, Engine
from opsloom_server.sources.mysql import MySQL
from opsloom_server.sources.postgresql import PostgreSQL
from opsloom_server.sources.sqlite import SQLite

__all__ = ["Engines", "engines", "opened"]

Engines = Mapping[str, Engine[Any]]
"""By kind."""

_ALSO: Final = {"postgres": "postgresql"}


def engines(folders: Sequence[Path] = ()) -> Engines:
    """`folders`: below which SQLite files may be data sources."""
    every: list[Engine[Any]] = [PostgreSQL(), MySQL("mysql"), MySQL("mariadb"), SQLite(folders)]
    return {one.kind: one for one in every}


def opened(url: str, known: Engines) -> tuple[Engine[Any], Address]:
    """The kind of database that an address names, and the address taken apart. Raises Invalid that repeats nothing."""
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise Invalid(f"This is not a database's address. {_examples(known)}") from None
    scheme = parsed.drivername.partition("+")[0].lower()
    engine = known.get(_ALSO.get(scheme, scheme))
    if engine is None:
        raise Invalid(f"Only {_listed(known)} can be data sources. {_examples(known)}")
    return engine, engine.read_address(parsed)


def _listed(known: Engines) -> str:
    *most, last = [one.title for one in known.values()]
    return f"{', '.join(most)} and {last}" if most else last


def _examples(known: Engines) -> str:
    return f"Write it as {' or '.join(one.example for one in known.values())}."
