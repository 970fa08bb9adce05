"""Who is there: workspaces, users, and everything that proves who somebody is.

No secret is stored: a column ``hash`` holds SHA-256 of a random 256-bit value, which needs no salt and no slow hash
(nobody can try 2^256 values).
"""

from sqlalchemy import ARRAY, Boolean, Column, Index, LargeBinary, Table, Text, UniqueConstraint, text

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, one_of, reference, time, workspace_column

__all__ = ["api_keys", "logins", "tickets", "users", "workspaces"]

# The one tenant table without row-level security: it holds names only, and background work walks over it.
workspaces = Table(
    "workspaces",
    metadata,
    id_column(),
    Column("name", Text, nullable=False),
    created_at(),
)

users = Table(
    "users",
    metadata,
    id_column(),
    workspace_column(),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("email", Text),
    # Who the person is in the program that asks on their behalf (tickets with ``identity``).
    Column("external_id", Text),
    # A visitor's own secret, hashed.
    Column("secret_hash", LargeBinary),
    created_at(),
    time("seen_at"),
    time("disabled_at"),
    # A key is a user of its own: a program's sessions belong to the program, not to whoever made the key.
    one_of("kind", "person", "visitor", "operator", "key"),
    one_of("role", "owner", "admin", "member", "visitor"),
    UniqueConstraint("workspace_id", "external_id"),
    UniqueConstraint("workspace_id", "email"),
    Index(
        "ix_users_secret", "workspace_id", "secret_hash", unique=True, postgresql_where=text("secret_hash IS NOT NULL")
    ),
    Index(None, "workspace_id", "created_at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    id_column(),
    workspace_column(),
    reference("user_id", "users.id", ondelete="CASCADE"),
    reference("created_by", "users.id", ondelete="SET NULL", nullable=True),
    Column("name", Text, nullable=False),
    Column("role", Text, nullable=False),
    # The first eight characters of the secret part: enough to find the row, 2^224 values short of the key.
    Column("prefix", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # The assistants that the key may use; NULL means all.
    Column("assistants", ARRAY(Text)),
    created_at(),
    time("expires_at"),
    time("used_at"),
    one_of("role", "owner", "admin", "member"),
    Index(None, "workspace_id", "prefix"),
    Index(None, "user_id"),
    Index(None, "created_by"),
)

# "link": a one-time token that signs somebody in. "cookie": a browser that is signed in.
logins = Table(
    "logins",
    metadata,
    id_column(),
    workspace_column(),
    Column("kind", Text, nullable=False),
    reference("user_id", "users.id", ondelete="CASCADE", nullable=True),
    Column("hash", LargeBinary, nullable=False),
    created_at(),
    Column("expires_at", created_at().type, nullable=False),
    one_of("kind", "link", "cookie"),
    UniqueConstraint("workspace_id", "hash"),
    Index(None, "user_id"),
    Index(None, "workspace_id", "expires_at"),
)

tickets = Table(
    "tickets",
    metadata,
    id_column(),
    workspace_column(),
    reference("user_id", "users.id", ondelete="CASCADE"),
    Column("hash", LargeBinary, nullable=False),
    # The page that asked, as the browser named it; a program sends none.
    Column("origin", Text),
    Column("assistants", ARRAY(Text)),
    Column("role", Text, nullable=False),
    # For new conversations with the draft of its assistant.
    Column("draft", Boolean, nullable=False, server_default=text("false")),
    # What it was got with, where that can be taken back apart from the user: the ticket goes with it.
    reference("key_id", "api_keys.id", ondelete="CASCADE", nullable=True),
    reference("login_id", "logins.id", ondelete="CASCADE", nullable=True),
    created_at(),
    Column("expires_at", created_at().type, nullable=False),
    UniqueConstraint("workspace_id", "hash"),
    Index(None, "user_id"),
    Index(None, "key_id"),
    Index(None, "login_id"),
    Index(None, "workspace_id", "expires_at"),
)
