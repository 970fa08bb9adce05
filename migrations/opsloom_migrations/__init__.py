"""The database of Opsloom, step by step.

``upgrade`` brings a database to the newest revision; several servers may start at once, one of them does the work.
``check`` lists what a MetaData says that the database does not have: nothing, or a migration was forgotten.
"""

from opsloom_migrations.running import VectorMissing, check, current, head, upgrade

__all__ = ["VectorMissing", "check", "current", "head", "upgrade"]
