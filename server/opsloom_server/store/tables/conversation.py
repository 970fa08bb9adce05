"""What is said: sessions, their tree of messages, the log of durable frames, and the turns that run.

`sessions.rev` and `sessions.leaf` change only in a transaction that also writes the `session_log` row which says so.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from opsloom_server.store.metadata import metadata
from opsloom_server.store.tables.columns import created_at, id_column, one_of, reference, time, workspace_column

__all__ = ["blocks", "messages", "requests", "session_log", "sessions", "tool_calls", "turn_log", "turns"]

sessions = Table(
    "sessions",
    metadata,
    id_column(),
    workspace_column(),
    reference("assistant_id", "assistants.id", ondelete="CASCADE"),
    reference("user_id", "users.id", ondelete="CASCADE"),
    Column("title", Text),
    Column("rev", BigInteger, nullable=False, server_default=text("0")),
    # The message at the end of the path that people see.
    Column("leaf", Text),
    # Whether it is held with the assistant's draft, by somebody who manages the workspace.
    Column("draft", Boolean, nullable=False, server_default=text("false")),
    created_at(),
    created_at("updated_at"),
    time("deleted_at"),
    Index(None, "workspace_id", "user_id", "updated_at"),
    Index(None, "assistant_id"),
)

messages = Table(
    "messages",
    metadata,
    id_column(),
    workspace_column(),
    reference("session_id", "sessions.id", ondelete="CASCADE"),
    reference("parent", "messages.id", ondelete="CASCADE", nullable=True),
    # The order of siblings, and of the queue.
    Column("ordinal", BigInteger, Identity(always=True), nullable=False),
    Column("role", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("author", JSONB),
    # The protocol's `Part`s. A block's `state` stands in `blocks` alone.
    Column("parts", JSONB, nullable=False),
    Column("model", Text),
    Column("usage", JSONB),
    Column("feedback", JSONB),
    Column("error", JSONB),
    # What the model said and was told for this answer, as pydantic-ai writes it; the prompt included.
    Column("history", LargeBinary),
    created_at(),
    one_of("role", "user", "assistant"),
    one_of("status", "queued", "withdrawn", "running", "waiting", "done", "stopped", "failed", "interrupted"),
    Index(None, "session_id", "parent", "ordinal"),
    Index(None, "parent"),
    Index("ix_messages_queue", "session_id", "ordinal", postgresql_where=text("status = 'queued'")),
    Index(None, "workspace_id"),
)

session_log = Table(
    "session_log",
    metadata,
    workspace_column(),
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("rev", BigInteger, primary_key=True),
    # The live frame it followed, where a turn was running.
    Column("turn_id", Text),
    Column("seq", Integer),
    # The frame as JSON, without the body of `message`, which is `message_id`'s row.
    Column("frame", Text, nullable=False),
    Column("message_id", Text),
    created_at(),
    Index(None, "workspace_id"),
)

turns = Table(
    "turns",
    metadata,
    id_column(),
    workspace_column(),
    reference("session_id", "sessions.id", ondelete="CASCADE"),
    reference("message_id", "messages.id", ondelete="CASCADE"),
    reference("user_id", "users.id", ondelete="CASCADE"),
    Column("epoch", Integer, nullable=False, server_default=text("1")),
    Column("status", Text, nullable=False),
    Column("model", Text, nullable=False),
    # The node that runs it, for as long as that node's lease runs.
    Column("owner", Text, nullable=False),
    Column("seq", Integer, nullable=False, server_default=text("0")),
    # Somebody asked for its end, maybe on another node than its owner's.
    Column("stop_asked", Boolean, nullable=False, server_default=text("false")),
    # The block whose action it carries out, where it is no answer of the model's.
    Column("block", Text),
    created_at("started_at"),
    time("ended_at"),
    one_of("status", "running", "done", "stopped", "failed", "interrupted", "waiting"),
    # At most one runs in a session.
    Index("uq_turns_running", "session_id", unique=True, postgresql_where=text("status = 'running'")),
    Index("ix_turns_owner", "owner", postgresql_where=text("status = 'running'")),
    Index("ix_turns_user", "user_id", postgresql_where=text("status = 'running'")),
    Index(None, "session_id"),
    Index(None, "message_id"),
    Index(None, "workspace_id"),
)

# The live frames of turns that run, in batches; gone when the turn's answer is stored.
turn_log = Table(
    "turn_log",
    metadata,
    workspace_column(),
    Column("turn_id", Text, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("first_seq", Integer, primary_key=True),
    Column("last_seq", Integer, nullable=False),
    # Frames as JSON, one a line.
    Column("frames", Text, nullable=False),
    Index(None, "workspace_id"),
)

requests = Table(
    "requests",
    metadata,
    workspace_column(),
    Column("session_id", Text, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("ref", Text, primary_key=True),
    # SHA-256 of the request without its `ref`.
    Column("hash", LargeBinary, nullable=False),
    # The reply as JSON, without the body of `message`, which is `message_id`'s row.
    Column("reply", Text, nullable=False),
    Column("message_id", Text),
    created_at(),
    Index(None, "workspace_id"),
)

blocks = Table(
    "blocks",
    metadata,
    id_column(),
    workspace_column(),
    reference("session_id", "sessions.id", ondelete="CASCADE"),
    reference("message_id", "messages.id", ondelete="CASCADE"),
    Column("kind", Text, nullable=False),
    # The model's call that waits for it, where one does.
    Column("call", Text),
    Column("state", JSONB),
    # What the model is told of the answer.
    Column("reply", Text),
    # When nobody may answer any more.
    time("expires_at"),
    created_at(),
    Index(
        "ix_blocks_due",
        "expires_at",
        postgresql_where=text("expires_at IS NOT NULL AND state->>'status' = 'open'"),
    ),
    Index(None, "message_id"),
    Index(None, "session_id"),
    Index(None, "workspace_id"),
)

tool_calls = Table(
    "tool_calls",
    metadata,
    workspace_column(),
    Column("turn_id", Text, ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("call", Text, primary_key=True),
    Column("tool", Text, nullable=False),
    Column("input", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("result", Text),
    created_at("started_at"),
    time("ended_at"),
    one_of("status", "running", "ok", "error", "denied", "stopped"),
    Index(None, "workspace_id"),
)
