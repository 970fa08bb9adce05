"""`opsloom ask` and `opsloom chat`: the Python client in a terminal."""

import asyncio
import sys
from collections.abc import Sequence

from opsloom_client.answer import Answer
from opsloom_client.chat import Chat, connect
from opsloom_client.errors import OpsloomError as ClientError
from opsloom_protocol.messages import Message, SourcePart

from opsloom_server.cli.words import err, fail, plainly
from opsloom_server.settings import Settings

# Somebody waits at the terminal; a server on the other side of the world answers within one second.
CONTACT_WITHIN = 4.0

# How an answer that is no whole one is marked; the text so far stands above it.
ENDINGS = {
    "stopped": "Stopped.",
    "failed": "The answer failed.",
    "interrupted": "The answer was interrupted.",
    "waiting": "The answer waits for a choice or a form; open the conversation in a browser to go on.",
}


def ask_command(words: Sequence[str], url: str | None, key: str | None, assistant: str) -> None:
    """Print the answer as it comes; code 1 where it is no whole one."""
    question = " ".join(sys.stdin.read() if word == "-" else word for word in words).strip()
    if not question:
        fail("There is no question.", "opsloom ask 'What is a block?'")
    with plainly():
        sys.exit(asyncio.run(_ask(question, _server(url), key, assistant)))


def chat_command(url: str | None, key: str | None, assistant: str) -> None:
    """Ask and answer, until the end of input."""
    with plainly():
        asyncio.run(_chat(_server(url), key, assistant))


async def _ask(question: str, url: str, key: str | None, assistant: str) -> int:
    try:
        async with connect(
            url, assistant=assistant, key=key, client="opsloom-cli", kinds=(), within=CONTACT_WITHIN
        ) as chat:
            return await _print(chat.ask(question))
    except (ClientError, ValueError) as error:
        fail(str(error), _remedy(url))


async def _chat(url: str, key: str | None, assistant: str) -> None:
    try:
        async with connect(
            url, assistant=assistant, key=key, client="opsloom-cli", kinds=(), within=CONTACT_WITHIN
        ) as chat:
            err.print(f"[bold]{chat.assistant.name}[/bold] at {url}   [dim]Ctrl-C stops an answer, Ctrl-D ends[/dim]")
            if chat.assistant.greeting:
                err.print(chat.assistant.greeting)
            while (question := await asyncio.to_thread(_read)) is not None:
                if question:
                    await _answer(chat, question)
    except (ClientError, ValueError) as error:
        fail(str(error), _remedy(url))


async def _answer(chat: Chat, question: str) -> None:
    """One answer; Ctrl-C stops it and not the chat."""
    try:
        await _print(chat.ask(question))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.uncancel() > 0:
            raise
        await chat.stop()
        err.print("\n[dim]Stopped.[/dim]")


async def _print(answer: Answer) -> int:
    async for text in answer:
        sys.stdout.write(text)
        sys.stdout.flush()
    message = await answer
    sys.stdout.write("\n")
    for source in _sources(message):
        err.print(f"[dim]{source}[/dim]")
    if message.status == "done":
        return 0
    err.print(message.error.text if message.error else ENDINGS.get(message.status, message.status))
    return 1


def _sources(message: Message) -> list[str]:
    sources = [part.source for part in message.parts if isinstance(part, SourcePart)]
    return [f"\\[{source.number}] {source.title}" for source in sources]


def _read() -> str | None:
    try:
        return input("> ").strip()
    except EOFError:
        return None


def _server(url: str | None) -> str:
    if url is not None:
        return url
    settings = Settings.from_env()
    host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104 (compared only)
    return f"http://{host}:{settings.port}"


def _remedy(url: str) -> str:
    return f"Is a server running at {url}? Start one with `opsloom serve`, or name another with --url."
