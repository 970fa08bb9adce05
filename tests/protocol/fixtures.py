"""`protocol/fixtures/*.json` from the conversations: `python -m protocol.fixtures` (from `tests/`) writes them.

A file is `{name, about, start, steps}`; `start` is a state, or null for a client that has heard nothing; a step is
`{frame, state}`, or `{frame, gap: true}` where the frame cannot be applied and the state stays as it was.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
from opsloom_protocol.codec import decode_server
from opsloom_protocol.errors import ProtocolError
from opsloom_protocol.messages import SessionInfo
from opsloom_protocol.state import State, apply

from protocol.conversations import CONVERSATIONS
from protocol.conversations.shapes import Conversation, Lost, Same

FOLDER = Path(__file__).parents[2] / "protocol" / "fixtures"
NOTHING = State(session=SessionInfo(id="", rev=0))
"""What `start: null` stands for."""


def as_json(state: State) -> Any:
    """The state as it would travel."""
    return json.loads(msgspec.json.encode(state))


def follow(conversation: Conversation) -> dict[str, Any]:
    """The conversation as its file holds it. Raises AssertionError where a frame does what its author ruled out."""
    state = conversation.start or NOTHING
    steps: list[dict[str, Any]] = []
    for step in conversation.steps:
        lost = isinstance(step, Lost)
        raw = msgspec.json.encode(step.frame if isinstance(step, Lost | Same) else step)
        frame = decode_server(raw)
        before = state
        try:
            state = state if frame is None else apply(state, frame)
        except ProtocolError:
            if not lost:
                raise
            steps.append({"frame": json.loads(raw), "gap": True})
            continue
        assert not lost, f"{conversation.name}: this frame can be applied: {raw!r}"
        assert state == before or not isinstance(step, Same), f"{conversation.name}: not what a snapshot says: {raw!r}"
        steps.append({"frame": json.loads(raw), "state": as_json(state)})
    start = None if conversation.start is None else as_json(conversation.start)
    return {"name": conversation.name, "about": conversation.about, "start": start, "steps": steps}


def text(conversation: Conversation) -> str:
    return json.dumps(follow(conversation), indent=1, ensure_ascii=False) + "\n"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.json"):
        old.unlink()
    for conversation in CONVERSATIONS:
        (FOLDER / f"{conversation.name}.json").write_text(text(conversation), encoding="utf-8")


if __name__ == "__main__":
    main()
