"""Random schedules: {delta, cut, reload, new tab, node switch, log trim, restart} over real servers.

A schedule is a plain value, made by Hypothesis or from a seed; `play` carries it out beside many others. The oracle is
the script: every window must end with its text, whatever happened on the way.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any, Final
from uuid import uuid4

from hypothesis import strategies as st
from msgspec import Struct, field
from opsloom_protocol.frames import ErrorFrame, Retry
from vendors import Text

from faults.bench import ASSISTANT, Bench
from faults.visitor import LOST, Breach, Visitor, retry, send, words

# 24 chunks of this overrun the ring's 1 MiB: the log is trimmed under whoever was away.
BIG_CHUNK: Final = "x" * 48_000
BIG_CHUNKS: Final = 24
SCHEDULE_SECONDS: Final = 90.0
"""The default lease is 10 s; a schedule sees at most a few owners die."""

RECONNECT_SECONDS: Final = (0.0, 0.05, 0.1, 0.2, 0.4)


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


class Stage:
    """What schedules share: the bench, the scripts of their questions, and how often nodes died so far."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.tally = Tally()
        self.runs: Counter[str] = Counter()
        self.disasters = 0
        """Nodes killed or databases restarted so far: what ran through one may be interrupted, or run again."""
        self.vendor_faults = 0
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
            self.tally.trimmed += 1
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
        self.tally.model_runs += 1
        return [self._scripts.get(question, Text("Nobody asked this."))]


