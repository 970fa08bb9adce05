"""What the login of a data source may do on a MySQL or MariaDB server beyond reading.

A login that may change anything anywhere, or touch the server's files, is refused: from it no guard could keep
anything. What is less is told as a warning, with the statement that mends it. Grants are read as the server shows them,
those of roles too, whether they are active or not: a session may take them on.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from msgspec import Struct
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from opsloom_server.errors import Invalid
from opsloom_server.sources.mysql.connecting import Session

__all__ = ["RIGHT_LOGIN", "inspect_login"]

RIGHT_LOGIN: Final = """\
CREATE USER 'opsloom_reader'@'%' IDENTIFIED BY '…';
GRANT SELECT ON {database}.* TO 'opsloom_reader'@'%';"""
"""What makes a login that may only read. The name comes in quoted."""

_READS: Final = {"SELECT", "SHOW VIEW", "USAGE", "SHOW DATABASES", "SHOW_ROUTINE", "SHOW CREATE ROUTINE"}
# Of these on all databases, any would make the login whatever it likes, or open the server's files to it.
_ALMIGHTY: Final = {
    *(
        "ALL PRIVILEGES",
        "SUPER",
        "FILE",
        "GRANT OPTION",
        "CREATE USER",
        "INSERT",
        "UPDATE",
        "DELETE",
        "CREATE",
        "ALTER",
    ),
    *("DROP", "SYSTEM_USER", "SET_USER_ID", "SET_ANY_DEFINER", "SET USER", "ROLE_ADMIN", "CREATE ROUTINE", "TRIGGER"),
    *("ALTER ROUTINE", "EVENT", "CREATE VIEW", "CREATE ROLE", "DROP ROLE", "CREATE TABLESPACE", "DELETE HISTORY"),
}
_NAME: Final = r"(?:`(?:[^`]|``)*`|'(?:[^']|'')*'|\*|[^\s`.'()]+)"
_GRANT: Final = re.compile(
    rf"GRANT (?P<privileges>(?:`(?:[^`]|``)*`|[^`])+?) ON (?P<kind>TABLE |FUNCTION |PROCEDURE |PACKAGE |PACKAGE BODY )?"
    rf"(?P<on>{_NAME}\.{_NAME}) TO (?P<who>{_NAME}(?:@{_NAME})?)(?P<rest>.*)",
    re.DOTALL,
)
_PRIVILEGE: Final = re.compile(r"([A-Za-z_ ]+?)\s*(\((?:`(?:[^`]|``)*`|[^`)])*\))?(?:,|$)")


class Grant(Struct, frozen=True):
    """One line of SHOW GRANTS. `privileges` with their columns, in brackets; `on` with its kind before it."""

    privileges: tuple[str, ...]
    on: str
    who: str


async def inspect_login(session: Session, databases: Sequence[str]) -> list[str]:
    """Return warnings, in words for an owner. Raises Invalid for a login that must not be used."""
    who = str((await session.connection.execute(text("SELECT CURRENT_USER()"))).scalar_one())
    database = "`" + (databases[0] if databases else "database").replace("`", "``") + "`"
    right = RIGHT_LOGIN.format(database=database)
    instead = f"Make a login that may only read, and name that one:\n{right}"
    warnings = []
    for grant in read_grants(await _lines(session)):
        beyond = [one for one in grant.privileges if _word(one) not in _READS]
        everywhere = grant.on == "*.*" or grant.on.lower().startswith(("`mysql`.", "mysql."))
        if everywhere and (bad := [one for one in beyond if _word(one) in _ALMIGHTY]):
            raise Invalid(
                f"The login {who} has {bad[0]} on {grant.on}, which leads to everything; it is not used. {instead}"
            )
        if everywhere and any(_word(one) == "SELECT" for one in grant.privileges):
            warnings.append(
                f"The login {who} may read the server's own tables, with everybody's password hashes: REVOKE SELECT ON "  # noqa: S608
                f"{grant.on} FROM {grant.who}; GRANT SELECT ON {database}.* TO {grant.who};"
            )
        if beyond:
            warnings.append(_told(who, grant, beyond))
    return warnings


def read_grants(lines: Sequence[str]) -> Iterator[Grant]:
    """Grants of privileges, from the lines of SHOW GRANTS. Raises Invalid for a line that is not understood: what it
    grants would not be told."""
    for line in lines:
        if re.match(rf"(GRANT {_NAME}(@{_NAME})?(, ?{_NAME}(@{_NAME})?)* TO |REVOKE |SET DEFAULT ROLE )", line):
            continue  # a role, whose own grants are looked at; or what takes something away
        found = _GRANT.match(line)
        if found is None and line.startswith("GRANT PROXY "):
            raise Invalid("The login may act as another one (PROXY); it is not used. Name one that may only read.")
        if found is None:
            raise Invalid("What the login may do cannot be read from the server's SHOW GRANTS; it is not used.")
        privileges = [
            f"{name.strip()} {columns or ''}".strip() for name, columns in _PRIVILEGE.findall(found["privileges"])
        ]
        if "WITH GRANT OPTION" in found["rest"]:
            privileges.append("GRANT OPTION")
        yield Grant(tuple(one for one in privileges if one), (found["kind"] or "") + found["on"], found["who"])


async def _lines(session: Session) -> list[str]:
    """SHOW GRANTS of the login and of every role that it has or may take on."""
    connection = session.connection
    lines = [str(row[0]) for row in await connection.exec_driver_sql("SHOW GRANTS")]
    try:
        roles = (await connection.exec_driver_sql("SELECT * FROM information_schema.APPLICABLE_ROLES")).mappings().all()
    except DBAPIError:  # MySQL before 8.0 has no roles
        return lines
    if session.mariadb:
        for role in roles:
            await connection.exec_driver_sql(f"SET ROLE {_quoted(role['ROLE_NAME'])}".replace("%", "%%"))
            lines += [str(row[0]) for row in await connection.exec_driver_sql("SHOW GRANTS FOR CURRENT_ROLE")]
        if roles:
            await connection.exec_driver_sql("SET ROLE NONE")
    elif roles:
        named = ", ".join(f"{_quoted(role['ROLE_NAME'])}@{_quoted(role['ROLE_HOST'])}" for role in roles)
        using = f"SHOW GRANTS FOR CURRENT_USER() USING {named}".replace("%", "%%")
        lines += [str(row[0]) for row in await connection.exec_driver_sql(using)]
    return list(dict.fromkeys(lines))


def _told(who: str, grant: Grant, beyond: Sequence[str]) -> str:
    words = ", ".join(beyond)
    through = "" if _same(grant.who, who) else f" (by {grant.who})"
    what = (
        f"may {words} on {grant.on}"
        if "EXECUTE" not in beyond
        else f"may run functions with others' rights ({words} on {grant.on})"
    )
    return f"The login {who}{through} {what}: REVOKE {words} ON {grant.on} FROM {grant.who};"


def _same(quoted: str, plain: str) -> bool:
    return re.sub("[`']", "", quoted) == plain


def _word(privilege: str) -> str:
    return privilege.partition(" (")[0].upper()


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
