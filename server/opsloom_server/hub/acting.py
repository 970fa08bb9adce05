"""What people do with blocks: an answer that the model waits for, an action that something in the server carries out, a
cancellation in mid-answer; and what becomes of a question that nobody answers."""

from datetime import UTC, datetime

from msgspec.structs import replace
from opsloom_blocks import Acted, BlockError, NotOpen, act
from opsloom_protocol.frames import Act, DurableFrame
from opsloom_protocol.messages import Author, Block, BlockPart, BlockState, Message, MessageChange
from sqlalchemy.ext.asyncio import AsyncConnection

from opsloom_server.errors import Busy, Conflict, Expired, Forbidden, Invalid, NotFound
from opsloom_server.hub.beginning import Beginning
from opsloom_server.hub.briefing import to_tell
from opsloom_server.hub.live import LiveSession
from opsloom_server.store.approvals import allow
from opsloom_server.store.blocks import OpenBlock, due_blocks, open_blocks
from opsloom_server.store.conversations import messages_by_id, rfc3339
from opsloom_server.store.journal import Journal
from opsloom_server.store.records import note
from opsloom_server.store.tree import message_of_block
from opsloom_server.tools.answers import EXPIRED, WITHDRAWN, answered


class Acting:
    """Changes of blocks in one transaction of one session."""

    def __init__(self, session: LiveSession, database: AsyncConnection, journal: Journal, beginning: Beginning) -> None:
        self._session = session
        self._database = database
        self._journal = journal
        self._beginning = beginning

    async def act(self, request: Act, author: Author) -> DurableFrame:
        """Carry out the request, as that person. Gives its reply."""
        turn = self._session.turn
        if turn is not None:
            return await self._in_mid_answer(request, author)
        message, block = await self._stored(request.block)
        acted = self._checked(block, request)
        state = replace(acted.state, by=author.id, at=rfc3339(datetime.now(UTC)))
        if state.status == "open":
            self._demand_finished(message)
            await self._journal.set_block(message.id, block.id, state, None, request.ref)
            frame = self._journal.made[-1].frame
            await self._beginning.errand(_with_state(message, block.id, state), block.id)
            return frame
        stored = {other.id: other for other in await open_blocks(self._database, message.id)}
        await self._demand_answerable(stored[block.id], author, state)
        await self._journal.set_block(message.id, block.id, state, to_tell(answered(acted)), request.ref)
        frame = self._journal.made[-1].frame
        await self._go_on(message)
        return frame

    async def withdraw(self, leaf: str | None) -> None:
        """A new message instead of an answer: what waits is withdrawn, and the model will be told."""
        if leaf is None:
            return
        withdrawn = False
        for block in await open_blocks(self._database, leaf):
            if block.call is not None and block.state is not None and block.state.status == "open":
                state = BlockState(status="withdrawn", at=rfc3339(datetime.now(UTC)))
                await self._journal.set_block(leaf, block.id, state, to_tell(WITHDRAWN))
                withdrawn = True
        if withdrawn:
            await self._journal.change_message(MessageChange(id=leaf, status="done"))

    async def expire(self) -> None:
        """Close what nobody answered in time, and tell the model. An answer that waited for nothing else goes on."""
        ended: list[str] = []
        for answer, block in await due_blocks(self._database, self._session.id):
            state = BlockState(status="expired", at=rfc3339(datetime.now(UTC)))
            await self._journal.set_block(answer, block, state, to_tell(EXPIRED))
            ended.append(answer)
        held = await messages_by_id(self._database, self._session.id, list(dict.fromkeys(ended)))
        for message in held.values():
            if message.id == self._journal.leaf:
                await self._go_on(message)
            elif message.status == "waiting":  # the conversation has left it
                await self._journal.change_message(MessageChange(id=message.id, status="done"))

    async def _in_mid_answer(self, request: Act, author: Author) -> DurableFrame:
        """Only what is there for that: the turn hears of it from the frame, on whichever node it runs."""
        turn = self._session.turn
        assert turn is not None
        turn.settle()
        message = turn.shown().message
        block = _block_of(message, request.block)
        if block is None or request.action not in self._kind_cancels(block):
            raise Busy
        state = replace(self._checked(block, request, running=True).state, by=author.id, at=rfc3339(datetime.now(UTC)))
        await self._journal.set_running_block(message.id, block, state, request.ref)
        return self._journal.made[-1].frame

    async def _demand_answerable(self, stored: OpenBlock, author: Author, state: BlockState) -> None:
        """In time, and by whoever was asked. A word for all of its kind is kept."""
        if stored.due:
            raise Expired("The time to answer this is over.")
        if stored.approval is None:
            return
        if author.id != stored.user:
            raise Forbidden("Only the person who was asked can allow or deny this.")
        if state.action == "allow" and (state.values or {}).get("scope") == "always":
            session, tool = self._session, stored.approval.tool
            if not stored.approval.always:
                raise Invalid("This can only be allowed once.")
            await allow(self._database, session.workspace, session.user, session.assistant.id, tool)
            await note(
                self._database, session.workspace, author.id, "tool.allow", tool, assistant=session.assistant.spec.slug
            )

    async def _go_on(self, message: Message) -> None:
        """The answer goes on once everything that it asked is settled."""
        if message.status != "waiting" or message.id != self._journal.leaf:
            return
        asked = [other for other in await open_blocks(self._database, message.id) if other.call is not None]
        if all(other.state is None or other.state.status != "open" for other in asked):
            held = (await messages_by_id(self._database, self._session.id, [message.id]))[message.id]
            await self._beginning.go_on(held)

    def _checked(self, block: Block, request: Act, *, running: bool = False) -> Acted:
        kinds = self._session.environment.catalogue.kinds
        try:
            return act(block, request.action, request.values, kinds, running=running)
        except NotOpen as error:
            raise Conflict(error.text) from None
        except BlockError as error:
            raise Invalid(error.text, issues=error.issues) from None

    def _demand_finished(self, message: Message) -> None:
        if message.id != self._journal.leaf:
            raise Conflict("The conversation has gone on since; ask for this again.")
        if message.status != "done":
            raise Conflict("This answer did not come to its end.")

    def _kind_cancels(self, block: Block) -> frozenset[str]:
        kind = self._session.environment.catalogue.kinds.get(block.kind)
        return frozenset() if kind is None else kind.cancels

    async def _stored(self, block_id: str) -> tuple[Message, Block]:
        owner = await message_of_block(self._database, self._session.id, block_id)
        held = (await messages_by_id(self._database, self._session.id, [owner] if owner else [])).get(owner or "")
        block = _block_of(held, block_id) if held is not None else None
        if held is None or block is None:
            raise NotFound
        return held, block


def _block_of(message: Message, block_id: str) -> Block | None:
    blocks = (part.block for part in message.parts if isinstance(part, BlockPart))
    return next((block for block in blocks if block.id == block_id), None)


def _with_state(message: Message, block_id: str, state: BlockState) -> Message:
    return replace(
        message,
        parts=tuple(
            BlockPart(block=replace(part.block, state=state))
            if isinstance(part, BlockPart) and part.block.id == block_id
            else part
            for part in message.parts
        ),
    )
