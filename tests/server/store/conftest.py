"""A database for each test."""

from databases import database, migrated_template, migrated_url

__all__ = ["database", "migrated_template", "migrated_url"]
