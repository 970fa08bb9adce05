"""The database: tables, and the queries on them, a file a subject (those on credentials: in `auth`)."""
