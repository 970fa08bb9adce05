"""Which tables a query reads, and which columns each name in it has. The tree is changed so that both are certain:
tables get their schema, and what has no name of its own gets one.

Why columns matter: PostgreSQL reads `g.pg_sleep` as `pg_sleep(g)` where `g` has no column of that name, so a dotted
name may be a call. Each one has to be a column here, of everything in sight that is called so. Where a dialect knows no
such calls, columns of tables are looked at for the sake of the words alone, and those of sub-queries not at all.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from msgspec import Struct
from sqlglot import exp

from opsloom_server.errors import NotPermitted
from opsloom_server.sources.grammar import Grammar

__all__ = ["Tables", "name_columns", "printed_name", "settle_names"]

Tables = Mapping[tuple[str, str], Sequence[str]]
"""The columns of the tables that may be read, by schema and name, both as they are written in the database."""

_LISTED: Final = 20
# PostgreSQL's own limit. `SELECT * FROM a, a` of itself, again and again, doubles its columns each time.
_MOST: Final = 1_664


class Source(Struct, frozen=True):
    """Something in FROM: its name, its columns (None: whichever it may be), and its schema where it is a table."""

    name: str
    columns: tuple[str, ...] | None
    schema: str = ""


def settle_names(tree: exp.Query, tables: Tables, grammar: Grammar) -> None:
    """Give every table its schema and every column of a sub-query a name. Raises NotPermitted."""
    _Names(tables, grammar).settle(tree)


class _Names:
    def __init__(self, tables: Tables, grammar: Grammar) -> None:
        self._tables = tables
        self._grammar = grammar
        self._columns: dict[int, tuple[str, ...]] = {}
        self._sources: dict[int, list[Source]] = {}

    def settle(self, tree: exp.Query) -> None:
        for query in tree.find_all(exp.CTE, exp.Select):
            if isinstance(query, exp.CTE) and query.alias.lower().startswith(self._grammar.system):
                own = ", ".join(self._grammar.system)
                raise NotPermitted(f"The name {query.alias} is the database's own. Choose one without {own}.")
        for table in list(tree.find_all(exp.Table)):
            self._qualify(table)
        for select in list(tree.find_all(exp.Select)):
            self.sources(select)
        for column in list(tree.find_all(exp.Column)):
            self._check(column)

    # Tables.

    def _qualify(self, table: exp.Table) -> None:
        if not isinstance(table.this, exp.Identifier):
            return  # a function, or brackets round a join
        if table.args.get("catalog"):
            raise NotPermitted("Name a table as schema.table, without a database before it.")
        if not table.db and self._cte(table) is not None:
            return
        same = self._grammar.same
        found = [
            key
            for key in self._tables
            if same(key[1]) == same(table.name) and (not table.db or same(key[0]) == same(table.db))
        ]
        found = [key for key in found if key[1] == table.name] or found
        if not found:
            raise NotPermitted(self._no_table(table))
        if len(found) > 1:
            raise NotPermitted(f"There are several tables {table.name}. Write one of: {_listed(found)}.")
        schema, name = found[0]
        if name != table.name:
            if not table.alias:
                table.set("alias", exp.TableAlias(this=exp.to_identifier(table.name, quoted=True)))
            table.set("this", exp.to_identifier(name, quoted=True))
        table.set("db", exp.to_identifier(schema, quoted=True))

    def _no_table(self, table: exp.Table) -> str:
        name = f"{table.db}.{table.name}" if table.db else table.name
        known = _listed(list(self._tables))
        return f"There is no table {name} here that may be read. " + (f"There are: {known}." if known else "")

    def _cte(self, table: exp.Table) -> exp.CTE | None:
        """The WITH query that an unqualified name means, as PostgreSQL finds it."""
        inside: exp.Expr = table
        parent = table.parent
        while parent is not None:
            held = parent.args.get("with_") if isinstance(parent, exp.Query) else None
            if isinstance(held, exp.With) and held is not inside:
                for cte in held.expressions:
                    if self._alike(cte.alias, table.name):
                        return cte  # type: ignore[no-any-return]
            if isinstance(parent, exp.With):
                at = next(i for i, cte in enumerate(parent.expressions) if cte is inside)
                for cte in parent.expressions if parent.args.get("recursive") else parent.expressions[:at]:
                    if self._alike(cte.alias, table.name):
                        return cte  # type: ignore[no-any-return]
            inside, parent = parent, parent.parent
        return None

    def _alike(self, one: str, other: str) -> bool:
        return self._grammar.same(one) == self._grammar.same(other)

    # What FROM holds.

    def sources(self, select: exp.Select) -> list[Source]:
        """What the FROM of one SELECT holds, by name."""
        if (known := self._sources.get(id(select))) is None:
            known = self._sources[id(select)] = list(self._from(select))
        return known

    def _from(self, select: exp.Select) -> Iterator[Source]:
        if (first := select.args.get("from_")) is not None:
            yield from self._item(first.this)
        for join in (*(select.args.get("joins") or ()), *(select.args.get("laterals") or ())):
            yield from self._item(join.this if isinstance(join, exp.Join) else join)

    def _item(self, item: exp.Expr) -> Iterator[Source]:
        match item:
            case exp.Table() if isinstance(item.this, exp.Identifier):
                yield self._named(item, self._table_columns(item), schema=item.db)
            case exp.Subquery() if isinstance(item.this, exp.Table):
                if item.alias:
                    raise NotPermitted("Brackets round a join may not have a name of their own. Name its tables.")
                yield from self._item(item.this)
            case exp.Subquery() | exp.Values():
                yield self._named(item, self._query_columns(item) if self._grammar.calls_by_dot else None)
            case exp.Lateral() if isinstance(item.this, exp.Subquery):
                yield self._named(item, self._query_columns(item.this) if self._grammar.calls_by_dot else None)
            case exp.Lateral() | exp.Unnest() | exp.Table():
                yield self._function(item)
            case _:
                raise NotPermitted("FROM may hold tables, sub-queries and the functions that are permitted there.")
        for join in item.args.get("joins") or ():
            yield from self._item(join.this)

    def _named(self, item: exp.Expr, columns: Sequence[str] | None, *, schema: str = "") -> Source:
        alias = item.args.get("alias")
        if columns is None:
            return Source(item.alias_or_name, None)
        given = [column.name for column in alias.columns] if isinstance(alias, exp.TableAlias) else []
        name = item.alias_or_name
        return Source(name, (*given, *columns[len(given) :]), "" if item.alias else schema)

    def _function(self, item: exp.Expr) -> Source:
        """A function in FROM, which gets an explicit list of its columns."""
        call = item if isinstance(item, exp.Unnest) else item.this
        name = "unnest" if isinstance(call, exp.Unnest | exp.Explode) else printed_name(call, self._grammar)
        if name not in self._grammar.from_functions or item.args.get("rows_from"):
            raise NotPermitted(f"The function {name or 'that'} is not permitted in FROM.")
        if not self._grammar.calls_by_dot:
            return Source(item.alias or name, self._grammar.from_functions[name])
        alias = item.args.get("alias")
        if not isinstance(alias, exp.TableAlias):
            alias = exp.TableAlias()
            item.set("alias", alias)
        if not alias.name:
            alias.set("this", exp.to_identifier(name, quoted=True))
        columns = self._grammar.from_functions[name]
        given = [column.name for column in alias.columns]
        if columns is None:
            if not given:
                raise NotPermitted(f"List the columns of {name} with their types: AS x(a int, b text).")
        elif not given:
            given = list(columns or (alias.name,))
            if item.args.get("ordinality"):
                given.append("ordinality")
            alias.set("columns", [exp.to_identifier(one, quoted=True) for one in given])
        # Of `unnest(…) WITH ORDINALITY AS u(a, b)` sqlglot keeps `b` apart.
        counted = item.args.get("offset") or call.args.get("offset")
        if isinstance(counted, exp.Identifier):
            given.append(counted.name)
        elif counted:
            given.append("ordinality")
        return Source(alias.name, tuple(given))

    # Which columns a thing has.

    def _table_columns(self, table: exp.Table) -> Sequence[str] | None:
        if table.db:
            return self._tables[table.db, table.name]
        if not self._grammar.calls_by_dot:
            return None
        cte = self._cte(table)
        assert cte is not None
        if (known := self._columns.get(id(cte))) is None:
            given = [column.name for column in cte.args["alias"].columns]
            # A recursive query has the columns of its first part, which does not name itself.
            self._columns[id(cte)] = ()
            inner = self._query_columns(cte.this)
            known = self._columns[id(cte)] = (*given, *inner[len(given) :])
        return known

    def _query_columns(self, query: exp.Expr) -> tuple[str, ...]:
        # Asked only where dotted names may be calls: see `_item`.
        match query:
            case exp.Subquery():
                return self._query_columns(query.this)
            case exp.SetOperation():
                return self._query_columns(query.this)
            case exp.Values():
                first = query.expressions[0]
                width = len(first.expressions) if isinstance(first, exp.Tuple) else 1
                return tuple(f"column{at + 1}" for at in range(width))
            case exp.Select():
                if (known := self._columns.get(id(query))) is None:
                    known = tuple(islice(self._projections(query), _MOST + 1))
                    if len(known) > _MOST:
                        raise NotPermitted(f"A sub-query has more than {_MOST:,} columns. Name those that you need.")
                    self._columns[id(query)] = known
                return known
            case _:
                raise NotPermitted("A sub-query must be a SELECT.")

    def _projections(self, select: exp.Select) -> Iterator[str]:
        for item in list(select.expressions):
            if isinstance(item, exp.Star):
                for source in self.sources(select):
                    yield from source.columns or ()
            elif isinstance(item, exp.Column) and isinstance(item.this, exp.Star):
                for source in self.sources(select):
                    if source.name == item.table:
                        yield from source.columns or ()
            elif item.alias_or_name and isinstance(item, exp.Alias | exp.Column):
                yield item.alias_or_name
            else:
                name = default_name(item, self._grammar)
                item.replace(exp.alias_(item.copy(), name, quoted=True))
                yield name

    # Dotted names.

    def _check(self, column: exp.Column) -> None:
        if not column.table:
            return
        if column.args.get("catalog"):
            raise NotPermitted("Name a column as table.column.")
        same = self._grammar.same
        found = [source for source in self._in_sight(column) if self._alike(source.name, column.table)]
        if column.db:
            found = [source for source in found if self._alike(source.schema, column.db)]
            column.set("db", None)
        if not found:
            raise NotPermitted(f"{column.table} in {column.table}.{column.name} is not a table of this query.")
        if isinstance(column.this, exp.Star):
            return
        for source in found:
            if source.columns is None or same(column.name) in self._grammar.hidden:
                continue
            if same(column.name) not in map(same, source.columns):
                known = ", ".join(source.columns[:_LISTED])
                raise NotPermitted(f"{column.table} has no column {column.name}. It has: {known}.")

    def _in_sight(self, node: exp.Expr) -> Iterator[Source]:
        """Everything in FROM that a name here could mean: of this SELECT and of those round it."""
        inside, parent = node, node.parent
        hidden = False  # of the next SELECT: a sub-query in FROM, or in WITH, does not see what stands beside it
        while parent is not None:
            if isinstance(parent, exp.With):
                hidden = True
            elif isinstance(inside, exp.Subquery) and isinstance(parent, exp.From | exp.Join):
                hidden = hidden or (parent.this is inside and not isinstance(inside.this, exp.Table))
            if isinstance(parent, exp.Select):
                if not hidden:
                    yield from self.sources(parent)
                hidden = False
            elif isinstance(parent, exp.SetOperation) and isinstance(inside, exp.With):
                hidden = False
            inside, parent = parent, parent.parent


def printed_name(call: exp.Expr | None, grammar: Grammar) -> str:
    """A function's name as the database will read it; empty for what is no call."""
    if not isinstance(call, exp.Func):
        return ""
    text = call.sql(dialect=grammar.prints, normalize_functions="lower", comments=False)
    return text.partition("(")[0].strip().lower() if "(" in text else ""


