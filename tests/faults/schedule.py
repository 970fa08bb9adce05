"""What people do, as a plain value: who asks what, at which node, and when they are cut, leave, reload or join.

It is made from a seed, or by Hypothesis, which makes a failing one small.
"""

import random

from hypothesis import strategies as st
from msgspec import Struct


class Question(Struct, frozen=True):
    """What is asked: how many words the model says, seconds between them, and whether they overrun the log."""

    tokens: int
    gap: float = 0.004
    big: bool = False


class Visit(Struct, frozen=True):
    """One connection: at which node, how many frames are read, and whether the way back is a reload."""

    node: int
    frames: int
    reload: bool = False
    send_again: bool = False
    polite: bool = False


class Schedule(Struct, frozen=True):
    """Who does what. The first window asks; the others join when it has heard so many frames."""

    questions: tuple[Question, ...]
    asker: tuple[Visit, ...]
    tabs: tuple[tuple[int, tuple[Visit, ...]], ...] = ()
    queue: bool = False
    twice: bool = False


def drawn(chance: random.Random, nodes: int) -> Schedule:
    """A schedule from a seed."""

    def visits(most: int) -> tuple[Visit, ...]:
        return tuple(
            Visit(
                node=chance.randrange(nodes),
                frames=chance.choice((0, 1, 1, 2, 3, 4, 6, 9, 14)),
                reload=chance.random() < 0.35,
                send_again=chance.random() < 0.3,
                polite=chance.random() < 0.2,
            )
            for _ in range(chance.randint(0, most))
        )

    def question() -> Question:
        big = chance.random() < 0.04
        return Question(tokens=chance.randint(1, 14), gap=chance.choice((0.0, 0.002, 0.006, 0.03)), big=big)

    return Schedule(
        questions=tuple(question() for _ in range(1 if chance.random() < 0.7 else 2)),
        asker=visits(4),
        tabs=tuple((chance.randint(0, 10), visits(3)) for _ in range(chance.choice((0, 0, 1, 1, 2)))),
        queue=chance.random() < 0.5,
        twice=chance.random() < 0.3,
    )


def strategy(nodes: int) -> st.SearchStrategy[Schedule]:
    """The same for Hypothesis, which makes a failing one small."""
    visits = st.lists(
        st.builds(
            Visit,
            node=st.integers(0, nodes - 1),
            frames=st.integers(0, 14),
            reload=st.booleans(),
            send_again=st.booleans(),
            polite=st.booleans(),
        ),
        max_size=4,
    ).map(tuple)
    question = st.builds(
        Question, tokens=st.integers(1, 14), gap=st.sampled_from((0.0, 0.002, 0.02)), big=st.just(False)
    )
    return st.builds(
        Schedule,
        questions=st.lists(question, min_size=1, max_size=2).map(tuple),
        asker=visits,
        tabs=st.lists(st.tuples(st.integers(0, 10), visits), max_size=2).map(tuple),
        queue=st.booleans(),
        twice=st.booleans(),
    )
