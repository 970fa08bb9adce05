"""A conversation in the terminal: `ask` for one question, `chat` for many.

Both return an exit code: 0 the answer is done · 1 it failed, was refused or interrupted · 2 the server was not reached
or does not let us in · 130 stopped with Ctrl-C.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, TextIO

from opsloom_protocol.frames import Welcome
from opsloom_protocol.messages import Message

from opsloom_client.answer import Answer, open_blocks
from opsloom_client.chat import Chat, connect
from opsloom_client.errors import Disconnected, OpsloomError, Refused, Unreachable
from opsloom_client.feed import Reconnecting
from opsloom_client.keeping import VisitorFile
from opsloom_client.keyboard import Keyboard, Lines, interrupts
from opsloom_client.questions import put
from opsloom_client.screen import Screen

DONE, FAILED, AWAY, INTERRUPTED = 0, 1, 2, 130

# Somebody sits before it; a server that is there answers within a second.
_CONTACT_WITHIN: Final = 5.0

# A shorter break need not trouble anybody.
_SHOW_BREAK_AFTER: Final = 1.0


async def ask(
    url: str, text: str, *, assistant: str, key: str | None = None, out: TextIO, visitors: Path | None = None
) -> int:
    """Ask one question and write the answer as it comes. The first Ctrl-C stops the answer, the second leaves.

    `visitors` is a file in which a visitor's secret is kept between runs.
    """

    async def work(talk: "_Talk") -> int:
        async with talk.enter(url, assistant, key, visitors) as chat:
            message = await talk.show(chat, chat.ask(text))
            if message.status == "waiting":
                talk.screen.notice("This answer waits for you: `opsloom chat` can ask such things back.")
            return _code(message)

    return await _Talk(Screen(out)).run(work)


async def chat(
    url: str,
    *,
    assistant: str,
    key: str | None = None,
    out: TextIO,
    lines: Lines | None = None,
    visitors: Path | None = None,
    draft: bool = False,
) -> int:
    """Talk until the end of input or Ctrl-C at the prompt; Ctrl-C in an answer stops that answer.

    Choices are answered by number and forms by a prompt a field. `lines` stands for the keyboard; `draft`: with the
    assistant's draft.
    """

    async def work(talk: "_Talk") -> int:
        async with talk.enter(url, assistant, key, visitors, draft=draft) as chat:
            name = f"{chat.assistant.name} (draft)" if chat.assistant.draft else chat.assistant.name
            talk.screen.notice(f"{name} · {url} · Ctrl-D leaves, Ctrl-C stops an answer")
            if chat.assistant.greeting:
                talk.screen.notice(chat.assistant.greeting)
            return await talk.converse(chat, lines or Keyboard())

    return await _Talk(Screen(out)).run(work)


class _Talk:
    """What `ask` and `chat` share: the screen, Ctrl-C, and how errors end."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._stop: Callable[[], None] | None = None
        self._task: asyncio.Task[int] | None = None
        self._left = False

    async def run(self, work: "Callable[[_Talk], Awaitable[int]]") -> int:
        """The exit code of `work`, or of what went wrong in it."""
        with interrupts(self._press):
            self._task = asyncio.ensure_future(self._guarded(work))
            try:
                return await self._task
            except asyncio.CancelledError:
                if not self._left:
                    raise
                return INTERRUPTED
            finally:
                self._task.cancel()

    async def _guarded(self, work: "Callable[[_Talk], Awaitable[int]]") -> int:
        try:
            return await work(self)
        except Unreachable as error:
            hint = "" if error.answered else " Is a server running there? `opsloom serve` starts one here."
            self.screen.complain(error.text + hint)
            return AWAY
        except Disconnected as error:
            self.screen.complain(error.text)
            return AWAY
        except OpsloomError as error:
            self.screen.complain(_words(error))
            return FAILED
        except ValueError as error:
            self.screen.complain(str(error))
            return AWAY

    def _press(self) -> None:
        """Ctrl-C: the running answer is stopped; where there is none, or the second time, this program leaves."""
        stop, self._stop = self._stop, None
        if stop is not None:
            stop()
        elif self._task is not None:
            self._left = True
            self._task.cancel()

    @asynccontextmanager
    async def enter(
        self, url: str, assistant: str, key: str | None, visitors: Path | None, *, draft: bool = False
    ) -> AsyncIterator[Chat]:
        """The chat, as the visitor of the last time where there was one."""
        kept = VisitorFile(visitors) if visitors is not None and key is None else None
        known = kept.load(url, assistant) if kept is not None else None
        opened = connect(
            url,
            assistant=assistant,
            key=key,
            visitor=known,
            client="opsloom-terminal",
            draft=draft,
            within=_CONTACT_WITHIN,
        )
        async with opened as chat:
            if kept is not None and chat.visitor is not None and chat.visitor != known:
                kept.save(url, assistant, chat.visitor)
            watcher = asyncio.create_task(self._watch(chat), name="opsloom break watcher")
            try:
                yield chat
            finally:
                watcher.cancel()
                await asyncio.gather(watcher, return_exceptions=True)

    async def _watch(self, chat: Chat) -> None:
        since: float | None = None
        async for event in chat.events():
            if isinstance(event, Welcome):
                since = None
            elif isinstance(event, Reconnecting):
                now = time.monotonic()
                if since is None:
                    since = now
                elif now - since >= _SHOW_BREAK_AFTER:
                    self.screen.notice(f"Reconnecting … ({event.reason})")
                    since = float("inf")

    async def show(self, chat: Chat, answer: Answer) -> Message:
        """Write the answer as it comes; returns it complete."""
        stopped = asyncio.Event()
        stopper = asyncio.create_task(self._stop_when(stopped, chat, answer), name="opsloom stop")
        self._stop = stopped.set
        message: Message | None = None
        try:
            async for message in answer.progress():
                self.screen.update(message)
        finally:
            self._stop = None
            stopper.cancel()
            await asyncio.gather(stopper, return_exceptions=True)
        assert message is not None
        self.screen.end(message)
        return message

    async def _stop_when(self, stopped: asyncio.Event, chat: Chat, answer: Answer) -> None:
        """Stop as soon as there is something to stop: the question may still be waiting in line."""
        await stopped.wait()
        async for message in answer.progress():
            if message.status == "running":
                await chat.stop()
                return

    async def converse(self, chat: Chat, lines: Lines) -> int:
        """Question by question; the code is that of the last answer."""
        code = DONE
        while True:
            if self.screen.live:
                self.screen.prompt(">")
            line = await lines.read()
            if line is None:
                self.screen.leave()
                return code
            if not line.strip():
                continue
            try:
                message = await self.show(chat, chat.ask(line))
                while message.status == "waiting" and await self._answer_blocks(chat, message, lines):
                    message = await self.show(chat, chat.follow(message.id))
            except Disconnected:
                raise
            except OpsloomError as error:
                self.screen.complain(_words(error))
                code = FAILED
            else:
                code = _code(message)

    async def _answer_blocks(self, chat: Chat, message: Message, lines: Lines) -> bool:
        """Put every open block to the person; whether all were answered, so that the answer goes on."""

        async def ask(prompt: str) -> str | None:
            self.screen.prompt(prompt)
            return await lines.read()

        for part in open_blocks(message):
            while True:
                action = await put(part.block, ask)
                if action is None:
                    return False
                try:
                    await chat.act(part.block.id, action.action, action.values)
                except Refused as error:
                    if error.code != "invalid":
                        raise
                    self.screen.complain(_words(error))
                else:
                    break
        return True


def _words(error: OpsloomError) -> str:
    issues = error.issues if isinstance(error, Refused) else ()
    return "\n".join([error.text, *(f"- {issue.text}" for issue in issues)])


def _code(message: Message) -> int:
    if message.status == "stopped":
        return INTERRUPTED
    return FAILED if message.status in ("failed", "interrupted") else DONE
