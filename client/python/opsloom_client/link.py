"""A connection that is kept up: hello with the cursor, what comes is applied, the outbox sent, breaks are healed."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct
from opsloom_protocol.errors import CloseCode, ErrorCode, ProtocolError
from opsloom_protocol.frames import (
    ClientInfo,
    ErrorFrame,
    GoingAway,
    Hello,
    Open,
    Ping,
    Pong,
    ServerFrame,
    Snapshot,
    Welcome,
)
from opsloom_protocol.messages import SessionInfo
from opsloom_protocol.state import State, apply

from opsloom_client.backoff import SETTLED, Advice, advice, delay, long_delay
from opsloom_client.connection import Connection, Lost, open_connection
from opsloom_client.errors import Denied, Refused
from opsloom_client.feed import Event, Reconnecting
from opsloom_client.outbox import Outbox, new_ref
from opsloom_client.tickets import Later, Tickets
from opsloom_client.watchdog import LOOK_EVERY, Expecting, Verdict, Watchdog, now

ATTACH_WITHIN: Final = 15.0
"""Seconds from `hello` to `welcome`; mobile networks take 2 to 3 s at worst."""

_WORDS: Final[dict[int, tuple[ErrorCode, str]]] = {
    CloseCode.NORMAL: ("unavailable", "The server closed the conversation."),
    CloseCode.BAD_FRAMES: ("bad_frame", "This program and the server do not understand each other."),
    CloseCode.SIGNED_OUT: ("forbidden", "The server does not accept this key or ticket."),
    CloseCode.NOT_ALLOWED: ("forbidden", "This is not allowed."),
    CloseCode.NOT_FOUND: ("not_found", "There is no such assistant or session, or it belongs to somebody else."),
}


class Identity(Struct, frozen=True, kw_only=True):
    """What every `hello` says the same."""

    client: ClientInfo
    key: str | None = None
    kinds: tuple[str, ...] | None = None
    locale: str | None = None
    timezone: str | None = None


class Link:
    """One person's place in one session, over as many connections as it takes. `run` does not return by itself."""

    def __init__(
        self,
        url: str,
        identity: Identity,
        tickets: Tickets | None,
        outbox: Outbox,
        publish: Callable[[Event], None],
        random: Callable[[], float],
        session: str | None,
        assistant: str | None,
    ) -> None:
        self.state = State(session=SessionInfo(id="", rev=0))
        self.welcome: Welcome | None = None
        self.connected = False
        self.ready = asyncio.Event()
        self.trouble = ""
        # Whether that trouble is the server's own words.
        self.answered = False
        self._url = url
        self._identity = identity
        self._tickets = tickets
        self._outbox = outbox
        self._publish = publish
        self._random = random
        self._session = session
        self._assistant = assistant
        # Whether the state is the session's, so that its cursor means something.
        self.whole = False
        self._not_before = 0.0
        self._leave_at: float | None = None
        self._complaint: ErrorFrame | None = None
        self._watchdog = Watchdog()
        self._attached_at = 0.0
        self._useful = False
        self._silent = ""

    async def run(self) -> None:
        """Stay attached. Raises `Denied` when the server wants no more of us."""
        loop = asyncio.get_running_loop()
        failures, was_signed_out = 0, False
        while True:
            self.connected, self._leave_at, self._complaint = False, None, None
            late, self._silent, self._useful = False, "", False
            try:
                await self._attach()
            except Later as later:
                self._trouble(str(later), answered=later.answered)
                self._not_before = loop.time() + (later.seconds or 0.0)
            except ProtocolError as error:
                # A hole, or nonsense: the state stays for the eye, the next hello asks for a new one.
                self._trouble(error.text)
                self.whole = False
            except Lost as lost:
                self._trouble(self._silent or str(lost))
                found = advice(lost.close_code)
                late = found is Advice.COME_BACK_LATE
                again = found is Advice.NEW_TICKET and (self.connected or not was_signed_out)
                if found is Advice.STAY_AWAY or (found is Advice.NEW_TICKET and not again):
                    self._begin_anew_or_give_up(lost)
                was_signed_out = found is Advice.NEW_TICKET
                if lost.close_code == CloseCode.TOO_BIG:
                    self._outbox.refuse_biggest(Refused("too_long", "This is longer than the server accepts."))
            # One that took the conversation further was no failure, however short.
            settled = self.connected and (self._useful or loop.time() - self._attached_at >= SETTLED)
            failures = 1 if settled else failures + 1
            self.connected = False
            wait = long_delay(self._random) if late else delay(failures, self._random)
            wait = max(wait, self._not_before - loop.time())
            self._publish(Reconnecting(attempt=failures, delay=wait, reason=self.trouble))
            await asyncio.sleep(wait)

    def _trouble(self, words: str, *, answered: bool = False) -> None:
        self.answered = answered or self._complaint is not None
        self.trouble = self._complaint.text if self._complaint is not None else words

    def _begin_anew_or_give_up(self, lost: Lost) -> None:
        known = self.welcome is not None and self.state.rev == 0
        if lost.close_code == CloseCode.NOT_FOUND and known and self._assistant:
            # The session had no row yet and the server forgot it: nothing was in it, a new one serves as well.
            self._session, self.whole = None, False
            return
        code, words = _WORDS.get(lost.close_code or 0, ("unavailable", str(lost)))
        if self._complaint is not None:
            code, words = self._complaint.code, self._complaint.text
        raise Denied(code, words, lost.close_code) from lost

    async def _attach(self) -> None:
        """One connection, until it is over: always ends by raising."""
        ticket = await self._tickets.take() if self._tickets is not None else None
        async with open_connection(self._url) as connection:
            await connection.send(self._hello(ticket))
            try:
                async with asyncio.timeout(ATTACH_WITHIN) as limit:
                    await self._read(connection, limit)
            except TimeoutError:
                raise Lost("The server asked us to come back." if self.connected else "No welcome in time.") from None

    def _hello(self, ticket: str | None) -> Hello:
        who = self._identity
        return Hello(
            client=who.client,
            ticket=ticket,
            key=who.key,
            session=self._session,
            # With both, a session that has no row yet is found again by the name that the server sealed for it.
            assistant=self._assistant,
            cursor=self.state.cursor if self.whole and self._session else None,
            kinds=who.kinds,
            locale=who.locale,
            timezone=who.timezone,
        )

    async def _read(self, connection: Connection, limit: asyncio.Timeout) -> None:
        beside: list[asyncio.Task[None]] = []
        try:
            async for frame in connection.frames():
                self._watchdog.heard(now(), news=not isinstance(frame, Pong))
                self._take(frame)
                if not beside and self.connected:
                    self._outbox.restart()
                    self._watchdog.begin(now())
                    beside.append(asyncio.create_task(self._write(connection), name="opsloom writer"))
                    beside.append(asyncio.create_task(self._watch(connection), name="opsloom watchdog"))
                if self.connected:
                    # A draining server is left when it asked for it, but never out of the middle of an answer.
                    limit.reschedule(self._leave_at if self.state.turn is None else None)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)

    async def _write(self, connection: Connection) -> None:
        try:
            while True:
                await connection.send(await self._outbox.next())
        except Lost:
            return  # the reader hears of it too, with the close code

    async def _watch(self, connection: Connection) -> None:
        """Break the connection where it is only believed to be one; the reader then hears that it is lost."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            match self._watchdog.look(now(), self._expecting()):
                case Verdict.PING:
                    await self._try_to_send(connection, Ping(ref=new_ref()))
                case Verdict.ASK:
                    # Brings what is missing, the end of the answer above all; else nothing.
                    where = Open(ref=new_ref(), session=self._session, cursor=self.state.cursor)
                    await self._try_to_send(connection, where)
                case Verdict.DEAD:
                    self._silent = "The connection fell silent."
                    connection.abort()
                    return
                case Verdict.FINE:
                    pass

    async def _try_to_send(self, connection: Connection, frame: Ping | Open) -> None:
        """A link that is full takes nothing more; whether it lives, the next look says."""
        with suppress(Lost, TimeoutError):
            async with asyncio.timeout(LOOK_EVERY):
                await connection.send(frame)

    def _expecting(self) -> Expecting:
        if not self.whole:
            return Expecting.NOTHING  # a long snapshot may be what is silent
        if self.state.turn is not None:
            return Expecting.ANSWER
        return Expecting.REPLY if self._outbox.owed else Expecting.NOTHING

    def _take(self, frame: ServerFrame) -> None:
        if isinstance(frame, Welcome):
            self._welcomed(frame)
        elif not self.connected and not isinstance(frame, ErrorFrame):
            raise Lost("The server spoke before its welcome.")
        before, self.state = self.state, apply(self.state, frame)
        self._useful |= self.state is not before and not isinstance(frame, Snapshot | Welcome)
        if isinstance(frame, Snapshot) or (isinstance(frame, Welcome) and frame.resumed):
            self.whole = True
            self.ready.set()
        elif isinstance(frame, ErrorFrame) and frame.ref is None:
            self._complaint = frame
        elif isinstance(frame, GoingAway):
            self._leave_at = self._not_before = asyncio.get_running_loop().time() + frame.retry_ms / 1000
        self._publish(frame)
        self._outbox.answer(frame)

    def _welcomed(self, frame: Welcome) -> None:
        self.welcome = frame
        if not self.connected:
            self._attached_at = asyncio.get_running_loop().time()
        self.connected = True
        if frame.session.id != self.state.session.id:
            self.whole = False
        self._session = frame.session.id
        if self._assistant is not None or frame.ref is not None:
            self._assistant = frame.assistant.slug
        if self._tickets is not None and self._tickets.assistant is not None:
            self._tickets.assistant = frame.assistant.slug
