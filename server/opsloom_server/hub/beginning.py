"""The turn that a request starts, inside its transaction: a new answer, a waiting one that goes on, or a block of a
finished one that does something."""

from collections.abc import Sequence

from msgspec.structs import replace
from opsloom_protocol.frames import TurnStart
from opsloom_protocol.messages import Author, Message

from opsloom_server.errors import Budget
from opsloom_server.hub.briefing import model_of
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.metering import Bound
from opsloom_server.hub.running import RunningTurn
from opsloom_server.store.journal import Journal


class Beginning:
    """At most one turn begins in a transaction.

    Where a budget is used up it raises `Budget`, so that nothing of the request is done; with `anyway` the turn begins
    all the same and ends with that error, since nobody is there to be refused.
    """

    def __init__(self, session: LiveSession, journal: Journal, *, anyway: bool = False) -> None:
        self._session = session
        self._journal = journal
        self._anyway = anyway
        self._bounds: Sequence[Bound] = ()
        self._refused: Budget | None = None
        self._started: tuple[TurnStart, Message] | None = None
        self._question: Message | None = None
        self._block: str | None = None

    async def answer(self, question: Message) -> None:
        """Begin the answer to a person's new message."""
        self._question = question
        await self.anew(question.id, ())

    async def anew(self, parent: str | None, siblings: tuple[str, ...]) -> None:
        """Begin another answer in this place."""
        start = await self._begin(parent=parent, siblings=siblings)
        shell = Message(
            id=start.message,
            role="assistant",
            parent=parent,
            siblings=siblings,
            place=len(siblings),
            status="running",
            created_at=start.created_at or "",
            parts=(),
            author=self._assistant(),
            model=start.model,
        )
        self._started = start, shell

    async def go_on(self, answer: Message) -> None:
        """Go on with an answer that waited; everything it asked is settled."""
        start = await self._begin(parent=answer.parent, going_on=answer.id)
        self._started = start, replace(answer, status="running", model=start.model)

    async def errand(self, answer: Message, block: str) -> None:
        """Carry out what its `block` says that a person did, in an answer that is done."""
        self._block = block
        model = answer.model or model_of(self._session)
        start = await self._begin(parent=answer.parent, going_on=answer.id, model=model)
        self._started = start, replace(answer, status="running", model=start.model)

    def turn(self) -> RunningTurn | None:
        """The turn that was started, if one was, put in its place. Call it when the transaction is committed."""
        if self._started is None:
            return None
        start, message = self._started
        turn = RunningTurn(self._session, start, message, self._session.user, self._question, self._block, self._bounds)
        turn.refused = self._refused
        self._session.turn = turn
        return turn

    async def _begin(
        self,
        *,
        parent: str | None,
        siblings: tuple[str, ...] = (),
        going_on: str | None = None,
        model: str | None = None,
    ) -> TurnStart:
        await self._session.renew(self._journal)
        if self._block is None:  # what a block does asks no model
            await self._admit()
        return await self._journal.start_turn(
            parent=parent,
            siblings=siblings,
            going_on=going_on,
            model=model or model_of(self._session),
            user=self._session.user,
            owner=self._session.environment.node,
            author=self._assistant(),
            block=self._block,
        )

    async def _admit(self) -> None:
        session = self._session
        try:
            self._bounds = await session.environment.budgets.admit(
                self._journal.connection, session.workspace, session.user, session.assistant
            )
        except Budget as error:
            if not self._anyway:
                raise
            self._refused = error

    def _assistant(self) -> Author:
        assistant = self._session.assistant
        return Author(id=assistant.id, name=assistant.spec.name, kind="assistant")
