"""What leaves the database by itself, and what stays."""

from typing import Any

from opsloom_server.auth import logins, tickets, visitors
from opsloom_server.sweeping import Sweeping
from sqlalchemy import text


async def count(rest: Any, query: str) -> int:
    async with rest.database.transact("ws_default") as connection:
        return int((await connection.execute(text(query))).scalar_one())


async def test_what_has_run_out_goes_and_nothing_else(rest: Any) -> None:
    made = await rest.ok(await rest.owner.post("/assistants", json={"slug": "a", "name": "A", "public": True}), 201)
    silent, _ = await visitors.create(rest.database, "ws_default")
    talker, secret = await visitors.create(rest.database, "ws_default")
    await rest.talk(talker.user, made["id"], "Hello")
    gone, _ = await rest.talk(talker.user, made["id"], "Bye")
    await rest.client(secret.text).delete(f"/sessions/{gone}")
    await tickets.issue(rest.database, silent, origin=None)
    await logins.owner_link(rest.database, "ws_default")
    await Sweeping(rest.database).sweep()
    assert await count(rest, "SELECT count(*) FROM users WHERE kind = 'visitor'") == 2
    assert await count(rest, "SELECT count(*) FROM sessions") == 2
    assert await count(rest, "SELECT count(*) FROM tickets") == 1
    assert await count(rest, "SELECT count(*) FROM logins") == 1
    async with rest.database.transact("ws_default") as connection:
        await connection.execute(text("UPDATE users SET created_at = now() - interval '31 days'"))
        aged = "UPDATE sessions SET deleted_at = now() - interval '2 hours' WHERE deleted_at IS NOT NULL"
        await connection.execute(text(aged))
        await connection.execute(text("UPDATE tickets SET expires_at = now()"))
        await connection.execute(text("UPDATE logins SET expires_at = now()"))
    sweeping = Sweeping(rest.database)
    await sweeping.start()
    for _ in range(200):
        if await count(rest, "SELECT count(*) FROM logins") == 0:
            break
    await sweeping.close()
    assert await count(rest, "SELECT count(*) FROM users WHERE kind = 'visitor'") == 1
    assert await count(rest, "SELECT count(*) FROM sessions") == 1
    assert await count(rest, "SELECT count(*) FROM tickets") == 0
    assert await rest.ok(await rest.client(secret.text).get("/sessions"))
