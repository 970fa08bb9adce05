"""Alembic's entry: runs on the connection that ``opsloom_migrations.upgrade`` hands in."""

from alembic import context

context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
