"""What a turn is told: the path's memory, the assistant's instructions, and what it may use."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace
from opsloom_protocol.messages import Block, BlockPart, Message, Part, TextPart
from pydantic_ai.messages import ModelMessage

from opsloom_server.errors import Conflict
from opsloom_server.hub.attachments import Prompt, prompt_of
from opsloom_server.hub.live import LiveSession
from opsloom_server.hub.running import RunningTurn
from opsloom_server.models import default_model
from opsloom_server.models.inputs import takes
from opsloom_server.orchestrator import Brief, mended, recalled, retold
from opsloom_server.sources import Asking
from opsloom_server.store.blocks import OpenBlock, open_blocks, replies_to
from opsloom_server.store.turns import Memory, brought_in, memory
from opsloom_server.tools.answers import NOT_RUN, WITHDRAWN
from opsloom_server.tools.approving import Verdict
from opsloom_server.tools.handler import Errand
from opsloom_server.tools.outside import Outside
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
    context = await _context(session, turn.message)
    missing = environment.catalogue.lacks(spec.tools)
    attached = await environment.attached.find(session.workspace, missing) if missing else {}
    tools = tools_for(
        environment.catalogue,
        names=spec.tools,
        blocks=spec.blocks,
        knowledge_bases=spec.knowledge_bases,
        asking=context.asking,
        attached=attached,
    )
    outside = Outside(environment.catalogue, attached.values())
    prompt: Prompt | None
    if known is not None and turn.question is not None:
        (history, tainted), own, prompt, blocks = known, [], _prompt(turn.question.parts), []
        tainted = tainted or outside.in_parts(turn.question.parts)
    else:
        async with environment.database.transact(session.workspace) as connection:
            told = await memory(connection, session.id, turn.message.id, MESSAGES)
            blocks = await open_blocks(connection, turn.message.id)
            replies = await replies_to(connection, [one.id for one in told if _asked(one)])
            tainted = any(outside.in_parts(one.parts) for one in told)
            if len(told) == MESSAGES and not tainted:
                # What came in before these is forgotten, but the answers that repeat it are not.
                called, files = await brought_in(connection, session.id, turn.message.id)
                tainted = files or outside.among(called)
        going_on = told[-1].history is not None
        own = recalled(told[-1].history) if told[-1].history is not None else []
        history = [*_history(told[:-1] if going_on else told[:-2], replies), *own]
        prompt = None if going_on else _prompt(told[-2].parts)
    # What databases call and hold their things, and what others' tools say of themselves, is text from outside as well.
    tainted = tainted or context.asking is not None or any(tool.foreign for tool in tools)
    model = await environment.models.ready(turn.model, spec.fallback_models)
    history, prompt = await environment.attachments.told(session.workspace, history, prompt, takes(model, turn.model))
    made = Brief(
        model=model,
        model_name=turn.model,
        instructions=_instructions(spec.instructions, context.asking),
        settings={
            **environment.models.cache_key([turn.model, *spec.fallback_models], session.id),
            **spec.model_settings,
        },
        tools=tools,
        context=replace(context, tainted=tainted or outside.in_history(history)),
        history=history,
        prompt=prompt,
        answers={block.call: told_of(block.reply) for block in blocks if block.call and block.approval is None},
        verdicts={
            block.call: verdict
            for block in blocks
            if block.call is not None and (verdict := _verdict(block, context.shown.get(block.id))) is not None
        },
    )
    return made, own


def _verdict(stored: OpenBlock, shown: Block | None) -> Verdict | None:
    """What became of a request for approval."""
    if stored.approval is None or shown is None:
        return None
    reply = told_of(stored.reply)
    state = stored.state
    return Verdict(
        block=replace(shown, state=state),
        approval=stored.approval,
        allowed=state is not None and (state.status, state.action) == ("answered", "allow"),
        words=NOT_RUN.format(words=reply["answer"] if isinstance(reply, dict) else reply),
    )


async def errand(session: LiveSession, turn: RunningTurn, block: str) -> tuple[Errand, list[ModelMessage]]:
    """What an action of a `block` is carried out with, and what the model remembers of the answer that shows it.

    Raises `Conflict` where nothing is to be carried out.
    """
    context = await _context(session, turn.message)
    shown = context.shown.get(block)
    action = shown.state.action if shown is not None and shown.state is not None else None
    handler = session.environment.catalogue.handlers.get((shown.kind, action)) if shown and action else None
    if shown is None or shown.state is None or handler is None:
        raise Conflict("This cannot be done here any more.")
    async with session.environment.database.transact(session.workspace) as connection:
        (told,) = await memory(connection, session.id, turn.message.id, 1)
    own = recalled(told.history) if told.history is not None else []
    return Errand(handler=handler, block=shown, values=shown.state.values, context=context), own


def _instructions(own: str, asking: Asking | None) -> str:
    """What the model is told before: by the assistant's owner, and of the databases that it may ask."""
    return "\n\n".join(text for text in (own, asking.told() if asking is not None else "") if text)


