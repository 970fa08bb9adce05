"""What a turn is told: the path's memory, the assistant's instructions, and what it may use."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from opsloom_protocol.messages import BlockPart, FilePart, Part, TextPart
from pydantic_ai.messages import ModelMessage

from opsloom_server.errors import Conflict
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.running import RunningTurn
from opsloom_server.models import default_model
from opsloom_server.orchestrator import Brief, recalled, retold
from opsloom_server.sources import Asking
from opsloom_server.store.blocks import open_blocks
from opsloom_server.store.turns import Memory, memory
from opsloom_server.tools.answers import WITHDRAWN
from opsloom_server.tools.handler import Errand
from opsloom_server.tools.registry import tools_for
from opsloom_server.tools.tool import ToolContext

# The last so many messages are told again; older ones are on the page but no longer in the model's mind.
MESSAGES: Final = 60


def model_of(session: LiveSession) -> str:
    """The model that answers here."""
    return session.assistant.spec.model or default_model(session.environment.settings)


async def brief(session: LiveSession, turn: RunningTurn) -> tuple[Brief, list[ModelMessage]]:
    """What the turn is told, and what the model remembers of its answer itself, where that goes on.

    Raises `Invalid` where the model cannot be used.
    """
    environment = session.environment
    spec = session.assistant.spec
    known = session.recall(turn.question)
    prompt: str | None
    if known is not None and turn.question is not None:
        history, own, prompt, blocks = known, [], _text(turn.question.parts), []
    else:
        async with environment.database.transact(session.workspace) as connection:
            told = await memory(connection, session.id, turn.message.id, MESSAGES)
            blocks = await open_blocks(connection, turn.message.id)
        going_on = told[-1].history is not None
        own = recalled(told[-1].history) if told[-1].history is not None else []
        history = [*_history(told[:-1] if going_on else told[:-2]), *own]
        prompt = None if going_on else _text(told[-2].parts)
    asking = await _asking(session)
    made = Brief(
        model=environment.models.resolve(turn.model, spec.fallback_models),
        model_name=turn.model,
        instructions=_joined(spec.instructions, asking.told() if asking is not None else ""),
        settings=dict(spec.model_settings),
        tools=tools_for(
            environment.catalogue,
            names=spec.tools,
            blocks=spec.blocks,
            knowledge_bases=spec.knowledge_bases,
            asking=asking,
        ),
        context=_context(session, turn.message.parts, asking),
        history=history,
        prompt=prompt,
        answers={block.call: told_of(block.reply) for block in blocks if block.call is not None},
    )
    return made, own


async def errand(session: LiveSession, turn: RunningTurn, block: str) -> tuple[Errand, list[ModelMessage]]:
    """What an action of a `block` is carried out with, and what the model remembers of the answer that shows it.

    Raises `Conflict` where nothing is to be carried out.
    """
    context = _context(session, turn.message.parts, await _asking(session))
    shown = context.shown.get(block)
    action = shown.state.action if shown is not None and shown.state is not None else None
    handler = session.environment.catalogue.handlers.get((shown.kind, action)) if shown and action else None
    if shown is None or shown.state is None or handler is None:
        raise Conflict("This cannot be done here any more.")
    async with session.environment.database.transact(session.workspace) as connection:
        (told,) = await memory(connection, session.id, turn.message.id, 1)
    own = recalled(told.history) if told.history is not None else []
    return Errand(handler=handler, block=shown, values=shown.state.values, context=context), own


async def _asking(session: LiveSession) -> Asking | None:
    """The data sources of this assistant; those that are gone are left out."""
    wanted = session.assistant.spec.data_sources
    rows = await session.environment.sources.listed(session.workspace, wanted) if wanted else []
    return Asking(session.environment.sources, session.workspace, rows) if rows else None


def _joined(*texts: str) -> str:
    return "\n\n".join(text for text in texts if text)


def _context(session: LiveSession, parts: Sequence[Part], asking: Asking | None) -> ToolContext:
    """What tools may know here."""
    environment = session.environment
    return ToolContext(
        workspace=session.workspace,
        session=session.id,
        user=session.user,
        knowledge=environment.knowledge,
        knowledge_bases=tuple(session.assistant.spec.knowledge_bases),
        asking=asking,
        kinds=environment.catalogue.kinds,
        shown={part.block.id: part.block for part in parts if isinstance(part, BlockPart)},
    )


def _history(told: Sequence[Memory]) -> list[ModelMessage]:
    """The path as the model's own messages: each answer's record, or what was asked and answered where it has none."""
    out: list[ModelMessage] = []
    question: Memory | None = None
    for one in told:
        if one.role == "user":
            question = one
        elif one.history is not None:
            out.extend(recalled(one.history))
        elif question is not None:
            out.extend(retold(_text(question.parts), _text(one.parts)))
    return out


def _text(parts: Sequence[Part]) -> str:
    """A message in plain text; what it shows besides is told by its fallback."""
    said: list[str] = []
    for part in parts:
        match part:
            case TextPart(text=text):
                said.append(text)
            case BlockPart(block=block):
                said.append(block.fallback)
            case FilePart(file=file):
                said.append(f"(A file was attached: {file.name})")
    return "\n\n".join(said)


def told_of(reply: str | None) -> Any:
    """What a call is told of a person's answer, from storage."""
    return WITHDRAWN if reply is None else msgspec.json.decode(reply)


def to_tell(reply: Any) -> str:
    """The same, for storage."""
    return msgspec.json.encode(reply).decode()
