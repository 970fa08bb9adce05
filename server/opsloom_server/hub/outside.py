"""Changes of a session that come from outside its connections: REST renames, marks and deletes."""

from collections.abc import Awaitable, Callable

from opsloom_protocol.errors import CloseCode
from opsloom_protocol.messages import FeedbackMark, MessageChange

from opsloom_server.errors import Busy, NotFound
from opsloom_server.hub.live import LiveSession
from opsloom_server.store.conversations import messages_by_id
from opsloom_server.store.journal import Journal


async def rename(session: LiveSession, title: str) -> None:
    """Give the session a title."""

    async def write(journal: Journal) -> None:
        journal.set_title(title)

    await _change(session, write)


async def feedback(session: LiveSession, message: str, mark: FeedbackMark) -> None:
    """Mark an answer. Raises `NotFound`, and `Busy` while it is being written."""

    async def write(journal: Journal) -> None:
        if session.turn is not None and session.turn.message.id == message:
            raise Busy("This answer is still being written; mark it when it is whole.")
        held = (await messages_by_id(journal.connection, session.id, [message])).get(message)
        if held is None or held.role != "assistant":
            raise NotFound
        await journal.change_message(MessageChange(id=message, feedback=mark))

    await _change(session, write)


def end(session: LiveSession) -> None:
    """The session was deleted: its turn ends, its connections are told."""
    if session.own is not None:
        session.own.interrupt()
    for connection in list(session.connections):
        connection.refuse(NotFound("This conversation was deleted."))
        connection.end(CloseCode.NOT_FOUND)


async def _change(session: LiveSession, write: Callable[[Journal], Awaitable[None]]) -> None:
    async with session.lock:
        async with session.environment.database.transact(session.workspace) as connection:
            journal = await session.journal(connection)
            await write(journal)
            made = await journal.close()
        session.publish(made, journal.leaf, journal.title)
