"""Column shapes that many tables share: text ids, the tenant, times."""

from typing import Any

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Text, func

__all__ = ["created_at", "id_column", "one_of", "reference", "time", "workspace_column"]


def id_column() -> Column[str]:
    """Return the primary key: text made by ``ids.new_id``."""
    return Column("id", Text, primary_key=True)


def workspace_column() -> Column[str]:
    """Return the tenant's column. A table that has it gets forced row-level security in the migration."""
    return Column("workspace_id", Text, ForeignKey("workspaces.id", ondelete="CASCADE"), nullable=False)


def reference(name: str, target: str, *, ondelete: str, nullable: bool = False) -> Column[Any]:
    """Return a foreign key to ``target`` ("table.column")."""
    return Column(name, Text, ForeignKey(target, ondelete=ondelete), nullable=nullable)


def time(name: str) -> Column[Any]:
    """Return an optional point in time with its zone."""
    return Column(name, DateTime(timezone=True))


def created_at(name: str = "created_at") -> Column[Any]:
    """Return a point in time that the database's clock fills in."""
    return Column(name, DateTime(timezone=True), nullable=False, server_default=func.now())


def one_of(column: str, *values: str) -> CheckConstraint:
    """Return the check that ``column`` holds one of ``values``."""
    words = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({words})", name=column)
