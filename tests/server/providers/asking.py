"""What the tests of this folder do with a vendor: script the requests of one question, and find them again."""

from typing import Any

from stage import Stage
from vendors import Script
from vendors.server import Request


def script(stage: Stage, question: str, *answers: Script) -> None:
    """Answer the requests of this question with these scripts, one after the other; the last one stays."""
    left = list(answers)
    stage.vendor.script(lambda _: left.pop(0) if len(left) > 1 else left[0], when=question)


def requests(stage: Stage, question: str) -> list[Request]:
    """The requests whose conversation ends with this question, or with what tools gave for it."""
    return [request for request in stage.vendor.requests if request.question.endswith(question)]


def parts(frame: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """The parts of this type of the answer that a `turn.end` holds."""
    return [part for part in frame["message"]["parts"] if part["type"] == kind]
