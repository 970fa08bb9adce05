"""Row-level security, and the role that the server works under."""

from collections.abc import Iterable

from alembic import op
from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

__all__ = ["APP_ROLE", "protect", "settle"]

APP_ROLE = "opsloom_app"


def protect(tables: Iterable[str]) -> None:
    """Let a row of these tables be seen and written only where ``app.workspace`` names its workspace.

    FORCE holds it against the owner too, so it holds where no other role may be made. An unset workspace sees no row.
    The sub-select makes PostgreSQL read the setting once a query, not once a row.
    """
    mine = "workspace_id = (SELECT current_setting('app.workspace', true))"
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY workspace ON {table} USING ({mine}) WITH CHECK ({mine})")


def settle(connection: Connection) -> None:
    """Make the server's role where that is allowed, and grant it what the tables need. Idempotent."""
    exists = text("SELECT 1 FROM pg_roles WHERE rolname = :role")
    if connection.execute(exists, {"role": APP_ROLE}).scalar() is None:
        _try(
            connection, f"CREATE ROLE {APP_ROLE} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS NOREPLICATION"
        )
    if connection.execute(exists, {"role": APP_ROLE}).scalar() is None:
        return  # the policies are forced on the owner: they hold alone
    member = text("SELECT pg_has_role(session_user, :role, 'MEMBER')")
    if not connection.execute(member, {"role": APP_ROLE}).scalar():
        _try(connection, f"GRANT {APP_ROLE} TO CURRENT_USER")
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar_one()
    connection.execute(text(f"GRANT USAGE ON SCHEMA {schema} TO {APP_ROLE}"))
    connection.execute(text(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {APP_ROLE}"))
    connection.execute(text(f"GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {APP_ROLE}"))
    # What happened stays as it was written.
    connection.execute(text(f"REVOKE UPDATE, DELETE ON {schema}.audit FROM {APP_ROLE}"))
    connection.execute(text(f"REVOKE INSERT, UPDATE, DELETE ON {schema}.alembic_version FROM {APP_ROLE}"))


def _try(connection: Connection, statement: str) -> None:
    """Run a statement that the database may refuse for want of rights, without losing the transaction."""
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", None) != "42501":  # insufficient_privilege
            raise