def name_columns(tree: exp.Query, grammar: Grammar) -> None:
    """Name the result's columns that have no name after how they are written, where the database would name them after
    how they are printed."""
    first: exp.Expr = tree
    while isinstance(first, exp.SetOperation | exp.Subquery):
        first = first.this
    for item in list(first.expressions) if isinstance(first, exp.Select) else ():
        if not isinstance(item, exp.Alias | exp.Column | exp.Star):
            text = item.sql(dialect=grammar.prints, comments=False, normalize_functions="lower")
            plain = "".join(sign if ord(sign) < 0x10000 else "?" for sign in text.replace(grammar.quote, ""))
            name = " ".join(plain.split())[:60].strip()
            item.replace(exp.alias_(item.copy(), name or "?", quoted=True))


def default_name(item: exp.Expr, grammar: Grammar) -> str:
    """What PostgreSQL calls a column that has no name: after its function, its cast, or nothing."""
    while isinstance(item, exp.Paren | exp.Cast | exp.Window | exp.Filter | exp.WithinGroup):
        if isinstance(item, exp.Cast) and not isinstance(item.this, exp.Column | exp.Func | exp.Cast | exp.Paren):
            return str(item.to.sql(dialect=grammar.prints)).lower().partition("(")[0]
        item = item.this
    if isinstance(item, exp.Column):
        return str(item.name)
    if isinstance(item, exp.Case):
        return "case"
    if isinstance(item, exp.Subquery) and isinstance(item.this, exp.Select) and item.this.expressions:
        first = item.this.expressions[0]
        return str(first.alias) if isinstance(first, exp.Alias) else default_name(first, grammar)
    return printed_name(item, grammar) or "?column?"


def _listed(keys: Sequence[tuple[str, str]]) -> str:
    names = [f"{schema}.{name}" for schema, name in keys[:_LISTED]]
    return ", ".join(names) + (f" and {len(keys) - _LISTED} more" if len(keys) > _LISTED else "")
