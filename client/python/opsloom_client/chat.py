"""A conversation with an assistant: `async with connect("https://chat.example.com", assistant="demo") as chat: …`"""

import asyncio
import random as chance
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Any, Final, Literal
from weakref import WeakSet

import httpx2
from msgspec import UNSET, UnsetType
from opsloom_protocol.codec import encode
from opsloom_protocol.frames import (
    Act,
    BlockUpdate,
    Choose,
    ClientInfo,
    Edit,
    Feedback,
    MessageAdded,
    Open,
    Retry,
    Send,
    ServerFrame,
    Stop,
    Welcome,
    Withdraw,
)
from opsloom_protocol.messages import AssistantInfo, Author, BlockState, Message
from opsloom_protocol.state import State

from opsloom_client.answer import Answer, Place
from opsloom_client.connection import addresses
from opsloom_client.errors import Closed, Disconnected, Gone, Unreachable
from opsloom_client.feed import Event, Feed, next_frame
from opsloom_client.link import Identity, Link
from opsloom_client.outbox import Outbox, Request, new_ref
from opsloom_client.tickets import Tickets

CONTACT_WITHIN: Final = 15.0
"""Seconds for the first contact; after it, breaks are healed for as long as the chat is open."""


def connect(
    url: str,
    *,
    assistant: str | None = None,
    session: str | None = None,
    key: str | None = None,
    visitor: str | None = None,
    kinds: Sequence[str] | None = None,
    client: str = "opsloom-python",
    locale: str | None = None,
    timezone: str | None = None,
    draft: bool = False,
    within: float = CONTACT_WITHIN,
    random: Callable[[], float] = chance.random,
) -> "Chat":
    """A chat at the server `url`, to be entered with `async with`.

    Go on with `session`, or begin a new one with `assistant` (its slug). `key` is an API key. Without one this is a
    visitor of a public assistant, who names it for an earlier session too; `visitor` is the secret of that time
    (`chat.visitor`). `kinds` are the block kinds that this program can show. `draft` begins with the assistant's draft;
    that takes an admin's key. Raises ValueError for an address that is
    none; entering raises `Denied`, or `Unreachable` after `within` seconds.
    """
    if session is None and assistant is None:
        raise ValueError("Give an assistant to begin with, or a session to go on with.")
    if key is None and assistant is None:
        raise ValueError("A visitor names the assistant, beside the session to go on with.")
    if draft and (key is None or assistant is None):
        raise ValueError("A draft is tried with an admin's API key, and the assistant named.")
    identity = Identity(
        client=ClientInfo(name=client, version=version("opsloom-client")),
        key=None if draft else key,
        kinds=None if kinds is None else tuple(kinds),
        locale=locale,
        timezone=timezone,
    )
    return Chat(addresses(url), identity, assistant, session, visitor, within, random, key if draft else None)