class Play:
    """One schedule, carried out."""

    def __init__(self, stage: Stage, schedule: Schedule) -> None:
        self.stage = stage
        self.schedule = schedule
        self.asked = [stage.ask(question) for question in schedule.questions]
        self.frames = [send(text) for text, _ in self.asked]
        self.heard = 0
        self.joined = asyncio.Event()
        self.over = asyncio.Event()
        self.retries = 0
        self._said: set[str] = set()
        self._retried: set[str] = set()
        self._retrying: dict[str, Retry] = {}
        self.windows: list[Visitor] = []
        self.disasters = stage.disasters
        self.vendor_faults = stage.vendor_faults

    async def run(self) -> None:
        """Raises `Breach` with the schedule where a promise was broken."""
        try:
            async with asyncio.timeout(SCHEDULE_SECONDS), asyncio.TaskGroup() as group:
                group.create_task(self._ask())
                for after, visits in self.schedule.tabs:
                    group.create_task(self._watch(after, visits))
            await self._compare()
        except (Breach, BaseExceptionGroup, TimeoutError) as error:
            raise Breach(f"{self.schedule}\n{_told(error)}\n{self._seen()}") from error
        finally:
            for window in self.windows:
                window.cut()
            self._count()

    # ------------------------------------------------------------------------------------------ windows

    async def _ask(self) -> None:
        window = self._window(None)
        visits = [*self.schedule.asker, None]
        sent = 0
        for visit in visits:
            await self._attach(window, visit)
            self.joined.set()
            read = 0
            while visit is None or read < visit.frames or window.session is None:
                try:
                    sent = await self._send_on(window, visit, sent)
                    if self._settled(window) and sent == len(self.frames):
                        break
                    await window.step()
                except LOST:
                    await self._attach(window, visit, again=True)
                read += 1
                self.heard += 1
            if visit is not None:
                await self._leave(window, visit)
        self.over.set()

    async def _send_on(self, window: Visitor, visit: Visit | None, sent: int) -> int:
        """Send what is due, and again what has no reply on this connection. Gives how many were said at least once."""
        for at, frame in enumerate(self.frames):
            first = at == sent
            if first and at and not self.schedule.queue and not self._ended(window, self.asked[at - 1][0]):
                return sent
            reply = window.replies.get(frame.ref)
            if isinstance(reply, ErrorFrame):
                if reply.code not in ("unavailable", "busy", "rate_limited"):
                    raise Breach(f"A send was refused: {reply!r}")
                del window.replies[frame.ref]
                reply = None
                await asyncio.sleep((reply.retry_ms or 100) / 1000 if isinstance(reply, ErrorFrame) else 0.1)
            fresh = frame.ref not in self._said
            if reply is None and fresh:
                self._said.add(frame.ref)
                await window.say(frame)
                if self.schedule.twice or (visit is not None and visit.send_again):
                    await window.say(frame)
            if first:
                sent += 1
        await self._retry(window)
        return sent

    async def _retry(self, window: Visitor) -> None:
        """An answer that was interrupted, and that nothing came after, is asked for again, as a person would."""
        last = self.asked[-1][0]
        answer = window.answer(last)
        if answer is None or answer.status not in ("interrupted", "failed") or answer.id in self._retried:
            return
        if len(window.messages) and window.messages[-1].id != answer.id:
            return
        self._demand_reason(answer.status)
        request = self._retrying.setdefault(answer.id, retry(answer.id))
        if request.ref in window.replies:
            reply = window.replies.pop(request.ref)
            if isinstance(reply, ErrorFrame):
                if reply.code not in ("busy", "unavailable", "conflict", "rate_limited"):
                    raise Breach(f"A retry was refused: {reply!r}")
                self._said.discard(request.ref)
                self._retrying[answer.id] = retry(answer.id)
                await asyncio.sleep(0.1)
            else:
                self._retried.add(answer.id)
                self.retries += 1
            return
        if request.ref not in self._said:
            self._said.add(request.ref)
            await window.say(request)

    async def _watch(self, after: int, visits: tuple[Visit, ...]) -> None:
        await self.joined.wait()
        while self.heard < after and not self.over.is_set():
            await asyncio.sleep(0.002)
        window = self._window(self.windows[0].session)
        for visit in [*visits, None]:
            await self._attach(window, visit)
            read = 0
            while (visit is None or read < visit.frames) and not self._settled(window):
                try:
                    await window.step()
                except LOST:
                    await self._attach(window, visit, again=True)
                read += 1
            if visit is not None:
                await self._leave(window, visit)

    def _window(self, session: str | None) -> Visitor:
        window = Visitor(self.stage.bench.key, ASSISTANT, session)
        self.windows.append(window)
        return window

    async def _attach(self, window: Visitor, visit: Visit | None, *, again: bool = False) -> None:
        """Connect where the schedule says, or at whatever node takes us."""
        nodes = self.stage.bench.nodes
        at = visit.node if visit is not None else 0
        with_cursor = again or visit is None or not visit.reload
        for attempt in range(1_000):
            if again or attempt:
                self.stage.tally.lost_connections += 1
                await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            try:
                await window.attach(nodes[(at + attempt) % len(nodes)].url, with_cursor=with_cursor)
            except LOST:
                continue
            if window is self.windows[0]:
                self._said = set()  # a new connection: what has no reply is said again
            return

    async def _leave(self, window: Visitor, visit: Visit) -> None:
        self.stage.tally.cuts += 1
        if visit.polite:
            await window.close()
        else:
            window.cut()

    # ------------------------------------------------------------------------------------------ what must hold

    def _ended(self, window: Visitor, question: str) -> bool:
        answer = window.answer(question)
        return answer is not None and answer.status != "running"

    def _settled(self, window: Visitor) -> bool:
        """Whether the last question is answered whole, and nothing runs or waits."""
        if window.state is None or window.state.turn is not None:
            return False
        if any(message.status == "queued" for message in window.messages):
            return False
        answer = window.answer(self.asked[-1][0])
        return answer is not None and answer.status == "done"

    def _demand_reason(self, status: str) -> None:
        excused = self.stage.disasters > self.disasters or self.stage.vendor_faults > self.vendor_faults
        if not excused:
            raise Breach(f"An answer ended as {status}, and nothing had happened to its node.")

    async def _compare(self) -> None:
        """Every window, and a fresh one at every node, holds the same, and the text is the script's."""
        fresh = []
        for number in range(len(self.stage.bench.nodes)):
            window = self._window(self.windows[0].session)
            await self._attach(window, Visit(node=number, frames=0, reload=True))
            fresh.append(window)
        last = max(window.state.rev for window in self.windows if window.state is not None)
        for window in self.windows:
            async with asyncio.timeout(15):
                while window.state is None or window.state.rev < last:
                    try:
                        await window.step()
                    except LOST:
                        await self._attach(window, None, again=True)
            for text, expected in self.asked:
                answer = window.answer(text)
                if answer is None:
                    raise Breach(f"No answer to {text!r}.")
                if answer.status == "done" and words(answer) != expected:
                    raise Breach(f"{words(answer)!r} instead of {expected!r}"[:500])
                if answer.status != "done":
                    self._demand_reason(answer.status)
                    if not expected.startswith(words(answer)):
                        raise Breach(f"{words(answer)!r} is no beginning of {expected!r}"[:500])
            if window.state != fresh[0].state:
                raise Breach(f"A window differs from a fresh one:\n{window.state}\n{fresh[0].state}"[:4000])
        excused = self.stage.disasters > self.disasters or self.stage.vendor_faults > self.vendor_faults
        for text, _ in self.asked:
            runs = self.stage.runs[text]
            most = 1 + (self.retries + 3 if excused else 0)
            if not 1 <= runs <= most:
                raise Breach(f"{runs} runs of the model for {text!r}.")

    def _count(self) -> None:
        tally = self.stage.tally
        tally.schedules += 1
        tally.questions += len(self.asked)
        tally.retries += self.retries
        for window in self.windows:
            tally.hellos += window.hellos
            tally.resumed += window.resumed
            tally.snapshots += window.snapshots
            tally.frames += window.frames
            tally.ahead += window.ahead
        first = self.windows[0] if self.windows else None
        if first is not None:
            held = [first.answer(text) for text, _ in self.asked]
            tally.interrupted += sum(answer is not None and answer.status == "interrupted" for answer in held)
        self.stage.forget([text for text, _ in self.asked])

    def _seen(self) -> str:
        seen = []
        for window in self.windows:
            cursor = window.state.cursor if window.state is not None else None
            held = [(m.role, m.status, words(m)[:60]) for m in window.messages]
            seen.append(f"  {window.session} at {cursor}, {window.hellos} hellos: {held}")
            seen.extend(f"    {line}" for line in window.history)
        return "\n".join(seen)


