"""What schedules share: the bench, what the model says to each question, and what was seen so far.

The oracle is the script: every window must end with its text, whatever happened on the way.
"""

from collections import Counter
from typing import Any, Final
from uuid import uuid4

import msgspec
from msgspec import Struct, field
from vendors import Text

from faults.bench import Bench
from faults.schedule import Question

# 24 chunks of this overrun the ring's 1 MiB: the log is trimmed under whoever was away.
BIG_CHUNK: Final = "x" * 48_000
BIG_CHUNKS: Final = 24
WORST: Final = 20


class Tally(Struct):
    """What was seen over all schedules."""

    schedules: int = 0
    questions: int = 0
    hellos: int = 0
    resumed: int = 0
    snapshots: int = 0
    frames: int = 0
    cuts: int = 0
    interrupted: int = 0
    retries: int = 0
    model_runs: int = 0
    lost_connections: int = 0
    ahead: int = 0
    trimmed: int = 0
    breaches: int = 0
    worst: list[str] = field(default_factory=list)

    def add(self, other: "Tally") -> None:
        """Count what another has counted, too."""
        for name in self.__struct_fields__:
            if name != "worst":
                setattr(self, name, getattr(self, name) + getattr(other, name))
        self.worst = [*self.worst, *other.worst][:WORST]

    def told(self) -> dict[str, Any]:
        """As figures."""
        told: dict[str, Any] = msgspec.to_builtins(self)
        return told


class Stage:
    """What schedules share: the bench, the scripts of their questions, and how often nodes died so far."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.runs: Counter[str] = Counter()
        self.disasters = 0
        """Nodes killed or databases restarted so far: what ran through one may be interrupted, or run again."""
        self._scripts: dict[str, Text] = {}
        self._number = 0
        self._name = uuid4().hex[:6]
        bench.vendor.script(self._say)

    def ask(self, question: Question) -> tuple[str, str]:
        """A text that nobody asked before, and what will be answered."""
        self._number += 1
        text = f"Question {self._number} of {self._name}"
        said = [f"{at} of {self._number}, " for at in range(question.tokens)]
        if question.big:
            said = [*said, *[BIG_CHUNK] * BIG_CHUNKS]
        self._scripts[text] = Text(tokens=said, delay=question.gap)
        return text, "".join(said)

    def forget(self, texts: list[str]) -> None:
        for text in texts:
            self._scripts.pop(text, None)
            self.runs.pop(text, None)
        self.bench.vendor.requests.clear()

    def _say(self, body: dict[str, Any]) -> list[Text]:
        question = str(body["messages"][-1]["content"])
        self.runs[question] += 1
        return [self._scripts.get(question, Text("Nobody asked this."))]
