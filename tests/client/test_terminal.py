"""What a person sees in the terminal, and what a script reads from the pipe."""

import asyncio
import io
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from opsloom_client import keeping, screen, terminal
from opsloom_client.keyboard import Keyboard
from opsloom_client.questions import Action, put
from opsloom_protocol.messages import (
    Block,
    BlockPart,
    BlockState,
    Message,
    MessageError,
    Source,
    SourcePart,
    TextPart,
    ToolPart,
)

from client.honest import HonestServer
from client.keyboard import Tty, Typed


def script(text: str) -> list[str]:
    return [f"{text}{at} " for at in range(3)]


async def test_ask_into_a_pipe_writes_the_answer_alone() -> None:
    async with HonestServer(script) as server:
        out = io.StringIO()
        code = await terminal.ask(f"http://127.0.0.1:{server.port}", "hi", assistant="demo", key="k", out=out)
    assert (code, out.getvalue()) == (0, "hi0 hi1 hi2 \n")


async def test_chat_into_a_pipe_writes_the_answers_alone() -> None:
    async with HonestServer(script) as server:
        out = io.StringIO()
        where = f"http://127.0.0.1:{server.port}"
        code = await terminal.chat(where, assistant="demo", key="k", out=out, lines=Typed("a", "  ", "b"))
    assert (code, out.getvalue()) == (0, "a0 a1 a2 \nb0 b1 b2 \n")


async def test_chat_on_a_terminal_has_a_prompt_and_ends_its_line() -> None:
    async with HonestServer(script) as server:
        out = Tty()
        where = f"http://127.0.0.1:{server.port}"
        assert await terminal.chat(where, assistant="demo", key="k", out=out, lines=Typed("a")) == 0
    shown = out.getvalue()
    assert "\x1b[1m>\x1b[0m a0 a1 a2 \n" in shown
    assert shown.endswith(">\x1b[0m \n")