async def _asking(session: LiveSession) -> Asking | None:
    """The data sources of this assistant; those that are gone are left out."""
    wanted = session.assistant.spec.data_sources
    rows = await session.environment.sources.listed(session.workspace, wanted) if wanted else []
    return Asking(session.environment.sources, session.workspace, rows) if rows else None


async def _context(session: LiveSession, answer: Message) -> ToolContext:
    """What tools may know here."""
    environment = session.environment
    return ToolContext(
        workspace=session.workspace,
        session=session.id,
        user=session.user,
        knowledge=environment.knowledge,
        knowledge_bases=tuple(session.assistant.spec.knowledge_bases),
        asking=await _asking(session),
        kinds=environment.catalogue.kinds,
        blocks=tuple(session.assistant.spec.blocks),
        shown={part.block.id: part.block for part in answer.parts if isinstance(part, BlockPart)},
        answer=answer.id,
    )


def _history(told: Sequence[Memory], replies: Mapping[tuple[str, str], str]) -> list[ModelMessage]:
    """The path as the model's own messages: each answer's record, or what was asked and answered where it has none."""
    out: list[ModelMessage] = []
    question: Memory | None = None
    for one in told:
        if one.role == "user":
            question = one
        elif one.history is not None:
            asked = {call: reply for (message, call), reply in replies.items() if message == one.id}
            out.extend(mended(recalled(one.history), told={call: _said(reply) for call, reply in asked.items()}))
        elif question is not None:
            out.extend(retold(_prompt(question.parts, again=one.status != "failed"), _text(one.parts)))
    return out


def _asked(one: Memory) -> bool:
    """Whether the answer asked people something."""
    return any(isinstance(part, BlockPart) and part.block.state is not None for part in one.parts)


def _said(reply: str) -> str:
    """The reply to a question that was left open when the conversation went on, in words."""
    told = told_of(reply)
    return told if isinstance(told, str) else reply


def _text(parts: Sequence[Part]) -> str:
    """A message in plain text; what it shows besides is told by its fallback."""
    said: list[str] = []
    for part in parts:
        match part:
            case TextPart(text=text):
                said.append(text)
            case BlockPart(block=block):
                said.append(block.fallback)
            case _:
                pass
    return "\n\n".join(said)


def _prompt(parts: Sequence[Part], *, again: bool = True) -> Prompt:
    """A person's message, with its files. They are not told `again` where the answer failed: it may have been because
    of them, and would be each time."""
    return prompt_of(_text(parts), parts, again=again)


def told_of(reply: str | None) -> Any:
    """What a call is told of a person's answer, from storage."""
    return WITHDRAWN if reply is None else msgspec.json.decode(reply)


def to_tell(reply: Any) -> str:
    """The same, for storage."""
    return msgspec.json.encode(reply).decode()