class Chat:
    """What one person sees of one session, and may do in it.

    Every request is kept until the server has answered it, over as many connections as that takes, and is done once.
    Each raises `Refused` when the server says no, and `Disconnected` when no answer will come any more.
    """

    def __init__(
        self,
        where: tuple[str, str],
        identity: Identity,
        assistant: str | None,
        session: str | None,
        visitor: str | None,
        within: float,
        random: Callable[[], float],
        drafting: str | None = None,
    ) -> None:
        # `drafting`: the key that tickets for a draft are asked for with.
        self._within = within
        headers = None if drafting is None else {"Authorization": f"Bearer {drafting}"}
        self._http = httpx2.AsyncClient(base_url=where[0], timeout=10.0, headers=headers)
        draft = drafting is not None
        self._tickets = Tickets(self._http, assistant, visitor, draft=draft) if identity.key is None else None
        self._outbox = Outbox()
        self._feeds: WeakSet[Feed] = WeakSet()
        self._end: Disconnected | None = None
        self._task: asyncio.Task[None] | None = None
        self._link = Link(where[1], identity, self._tickets, self._outbox, self._publish, random, session, assistant)

    async def __aenter__(self) -> "Chat":
        self._task = asyncio.create_task(self._run(), name="opsloom chat")
        ready = asyncio.create_task(self._link.ready.wait(), name="opsloom first contact")
        try:
            await asyncio.wait({ready, self._task}, timeout=self._within, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ready.cancel()
            if not self._link.ready.is_set():
                trouble, answered = self._link.trouble, self._link.answered
                end = self._end
                await self.close()
        if not self._link.ready.is_set():
            words = trouble or f"The server did not answer within {self._within:g} s."
            raise end or Unreachable(words, answered=answered)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Leave. A running answer goes on without us; what was not answered raises `Closed`."""
        self._finish(Closed("The chat was closed."))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._http.aclose()

    async def _run(self) -> None:
        try:
            await self._link.run()
        except Disconnected as error:
            self._finish(error)
        except Exception as error:
            self._finish(Disconnected(f"The client broke: {error!r}"))
            raise

    def _finish(self, error: Disconnected) -> None:
        if self._end is None:
            self._end = error
        self._outbox.fail(self._end)
        for feed in list(self._feeds):
            feed.fail(self._end)

    def _publish(self, event: Event) -> None:
        for feed in list(self._feeds):
            feed.push(event)

    # ------------------------------------------------------------------------------------------ what there is

    @property
    def state(self) -> State:
        """The conversation as this client knows it; kept while a connection is being made again."""
        return self._link.state

    @property
    def session(self) -> str:
        return self._link.state.session.id

    @property
    def assistant(self) -> AssistantInfo:
        return self._welcome.assistant

    @property
    def user(self) -> Author:
        return self._welcome.user

    @property
    def limits(self) -> dict[str, int]:
        return self._welcome.limits

    @property
    def visitor(self) -> str | None:
        """The visitor's own secret: keep it to be the same person next time. None with a key."""
        return None if self._tickets is None else self._tickets.visitor

    @property
    def connected(self) -> bool:
        return self._link.connected

    @property
    def _welcome(self) -> Welcome:
        if self._link.welcome is None:
            raise Closed("This chat was not entered yet: `async with connect(…) as chat`.")
        return self._link.welcome

    def events(self) -> Feed:
        """Every frame from here on, after it was applied, and `Reconnecting` after a break. Bounded at 1,000: a
        listener that falls behind finds one snapshot in place of what it missed."""
        feed = Feed(lambda: self.state)
        if self._end is not None:
            feed.fail(self._end)
        self._feeds.add(feed)
        return feed

    # ------------------------------------------------------------------------------------------ what may be done

    def ask(self, text: str, *, files: Sequence[str] = ()) -> Answer:
        """Send a message and follow the answer to it. It waits in line if an answer is running."""
        return self._answer(self._request(Send(ref=new_ref(), text=text, files=tuple(files))), _under)

    def edit(self, message: str, text: str) -> Answer:
        """Write one's own message anew, beside the old one, and follow the answer to that."""
        return self._answer(self._request(Edit(ref=new_ref(), message=message, text=text)), _under)

    def retry(self, message: str) -> Answer:
        """Have an answer given anew, beside the old one. Raises `Gone` where that is not in view."""
        old = next((held for held in self.state.messages if held.id == message), None)
        if old is None:
            raise Gone("There is no such answer in view.")
        place = Place(old.parent, not_these=frozenset({old.id, *old.siblings}))
        return self._answer(self._request(Retry(ref=new_ref(), message=message)), lambda _: place)

    def follow(self, message: str) -> Answer:
        """The rest of an answer that is there: running, or about to go on after `act`."""
        place = Place(None, message)
        return Answer(None, lambda _: place, self.events, lambda: self.state, place.find(self.state))

    async def send(self, text: str, *, files: Sequence[str] = (), parent: str | UnsetType | None = UNSET) -> Message:
        """Send a message, under the leaf or under `parent`; returns it as stored, `done` or `queued`."""
        reply = await self._request(Send(ref=new_ref(), text=text, files=tuple(files), parent=parent))
        return _message(reply)

    async def withdraw(self, message: str) -> None:
        """Take back a message that still waits in line."""
        await self._request(Withdraw(ref=new_ref(), message=message))

    async def stop(self) -> None:
        """Stop the running answer, which keeps the text so far; nothing happens if none runs."""
        turn = self.state.turn
        if turn is not None:
            await self._request(Stop(ref=new_ref(), turn=turn.id))

    async def act(self, block: str, action: str, values: Any = None) -> BlockState:
        """Do something with a block, and return its new state. If its answer waited for that, `follow` it."""
        reply = await self._request(Act(ref=new_ref(), block=block, action=action, values=values))
        if not isinstance(reply, BlockUpdate):
            raise _unexpected(reply)
        return reply.block.state

    async def choose(self, message: str) -> None:
        """Look at another sibling: the path from here on leads over it."""
        await self._request(Choose(ref=new_ref(), message=message))

    async def feedback(self, message: str, value: Literal[-1, 0, 1], comment: str | None = None) -> None:
        """Say whether an answer was good; 0 takes it back."""
        await self._request(Feedback(ref=new_ref(), message=message, value=value, comment=comment))

    async def open(self, *, session: str | None = None, assistant: str | None = None) -> None:
        """Go to another session, or to a new one with an assistant; returns when its state is there."""
        if (session is None) == (assistant is None):
            raise ValueError("Give an assistant to begin with, or a session to go on with.")
        reply = await self._request(Open(ref=new_ref(), session=session, assistant=assistant))
        feed = self.events()
        while isinstance(reply, Welcome) and not self._link.whole:
            await next_frame(feed)

    def _request(self, frame: Request) -> asyncio.Future[ServerFrame]:
        if self._end is not None:
            raise self._end
        if self._task is None:
            raise Closed("This chat was not entered yet: `async with connect(…) as chat`.")
        encode(frame)  # what cannot travel fails here, at its caller
        return self._outbox.add(frame)

    def _answer(self, asked: asyncio.Future[ServerFrame], place: Callable[[ServerFrame | None], Place]) -> Answer:
        return Answer(asked, place, self.events, lambda: self.state)


def _under(reply: ServerFrame | None) -> Place:
    return Place(_message(reply).id)


def _message(reply: ServerFrame | None) -> Message:
    if not isinstance(reply, MessageAdded):
        raise _unexpected(reply)
    return reply.message


def _unexpected(reply: ServerFrame | None) -> Disconnected:
    return Disconnected(f"The server replied with what does not fit the request: {type(reply).__name__}.")