def _told(error: BaseException) -> str:
    if isinstance(error, BaseExceptionGroup):
        return "; ".join(_told(one) for one in error.exceptions)
    return f"{type(error).__name__}: {error}"


async def play_many(
    stage: Stage,
    count: int,
    seed: int,
    *,
    at_once: int = 24,
    weather: Callable[[Stage], Coroutine[Any, Any, None]] | None = None,
    step: Callable[[Tally], None] = lambda _: None,
    keep_going: bool = True,
) -> Tally:
    """Play so many schedules, `at_once` of them at a time; `weather` does its worst meanwhile.

    A breach is counted and kept in `worst`, or raised at once without `keep_going`.
    """
    numbers = iter(range(count))

    async def worker() -> None:
        for number in numbers:
            schedule = drawn(random.Random(f"{seed}-{number}"), len(stage.bench.nodes))
            try:
                await Play(stage, schedule).run()
            except Breach as breach:
                if not keep_going:
                    raise
                stage.tally.breaches += 1
                if len(stage.tally.worst) < 20:
                    stage.tally.worst.append(f"seed {seed}-{number}: {breach}")
            step(stage.tally)

    storm = asyncio.create_task(weather(stage), name="weather") if weather is not None else None
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(at_once, count)):
                group.create_task(worker())
    finally:
        if storm is not None:
            storm.cancel()
            await asyncio.wait([storm])
    return stage.tally
