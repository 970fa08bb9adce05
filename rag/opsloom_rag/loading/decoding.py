"""Bytes to text, without guessing: a wrong guess would be stored, quoted and searched."""

from __future__ import annotations

import codecs

from opsloom_rag.errors import LoadError

# UTF-32 first: its mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_TEXT_CONTROLS = frozenset(b"\t\n\r\x0b\x0c\x1b\x08")


def decode(data: bytes, encoding: str | None = None) -> str:
    """Text by its byte order mark, else in `encoding`, else UTF-8; raise LoadError: binary or encoding."""
    for mark, marked in _MARKS:
        if data.startswith(mark):
            data, encoding = data[len(mark) :], marked
            break
    else:
        head = data[:65536]
        controls = sum(byte < 32 and byte not in _TEXT_CONTROLS for byte in head)
        if controls > len(head) // 500 or b"\x00" in data:
            raise LoadError("binary", "This file is not text. Add a PDF, HTML, Markdown or text file.")
    try:
        return data.decode(encoding or "utf-8")
    except LookupError:
        raise LoadError(
            "encoding", f"This file says its encoding is {encoding!r}, which does not exist. Save it as UTF-8."
        ) from None
    except UnicodeDecodeError as error:
        if encoding is None and _looks_binary(data):
            raise LoadError("binary", "This file is not text. Add a PDF, HTML, Markdown or text file.") from None
        raise LoadError(
            "encoding",
            f"This text is not {(encoding or 'utf-8').upper()} (see byte {error.start + 1}). "
            "Open it in an editor, save it with the encoding UTF-8, and add it again.",
        ) from None


def _looks_binary(data: bytes) -> bool:
    """Text in an old encoding has no control codes; random bytes have one in ten."""
    head = data[:4096]
    return sum(byte < 32 and byte not in b"\t\n\r" for byte in head) > 0
