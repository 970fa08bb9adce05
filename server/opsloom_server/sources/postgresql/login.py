"""What the login role of a data source may do beyond reading: the database's own rights are what protects it.

A role that is a superuser, or may touch the server's files and programs, is refused: from it no guard could keep
anything. What is less is told as a warning, with the statement that mends it.
"""

from collections.abc import Sequence
from typing import Final

import asyncpg

from opsloom_server.errors import Invalid

__all__ = ["RIGHT_ROLE", "inspect_login"]

RIGHT_ROLE: Final = """\
CREATE ROLE {role} LOGIN PASSWORD '…' NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION;
GRANT CONNECT ON DATABASE {database} TO {role};
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role};
ALTER ROLE {role} SET default_transaction_read_only = on;
ALTER ROLE {role} SET temp_file_limit = '256MB';"""
"""What makes a role that may only read. Names come in quoted."""

_FILES: Final = ("pg_read_server_files", "pg_write_server_files", "pg_execute_server_program")
_WIDE: Final = (
    "pg_read_all_data",
    "pg_write_all_data",
    "pg_signal_backend",
    "pg_maintain",
    "pg_monitor",
    "pg_read_all_settings",
    "pg_read_all_stats",
    "pg_create_subscription",
)

# pg_has_role(…, 'MEMBER') also counts what SET ROLE would give.
_ROLE: Final = """
SELECT quote_ident(session_user) AS role, quote_ident(current_database()) AS database, me.rolcreaterole, me.rolcreatedb,
  me.rolbypassrls, me.rolreplication,
  EXISTS (SELECT FROM pg_roles r WHERE r.rolsuper AND pg_has_role(session_user, r.oid, 'MEMBER')) AS super,
  ARRAY(SELECT r.rolname::text FROM pg_roles r WHERE r.rolname = ANY ($1)
        AND pg_has_role(session_user, r.oid, 'MEMBER')) AS roles,
  has_database_privilege(session_user, current_database(), 'CREATE') AS creates,
  ARRAY(SELECT e.extname::text FROM pg_extension e JOIN pg_depend d ON d.refobjid = e.oid AND d.deptype = 'e'
        AND d.refclassid = 'pg_extension'::regclass AND d.classid = 'pg_proc'::regclass
        JOIN pg_proc p ON p.oid = d.objid
        WHERE e.extname IN ('adminpack', 'dblink', 'lo', 'pageinspect')
        AND has_function_privilege(session_user, p.oid, 'EXECUTE')
        AND has_schema_privilege(session_user, p.pronamespace, 'USAGE')
        GROUP BY e.extname ORDER BY e.extname) AS extensions,
  ARRAY(SELECT l.lanname::text FROM pg_language l WHERE NOT l.lanpltrusted AND l.lanispl AND EXISTS (
        SELECT FROM pg_proc p WHERE p.prolang = l.oid
        AND has_function_privilege(session_user, p.oid, 'EXECUTE'))) AS languages,
  ARRAY(SELECT quote_ident(s.srvname) FROM pg_foreign_server s
        WHERE has_server_privilege(session_user, s.oid, 'USAGE')) AS servers
FROM pg_roles me WHERE me.rolname = session_user
"""

_TABLES: Final = """
SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
  pg_has_role(session_user, c.relowner, 'MEMBER') AS owns,
  has_table_privilege(session_user, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
  OR has_any_column_privilege(session_user, c.oid, 'INSERT, UPDATE') AS writes
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = ANY ($1)
AND (pg_has_role(session_user, c.relowner, 'MEMBER')
  OR has_table_privilege(session_user, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
  OR has_any_column_privilege(session_user, c.oid, 'INSERT, UPDATE'))
ORDER BY 1 LIMIT 100
"""

_SCHEMAS: Final = """
SELECT quote_ident(nspname) FROM pg_namespace
WHERE nspname = ANY ($1) AND has_schema_privilege(session_user, oid, 'CREATE') ORDER BY 1
"""


async def inspect_login(connection: "asyncpg.Connection[asyncpg.Record]", schemas: Sequence[str]) -> list[str]:
    """Return warnings, in words for an owner. Raises Invalid for a role that must not be used."""
    found = await connection.fetchrow(_ROLE, [*_FILES, *_WIDE])
    assert found is not None
    role, database = found["role"], found["database"]
    schema = await connection.fetchval("SELECT quote_ident($1)", schemas[0] if schemas else "public")
    right = RIGHT_ROLE.format(role="opsloom_reader", database=database, schema=schema)
    instead = f"Make a role that may only read, and name that one:\n{right}"
    if found["super"]:
        raise Invalid(f"The login {role} is a superuser, or may become one; it is not used. {instead}")
    if files := [one for one in found["roles"] if one in _FILES]:
        raise Invalid(f"The login {role} has {files[0]}, which reaches the server's own files. {instead}")
    warnings = []
    for column, what in (
        ("rolbypassrls", "bypasses row-level security: ALTER ROLE {role} NOBYPASSRLS;"),
        ("rolcreaterole", "may create roles: ALTER ROLE {role} NOCREATEROLE;"),
        ("rolcreatedb", "may create databases: ALTER ROLE {role} NOCREATEDB;"),
        ("rolreplication", "may replicate the whole server: ALTER ROLE {role} NOREPLICATION;"),
        ("creates", "may create schemas: REVOKE CREATE ON DATABASE {database} FROM {role}, PUBLIC;"),
    ):
        if found[column]:
            warnings.append(f"The login {role} {what.format(role=role, database=database)}")
    warnings += [f"The login {role} is a member of {one}: REVOKE {one} FROM {role};" for one in sorted(found["roles"])]
    for one in await connection.fetch(_SCHEMAS, list(schemas)):
        warnings.append(
            f"The login {role} may create in {one[0]}: REVOKE CREATE ON SCHEMA {one[0]} FROM {role}, PUBLIC;"
        )
    tables = await connection.fetch(_TABLES, list(schemas))
    if owned := [one["name"] for one in tables if one["owns"]]:
        warnings.append(
            f"The login {role} owns {_some(owned)}: an owner may do anything to a table, and row-level security holds "
            "for it only where it is forced. Use a role that owns nothing."
        )
    if written := [one["name"] for one in tables if one["writes"] and not one["owns"]]:
        warnings.append(
            f"The login {role} may write to {_some(written)}: REVOKE INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER ON "
            f"ALL TABLES IN SCHEMA {schema} FROM {role};"
        )
    warnings += [
        f"The functions of the extension {one} are open to {role}, and lead out of this database: "
        f"REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA … FROM PUBLIC, {role};"
        for one in found["extensions"]
    ]
    warnings += [
        f"Functions in the untrusted language {one} are open to {role}: REVOKE EXECUTE on them."
        for one in found["languages"]
    ]
    warnings += [
        f"The foreign server {one} is open to {role}: REVOKE USAGE ON FOREIGN SERVER {one} FROM {role};"
        for one in found["servers"]
    ]
    return warnings


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
