"""One schedule, carried out on real servers: its windows come and go, and in the end all must hold the same."""

import asyncio
from typing import Final

from opsloom_protocol.frames import ErrorFrame, Retry

from faults.bench import ASSISTANT
from faults.schedule import Schedule, Visit
from faults.stage import Stage, Tally
from faults.visitor import LOST, Breach, Visitor, retry, send, words

SCHEDULE_SECONDS: Final = 90.0
"""The default lease is 10 s; a schedule sees at most a few owners die."""

RECONNECT_SECONDS: Final = (0.0, 0.05, 0.1, 0.2, 0.4)


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
        self.tally = Tally()

    async def run(self) -> None:
        """Raises `Breach` with the schedule where a promise was broken; `tally` says what was seen."""
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
                self._said.discard(frame.ref)
                await asyncio.sleep((reply.retry_ms or 100) / 1000)
                reply = None
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
                self.tally.lost_connections += 1
                await asyncio.sleep(RECONNECT_SECONDS[min(attempt, len(RECONNECT_SECONDS) - 1)])
            try:
                await window.attach(nodes[(at + attempt) % len(nodes)].url, with_cursor=with_cursor)
            except LOST:
                continue
            if window is self.windows[0]:
                self._said = set()  # a new connection: what has no reply is said again
            return

    async def _leave(self, window: Visitor, visit: Visit) -> None:
        self.tally.cuts += 1
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
        excused = self.stage.disasters > self.disasters
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
        excused = self.stage.disasters > self.disasters
        for text, _ in self.asked:
            runs = self.stage.runs[text]
            most = 1 + (self.retries + 3 if excused else 0)
            if not 1 <= runs <= most:
                raise Breach(f"{runs} runs of the model for {text!r}.")

    def _count(self) -> None:
        tally = self.tally
        tally.schedules = 1
        tally.questions = len(self.asked)
        tally.trimmed = sum(question.big for question in self.schedule.questions)
        tally.retries = self.retries
        tally.model_runs = sum(self.stage.runs[text] for text, _ in self.asked)
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
