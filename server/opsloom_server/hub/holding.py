"""The sessions that this node holds: found or loaded for whoever wants them, let go when nobody does."""

import asyncio
from collections.abc import AsyncIterator, Container
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

from opsloom_server.auth.principal import Principal
from opsloom_server.errors import Invalid, NotFound
from opsloom_server.hub.environment import Environment
from opsloom_server.hub.live import DRAFT_GONE, LiveSession
from opsloom_server.hub.session_ids import is_sealed, new_session_id
from opsloom_server.store import assistants
from opsloom_server.store.assistants import Assistant
from opsloom_server.store.conversations import find_session, was_deleted
from opsloom_server.store.drafts import draft_of


class Holding:
    """Live sessions by id. `busy` are those that have requests waiting. Whoever is given one by `find` takes one from
    its `attaching` when done, and lets go of it."""

    def __init__(self, environment: Environment, busy: Container[LiveSession]) -> None:
        self.sessions: dict[str, LiveSession] = {}
        self._environment = environment
        self._busy = busy
        # Of two who want the same session at once, one loads it. A lock lives as long as somebody holds it.
        self._loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def find(self, principal: Principal, session: str | None, slug: str | None) -> LiveSession:
        """A session of that person's, or a new one with that assistant. Raises `NotFound`, `Invalid`."""
        if session is not None:
            return await self._existing(principal, session, slug)
        if slug is None:
            raise Invalid("Name a session or an assistant.")
        assistant = await self._assistant(principal, slug)
        secret, draft = self._environment.secret, assistant.draft
        return self._fresh(principal, assistant, new_session_id(secret, principal.user, assistant.id, draft=draft))

    @asynccontextmanager
    async def held(self, workspace: str, session: str) -> AsyncIterator[LiveSession]:
        """A stored session, live for as long as this takes. Raises `NotFound`."""
        async with self._lock(session):
            # That its assistant was deleted meanwhile must not keep a turn from ending.
            live = self.sessions.get(session) or await self._load(workspace, session)
            if live is not None and not live.stored:
                await live.sync()  # opened here before its first message, which came in elsewhere
            if live is None or live.workspace != workspace or not live.stored:
                raise NotFound
            live.attaching += 1
        try:
            yield live
        finally:
            live.attaching -= 1
            self.let_go(live)

    def let_go(self, session: LiveSession) -> None:
        """Forget a session that nobody needs; what it holds is in the database."""
        if session.idle and session not in self._busy and self.sessions.get(session.id) is session:
            session.turn = None  # one that runs elsewhere is followed no more
            del self.sessions[session.id]

    def _fresh(self, principal: Principal, assistant: Assistant, session: str) -> LiveSession:
        live = LiveSession(self._environment, principal.workspace, principal.user, assistant, session, None)
        live.attaching += 1
        self.sessions[session] = live
        return live

    async def _existing(self, principal: Principal, session: str, slug: str | None) -> LiveSession:
        async with self._lock(session):
            # With a deleted assistant too: what was said stays readable, here as by REST.
            live = self.sessions.get(session) or await self._load(principal.workspace, session)
            if live is not None:
                if live.workspace != principal.workspace:
                    raise NotFound
                principal.demand_own(live.user)
                if not principal.may_use(live.assistant.id, public=live.assistant.public):
                    raise NotFound
                if live.draft and not principal.manages:
                    raise NotFound
                live.attaching += 1
                return live
            if slug is not None and not await self._was_deleted(principal.workspace, session):
                assistant = await self._assistant(principal, slug)
                secret, draft = self._environment.secret, assistant.draft
                if is_sealed(session, secret, principal.user, assistant.id, draft=draft):
                    return self._fresh(principal, assistant, session)
            raise NotFound

    def _lock(self, session: str) -> asyncio.Lock:
        lock = self._loading.get(session)
        if lock is None:
            lock = self._loading[session] = asyncio.Lock()
        return lock

    async def _was_deleted(self, workspace: str, session: str) -> bool:
        async with self._environment.database.transact(workspace) as connection:
            return await was_deleted(connection, session)

    async def _load(self, workspace: str, session: str) -> LiveSession | None:
        async with self._environment.database.transact(workspace) as connection:
            row = await find_session(connection, session)
            if row is None:
                return None
            assistant = await assistants.assistant_by_id(connection, row.assistant, deleted=True)
            draft = await draft_of(connection, row.assistant) if row.draft else None
        if assistant is not None and draft is not None:
            assistant = draft.of(assistant)
        if assistant is None:
            return None
        live = await LiveSession.load(self._environment, workspace, assistant, row)
        self.sessions[session] = live
        return live

    async def _assistant(self, principal: Principal, slug: str) -> Assistant:
        """The assistant that a new session is with: as it is, or, by a ticket for it, its draft."""
        async with self._environment.database.transact(principal.workspace) as connection:
            assistant = await assistants.assistant_by_slug(connection, slug)
            if assistant is None or not principal.may_use(assistant.id, public=assistant.public):
                raise NotFound(f"There is no assistant “{slug[:60]}” here.")
            if not (principal.draft and principal.manages):
                return assistant
            draft = await draft_of(connection, assistant.id)
        if draft is None:
            raise NotFound(DRAFT_GONE)
        return draft.of(assistant)
