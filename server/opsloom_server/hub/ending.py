"""What is stored of a turn that has ended: the whole answer, the model's memory of it, the questions that wait."""

from collections.abc import Mapping, Sequence

from msgspec import UNSET, Struct
from msgspec.structs import replace
from opsloom_blocks import Kinds, make_block, patched, settled
from opsloom_protocol.messages import Block, BlockPart, Message, MessageError, Part, Usage
from pydantic_ai.messages import ModelMessage, ModelResponse

from opsloom_server.orchestrator import Outcome, remembered
from opsloom_server.store.blocks import Question
from opsloom_server.store.ids import new_id
from opsloom_server.store.journal import EndStatus


class Ending(Struct, frozen=True, kw_only=True):
    """`status` is the turn's, `usage` what it alone has used; `history` is None where the stored one stays."""

    status: EndStatus
    message: Message
    history: bytes | None
    questions: Mapping[str, Question]
    usage: Usage


NOTHING_USED = Usage(input_tokens=0, output_tokens=0)


def of_answer(
    message: Message,
    status: EndStatus,
    outcome: Outcome | None,
    kept: Sequence[ModelMessage],
    kinds: Kinds,
    approval_seconds: float | None,
    usage: Usage,
) -> Ending:
    """The end of an answer of the model's. `message` has its last parts; `kept` is what the model remembered of it
    before this turn; `usage` is what this turn alone has used."""
    error = outcome.error if outcome is not None else None
    whole = replace(
        message,
        parts=said_anew(message.parts, kinds),
        status=status,
        usage=UNSET if outcome is None and usage == NOTHING_USED else usage,
        error=MessageError(code=error.code, text=error.text) if error is not None else UNSET,
    )
    history = [*kept, *(outcome.history if outcome is not None else ())]
    return Ending(
        status=status,
        message=whole,
        history=remembered(history) if history else None,
        questions=_limited(outcome.questions, approval_seconds) if outcome is not None else {},
        usage=usage,
    )


def of_errand(
    message: Message, status: EndStatus, outcome: Outcome | None, kept: Sequence[ModelMessage], kinds: Kinds
) -> Ending:
    """The end of what a block of a finished answer had to do: the answer stays as it was but for its blocks."""
    history = [*kept, *(outcome.history if outcome is not None else ())] if kept else []
    return Ending(
        status=status,
        message=replace(message, parts=said_anew(message.parts, kinds), status="done"),
        history=remembered(history) if history else None,
        questions={},
        usage=NOTHING_USED,
    )


def answered_by(model: str, fallbacks: Sequence[str], outcome: Outcome | None) -> str:
    """Which of an assistant's models gave this answer: another one where the first failed before its first word."""
    for message in reversed(outcome.history if outcome is not None and fallbacks else ()):
        if isinstance(message, ModelResponse) and message.model_name:
            for name in (model, *fallbacks):
                # Vendors answer with the full name of what was asked for by a short one (`…-2026-05-01`).
                if message.model_name.startswith(name.partition(":")[2] or name):
                    return name
    return model


def used_up(words: str, kinds: Kinds, *, begun: bool) -> Block:
    """What is shown where a turn was stopped because a budget is used up, or would be by what the model has to read."""
    title, text = "Stopped before its end", f"{words} What was written is kept."
    if not begun:
        title, text = "Not begun", f"What the model would have to read for this is more than is left. {words}"
    data = {"title": title, "text": text, "tone": "warning"}
    return make_block("notice", data, new_id("blk"), kinds)


def _limited(questions: Mapping[str, Question], seconds: float | None) -> Mapping[str, Question]:
    """Approvals expire, unless somebody decided otherwise."""
    return {
        block: replace(question, expires_in=seconds or None)
        if question.approval is not None and question.expires_in is None
        else question
        for block, question in questions.items()
    }


def said_anew(parts: Sequence[Part], kinds: Kinds) -> tuple[Part, ...]:
    """Blocks that were changed in place say what they show now; on the way only their data travelled. What could be
    cancelled is over."""
    return tuple(
        _fresh(part, kinds) if isinstance(part, BlockPart) and part.block.kind in kinds else part for part in parts
    )


def _fresh(part: BlockPart, kinds: Kinds) -> BlockPart:
    block = settled(part.block, kinds)
    if block.version > 1:
        block = replace(block, fallback=patched(block, (), kinds).fallback)
    return part if block is part.block else BlockPart(block=block)