@pytest.mark.parametrize(
    ("url", "words"), [("http://127.0.0.1:1", "opsloom serve"), ("nonsense", "not the address of a server")]
)
async def test_where_no_server_is(url: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(terminal, "_CONTACT_WITHIN", 0.3)
    out = io.StringIO()
    assert await terminal.ask(url, "hi", assistant="demo", out=out) == 2
    assert words in out.getvalue()


async def test_a_server_that_refuses_is_not_taken_for_none(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        body = b'{"code": "unavailable", "text": "The disk is full."}'
        head = f"HTTP/1.1 503 No\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    monkeypatch.setattr(terminal, "_CONTACT_WITHIN", 0.3)
    out = io.StringIO()
    server = await asyncio.start_server(refuse, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await terminal.ask(f"http://127.0.0.1:{port}", "hi", assistant="demo", out=out) == 2
    assert "The disk is full." in out.getvalue()
    assert "opsloom serve" not in out.getvalue()


def message(*parts: Any, status: Any = "done", **more: Any) -> Message:
    given = {"id": "a", "role": "assistant", "parent": "q", "siblings": (), "created_at": "", "status": status}
    return Message(**given, parts=parts, **more)


def source(number: int, **more: Any) -> SourcePart:
    return SourcePart(
        source=Source(id=f"s{number}", number=number, title="Guide", document="d", chunk="c", quote="q", **more)
    )


def tool(status: Any, **more: Any) -> ToolPart:
    return ToolPart(call="c", tool="search", title="Searching", status=status, **more)


def test_a_terminal_shows_steps_dim_and_sources_at_the_end() -> None:
    out = Tty()
    view = screen.Screen(out)
    view.update(message(tool("running"), status="running"))
    view.update(message(tool("ok", summary="2 passages"), TextPart(text="It is "), status="running"))
    view.update(message(tool("ok", summary="2 passages"), TextPart(text="It is so"), status="running"))
    whole = message(
        tool("ok", summary="2 passages"), TextPart(text="It is so [1]."), source(2, page=3), source(1, url="http://x/")
    )
    view.update(whole)
    view.end(whole)
    plain = out.getvalue()
    for style in ("\x1b[2m", "\x1b[1m", "\x1b[0m"):
        plain = plain.replace(style, "")
    assert plain == (
        "· Searching …\n✓ Searching: 2 passages\nIt is so [1].\n\nSources\n[1] Guide <http://x/>\n[2] Guide, page 3\n"
    )


def test_a_pipe_gets_no_steps_and_no_colours() -> None:
    out = io.StringIO()
    view = screen.Screen(out)
    failed = message(
        tool("ok"),
        TextPart(text="One"),
        BlockPart(block=Block(id="b", kind="chart", version=1, data={}, fallback="Chart: 1, 2")),
        TextPart(text="Two"),
        status="failed",
        error=MessageError(code="unavailable", text="The provider is away."),
    )
    view.update(failed)
    view.end(failed)
    assert out.getvalue() == "One\n\nChart: 1, 2\n\nTwo\nThe provider is away.\n"


def test_a_block_that_changed_is_shown_again_at_the_end() -> None:
    def work(version: int, done: int) -> BlockPart:
        data = {"title": "Work", "done": done, "total": 4}
        return BlockPart(
            block=Block(id="b", kind="progress", version=version, data=data, fallback=f"Work: {done} of 4")
        )

    piped, tty = io.StringIO(), Tty()
    for out in (piped, tty):
        view = screen.Screen(out)
        view.update(message(work(1, 0), status="running"))
        view.update(message(work(2, 3), status="running"))
        view.update(message(work(3, 4)))
        view.end(message(work(3, 4)))
    assert piped.getvalue() == "Work: 0 of 4\n\nWork: 4 of 4\n"
    assert "] 0 %" in tty.getvalue()
    assert "█] 100 %" in tty.getvalue()
    assert "75 %" not in tty.getvalue()


def test_nothing_said_can_steer_the_terminal() -> None:
    out = Tty()
    view = screen.Screen(out)
    evil = "a\x1b]0;title\x07b\x1b[2Jc\rd\x9b5ne\u202ef\x00\tg"
    view.update(message(TextPart(text=evil), source(1)))
    view.complain(evil)
    assert not {char for char in out.getvalue().replace("\x1b[31m", "").replace("\x1b[0m", "") if ord(char) < 32} - {
        "\n",
        "\t",
    }
    assert screen.clean(evil) == "a]0;titleb[2Jc\nd5nef\tg"


def block(kind: str, data: Any) -> Block:
    return Block(id="b", kind=kind, version=1, data=data, fallback="?", state=BlockState(status="open"))


CHOICES = {"prompt": "Which?", "options": [{"id": "x", "label": "Ex"}, {"id": "y", "label": "Why"}]}
FORM = {
    "title": "Who?",
    "fields": [
        {"name": "name", "label": "Name", "required": True},
        {"name": "age", "label": "Age", "type": "number"},
        {"name": "ok", "label": "OK", "type": "checkbox"},
        {"name": "plan", "label": "Plan", "type": "select", "options": CHOICES["options"]},
    ],
}

OWN = {**CHOICES, "free_text": True}
PAPER = {"name": "paper", "label": "Paper", "type": "file"}
RATED = {
    "fields": [
        {"name": "share", "label": "Share", "type": "slider", "min": 0, "max": 100},
        {"name": "stars", "label": "Stars", "type": "rating"},
        PAPER,
    ]
}


@pytest.mark.parametrize(
    ("shown", "typed", "action"),
    [
        (block("choices", CHOICES), ["2"], Action("choose", {"choices": ["y"]})),
        (block("choices", CHOICES), ["why"], Action("choose", {"choices": ["y"]})),
        (block("choices", CHOICES), ["3", "0", "1 2", "²", "1"], Action("choose", {"choices": ["x"]})),
        (block("choices", {**CHOICES, "multiple": True}), ["1, 2"], Action("choose", {"choices": ["x", "y"]})),
        (block("choices", CHOICES), [""], None),
        (block("choices", CHOICES), [], None),
        (
            block("form", FORM),
            ["", "Ada", "old", "nan", "36", "perhaps", "y", "9", "2"],
            Action("submit", {"values": {"name": "Ada", "age": 36, "ok": True, "plan": "y"}}),
        ),
        (block("form", FORM), ["Ada", "1,5", "", ""], Action("submit", {"values": {"name": "Ada", "age": 1.5}})),
        (block("form", FORM), ["Ada"], None),
        (block("form", {"fields": "of another time"}), ["x"], None),
        (block("map", {}), ["x"], None),
        (block("choices", OWN), ["2"], Action("choose", {"choices": ["y"]})),
        (block("choices", OWN), ["1 2", " Zed "], Action("choose", {"choices": [], "text": "Zed"})),
        (block("form", RATED), ["11", "4"], Action("submit", {"values": {"share": 11, "stars": 4}})),
        (block("form", {"fields": [{**PAPER, "required": True}]}), ["x"], None),
        (block("confirm", {}), ["a", "maybe", "Y"], Action("allow", {"scope": "once"})),
        (block("confirm", {"always": True}), ["a"], Action("allow", {"scope": "always"})),
        (block("confirm", {}), ["no", " Too dear "], Action("deny", {"reason": "Too dear"})),
        (block("confirm", {}), ["n"], Action("deny", {})),
        (block("confirm", {}), [""], None),
        (block("confirm", {}), [], None),
    ],
)
async def test_blocks_are_answered_by_number_and_by_prompts(shown: Block, typed: list[str], action: Any) -> None:
    lines = Typed(*typed)

    async def ask(_: str) -> str | None:
        return await lines.read()

    assert await put(shown, ask) == action


async def test_the_keyboard_gives_whole_lines_and_the_end() -> None:
    reading, writing = os.pipe()
    keyboard = Keyboard(reading)
    os.write(writing, "grüße\r\nzwei".encode())
    assert await keyboard.read() == "grüße"
    waiting = asyncio.create_task(keyboard.read())
    await asyncio.sleep(0.02)
    os.write(writing, b"!\n\nlast")
    os.close(writing)
    assert [await waiting, *[await keyboard.read() for _ in range(3)]] == ["zwei!", "", "last", None]
    os.close(reading)


def test_a_visitors_secret_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "state" / "visitors.json"
    kept = keeping.VisitorFile(path)
    assert kept.load("http://a", "demo") is None
    kept.save("http://a", "demo", "s1")
    kept.save("http://b", "demo", "s2")
    assert (kept.load("http://a", "demo"), kept.load("http://b", "demo")) == ("s1", "s2")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["visitors.json"]
    path.write_text("{broken")
    assert kept.load("http://a", "demo") is None
    kept.save("http://a", "demo", "s3")
    assert kept.load("http://a", "demo") == "s3"
    keeping.VisitorFile(Path("/dev/null/no/folder")).save("a", "b", "c")


PROGRAM = """
import asyncio, sys
from opsloom_client import terminal
async def main():
    if sys.argv[2] == "ask":
        return await terminal.ask(sys.argv[1], "hi", assistant="demo", key="k", out=sys.stdout)
    return await terminal.chat(sys.argv[1], assistant="demo", key="k", out=sys.stdout)
sys.exit(asyncio.run(main()))
"""


async def start(server: HonestServer, what: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        f"http://127.0.0.1:{server.port}",
        what,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def until_runs(server: HonestServer) -> None:
    while not server.runs:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)


async def test_ctrl_c_stops_the_answer_and_keeps_the_text() -> None:
    async with asyncio.timeout(30), HonestServer(script) as server:
        server.gate.clear()
        program = await start(server, "ask")
        await until_runs(server)
        program.send_signal(signal.SIGINT)
        await asyncio.sleep(0.2)
        server.gate.set()
        said, _ = await program.communicate()
        assert program.returncode == 130, said
        assert b"Traceback" not in said


async def test_the_second_ctrl_c_leaves() -> None:
    async with asyncio.timeout(30), HonestServer(script) as server:
        server.gate.clear()
        program = await start(server, "ask")
        await until_runs(server)
        program.send_signal(signal.SIGINT)
        await asyncio.sleep(0.2)
        program.send_signal(signal.SIGINT)
        said, _ = await program.communicate()
        assert (program.returncode, said) == (130, b"")


async def test_ctrl_c_at_the_prompt_leaves_and_the_end_of_input_is_fine() -> None:
    async with asyncio.timeout(30), HonestServer(script) as server:
        program = await start(server, "chat")
        assert program.stdin is not None
        assert program.stdout is not None
        program.stdin.write(b"a\n")
        assert await program.stdout.readline() == b"a0 a1 a2 \n"
        await asyncio.sleep(0.1)
        program.send_signal(signal.SIGINT)
        assert await program.wait() == 130
        other = await start(server, "chat")
        assert (await other.communicate(b"b\n"))[0] == b"b0 b1 b2 \n"
        assert other.returncode == 0
