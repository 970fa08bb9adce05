"""What stands in the terminal: text as it is written, tools as dim lines, sources at the end; plain without a tty."""

import re
import shutil
from typing import Any, Final, TextIO

import msgspec
from opsloom_protocol.messages import Block, BlockPart, Message, Source, SourcePart, TextPart, ToolPart

from opsloom_client.drawing import drawn

# Whatever a model or a document says must not move the cursor, ring the bell or retitle the window.
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_DIM, _BOLD, _RED, _RESET = "\x1b[2m", "\x1b[1m", "\x1b[31m", "\x1b[0m"

_MARKS: Final = {"running": "·", "ok": "✓", "error": "✗", "denied": "✗", "stopped": "✗"}


def clean(text: str) -> str:
    """Text that is safe to write to a terminal."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def cleaned(block: Block) -> Block:
    """The block with every text in it clean: drawn text is measured, so nothing may be taken out afterwards."""
    data = _cleaned(block.data)
    return msgspec.structs.replace(block, data=data, fallback=clean(block.fallback))


def _cleaned(value: Any) -> Any:
    match value:
        case str():
            return clean(value)
        case dict():
            return {key: _cleaned(item) for key, item in value.items()}
        case list() | tuple():
            return [_cleaned(item) for item in value]
        case _:
            return value


class Screen:
    """Writes to `out`. On a tty steps and notices show in between; else only the answer itself is written."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.live = out.isatty()
        self._current = ""
        self._shown: dict[int, object] = {}
        self._at_line_start = True
        self._wrote_text = False

    def update(self, message: Message) -> None:
        """What is new in the answer since the last time; one that goes on after a pause is not written again."""
        if message.id != self._current:
            self._current, self._shown, self._wrote_text = message.id, {}, False
        for at, part in enumerate(message.parts):
            match part:
                case TextPart(text=text):
                    self._text(at, text)
                case ToolPart():
                    self._tool(at, part)
                case BlockPart(block=block) if self._shown.get(at) is None and not block.growing:
                    self._block(at, block)
        self._out.flush()

    def end(self, message: Message) -> None:
        """The sources, and how the answer ended if that was not well."""
        for at, part in enumerate(message.parts):
            # What changed in place stands above as it was at first; here it is as it is.
            if isinstance(part, BlockPart) and self._shown.get(at) not in (None, part.block.version):
                self._block(at, part.block)
        self._fresh_line()
        sources = [part.source for part in message.parts if isinstance(part, SourcePart)]
        if sources:
            self._line("")
            self._line("Sources", _BOLD)
            for source in sorted(sources, key=lambda source: source.number):
                self._line(f"[{source.number}] {clean(_place(source))}", _DIM)
        match message.status:
            case "stopped":
                self.notice("Stopped.")
            case "interrupted":
                self.complain("The server was interrupted in this answer; what is shown is kept.")
            case "failed":
                self.complain(message.error.text if message.error else "The answer failed.")
        self._out.flush()

    def notice(self, text: str) -> None:
        """Something beside the conversation; on a tty only."""
        if self.live:
            self._fresh_line()
            self._line(clean(text), _DIM)
            self._out.flush()

    def complain(self, text: str) -> None:
        self._fresh_line()
        self._line(clean(text), _RED)
        self._out.flush()

    def prompt(self, text: str) -> None:
        """A question to the person; the cursor stays behind it."""
        self._fresh_line()
        self._write(self._styled(clean(text), _BOLD) + " ")
        # What the person types ends with a line break of the terminal's own.
        self._at_line_start = True
        self._out.flush()

    def leave(self) -> None:
        """The end of input at a prompt: the shell's own prompt goes on a new line."""
        if self.live:
            self._write("\n")
            self._out.flush()

    def _text(self, at: int, text: str) -> None:
        before = str(self._shown.get(at, ""))
        if len(text) <= len(before):
            return
        if not before and self._wrote_text:
            self._fresh_line()
            self._line("")
        self._shown[at] = text
        self._wrote_text = True
        self._write(clean(text[len(before) :]))

    def _tool(self, at: int, part: ToolPart) -> None:
        if not self.live or self._shown.get(at) == part.status:
            return
        began = at not in self._shown
        self._shown[at] = part.status
        if began and part.status == "running":
            self._fresh_line()
            self._line(f"{_MARKS['running']} {clean(part.title)} …", _DIM)
        else:
            self._fresh_line()
            summary = f": {clean(part.summary)}" if part.summary else ""
            self._line(f"{_MARKS[part.status]} {clean(part.title)}{summary}", _DIM)

    def _block(self, at: int, block: Block) -> None:
        self._shown[at] = block.version
        # A script reads the words that do not depend on how wide somebody's window is.
        text = drawn(cleaned(block), shutil.get_terminal_size().columns) if self.live else clean(block.fallback)
        self._paragraph(text)

    def _paragraph(self, text: str) -> None:
        self._fresh_line()
        if self._wrote_text:
            self._line("")
        self._wrote_text = True
        for line in text.splitlines():
            self._line(line)

    def _line(self, text: str, style: str = "") -> None:
        self._write(self._styled(text, style) + "\n")

    def _styled(self, text: str, style: str) -> str:
        return f"{style}{text}{_RESET}" if self.live and style and text else text

    def _fresh_line(self) -> None:
        if not self._at_line_start:
            self._write("\n")

    def _write(self, text: str) -> None:
        if text:
            self._out.write(text)
            self._at_line_start = text.endswith("\n")


def _place(source: Source) -> str:
    page = f", page {source.page}" if source.page is not None else ""
    url = f" <{source.url}>" if source.url else ""
    return f"{source.title}{page}{url}"
