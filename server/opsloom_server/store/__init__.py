"""The database: tables, and the queries on them, a file a subject. No SQL stands outside this package."""
