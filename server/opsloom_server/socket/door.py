"""Who may connect, and who may stay: origins, paces and counts at the door, and the watch over whoever came in."""

import asyncio
import contextlib
import logging
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from msgspec.structs import replace
from opsloom_protocol.errors import CloseCode
from opsloom_protocol.frames import PROTOCOL
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from opsloom_server.auth import origins
from opsloom_server.auth.pace import Pace, household
from opsloom_server.auth.standing import Standing, standing
from opsloom_server.errors import Forbidden, NotSignedIn, Unavailable
from opsloom_server.hub import Connection, Hub
from opsloom_server.hub.live import LiveSession
from opsloom_server.socket.line import Socket
from opsloom_server.store import assistants
from opsloom_server.store.ids import DEFAULT_WORKSPACE
from opsloom_server.transport import EXTENSION

# Looked for once a second, so that it is over within ten.
STUCK_SECONDS: Final = 8.5
WATCH_EVERY: Final = 1.0
# How often the database is asked whether everybody still may be here: they are cut off within 4 s.
STANDING_EVERY: Final = 3.0
# Sockets of one address that have not said who they are, for each that may come in a second.
STRANGERS: Final = 2

_log = logging.getLogger(__name__)


class Sockets:
    """The endpoint of `/ws`, an ASGI application of its own, and the watch over its sockets."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub
        self._open: set[Socket] = set()
        self._pace = Pace(hub.environment.settings.limits.connects_per_second, 1.0)
        self._strangers: dict[str, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one socket from its upgrade to its end."""
        socket = await self._enter(scope, receive, send)
        if socket is None:
            return
        self._open.add(socket)
        try:
            await socket.run()
        finally:
            self._open.discard(socket)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> Socket | None:
        """The socket, attached; None where it was refused or closed."""
        headers = Headers(scope=scope)
        address = household(scope["client"][0]) if scope.get("client") else ""
        await receive()  # that somebody wants to connect
        refusal = await self._refusal(headers, address)
        if refusal is not None:
            await refusal(scope, receive, send)
            return None
        offered = scope.get("subprotocols", ())
        await send({"type": "websocket.accept", "subprotocol": PROTOCOL if PROTOCOL in offered else None})
        socket = Socket(self.hub, receive, send, scope["extensions"][EXTENSION])
        origin = headers.get("origin")
        # Nobody reads it again, and it would stay for as long as the connection: 2 kB of headers.
        scope.clear()
        self._strangers[address] = self._strangers.get(address, 0) + 1
        try:
            return socket if await socket.greet(origin) else None
        finally:
            self._strangers[address] -= 1
            if not self._strangers[address]:
                del self._strangers[address]

    async def _refusal(self, headers: Headers, address: str) -> PlainTextResponse | None:
        if self.hub.draining:
            return PlainTextResponse("This server is stopping; try again in a moment.", 503, {"retry-after": "1"})
        limit = self.hub.environment.settings.limits.connects_per_second
        if not self._pace.allows(address) or (limit and self._strangers.get(address, 0) >= limit * STRANGERS):
            return PlainTextResponse("Too many connections at once from your address.", 429, {"retry-after": "1"})
        if not await self._is_welcome(headers.get("origin"), headers.get("host")):
            return PlainTextResponse("Pages of this origin may not connect. An owner can list it under sites.", 403)
        return None

    async def _is_welcome(self, origin: str | None, host: str | None) -> bool:
        public_url = self.hub.environment.settings.public_url
        if origins.is_allowed(origin, host, public_url):
            return True
        listed: Iterable[str] = ()
        with contextlib.suppress(Unavailable):
            async with self.hub.environment.database.transact(DEFAULT_WORKSPACE) as connection:
                listed = await assistants.origins(connection)
        return origins.is_allowed(origin, host, public_url, listed)

    async def watch(self) -> None:
        """Close sockets that do not read, or whose people may no longer be here. Two tasks for all of them: a timer a
        frame would cost more than the frame; and a database that hangs keeps only those waiting who ask it.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._watch_clocks(), name="watch over clocks")
            tasks.create_task(self._watch_standing(), name="watch over standing")

    async def _watch_clocks(self) -> None:
        while True:
            await asyncio.sleep(WATCH_EVERY)
            late = time.monotonic() - STUCK_SECONDS
            for socket in [one for one in self._open if one.stuck_since < late]:
                socket.give_up()
            for socket in [one for one in self._open if one.has_run_out]:
                socket.dismiss(_SIGNED_OUT, CloseCode.SIGNED_OUT)

    async def _watch_standing(self) -> None:
        while True:
            await asyncio.sleep(STANDING_EVERY)
            try:
                await self._check_standing()
            except Unavailable:
                _log.warning("who may stay could not be asked: the database does not answer")
            except Exception:
                _log.exception("who may stay could not be asked")

    async def _check_standing(self) -> None:
        there: dict[str, list[tuple[Socket, Connection, LiveSession]]] = defaultdict(list)
        for socket in self._open:
            if (connection := socket.connection) is not None and connection.live is not None:
                there[connection.principal.workspace].append((socket, connection, connection.live))
        for workspace, people in there.items():
            used = {live.assistant.id for _, _, live in people}
            async with self.hub.environment.database.transact(workspace) as database:
                now = await standing(database, (connection.principal for _, connection, _ in people), used)
            for socket, connection, live in people:
                if connection.live is live:  # else it went on to another session meanwhile, or left
                    _dismiss(socket, connection, live, now)
            for _, _, live in people:
                if live.assistant.id not in now.assistants:
                    live.assistant = replace(live.assistant, deleted=True)


_SIGNED_OUT: Final = NotSignedIn("You are no longer signed in.")
_TAKEN_AWAY: Final = Forbidden("This assistant was taken away. What was said with it can still be read.")


def _dismiss(socket: Socket, connection: Connection, live: LiveSession, now: Standing) -> None:
    """Close the connection of somebody who may no longer be here."""
    if not now.holds(connection.principal):
        socket.dismiss(_SIGNED_OUT, CloseCode.SIGNED_OUT)
    elif live.assistant.id not in now.assistants and not live.assistant.deleted:
        socket.dismiss(_TAKEN_AWAY, CloseCode.NOT_ALLOWED)
