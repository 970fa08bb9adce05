"""Stored conversations, as rows: what a turn would have left."""

import json

from opsloom_server.store.engine import Database
from sqlalchemy import text


async def talk(
    database: Database, workspace: str, user: str, assistant: str, *texts: str, title: str | None = None
) -> tuple[str, list[str]]:
    """Store a session whose path is these texts, by turns a person's and an answer's; return its id and theirs."""
    async with database.transact(workspace) as connection:
        count = (await connection.execute(text("SELECT count(*) FROM sessions"))).scalar_one()
        session = f"ses_{workspace}_{count}"
        await connection.execute(
            text(
                "INSERT INTO sessions (id, workspace_id, assistant_id, user_id, title, updated_at) "
                "VALUES (:id, :workspace, :assistant, :user, :title, now() + :count * interval '1 second')"
            ),
            {
                "id": session,
                "workspace": workspace,
                "assistant": assistant,
                "user": user,
                "title": title,
                "count": count,
            },
        )
        ids: list[str] = []
        for index, words in enumerate(texts):
            ids.append(f"msg_{session}_{index}")
            await connection.execute(
                text(
                    "INSERT INTO messages (id, workspace_id, session_id, parent, role, status, parts) "
                    "VALUES (:id, :workspace, :session, :parent, :role, 'done', CAST(:parts AS jsonb))"
                ),
                {
                    "id": ids[-1],
                    "workspace": workspace,
                    "session": session,
                    "parent": ids[-2] if index else None,
                    "role": "assistant" if index % 2 else "user",
                    "parts": json.dumps([{"type": "text", "text": words}]),
                },
            )
        if ids:
            await connection.execute(
                text("UPDATE sessions SET leaf = :leaf WHERE id = :id"), {"leaf": ids[-1], "id": session}
            )
        return session, ids
