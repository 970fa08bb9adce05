"""Tells what bytes are that are no text, so that a refusal can name them."""

from __future__ import annotations

from opsloom_rag.errors import LoadError

PDF = b"%PDF-"

# (first bytes, code, what it is and what to do)
_IMAGE = "unsupported", "is an image. Images are not read; add a text that says what it shows"
_OFFICE = "unsupported", "is an office document. Save it as PDF, HTML or Markdown and add that"
_PACKED = "unsupported", "is an archive. Unpack it and add the files inside"
_MEDIA = "unsupported", "is a sound or a film. Add a transcript as text"
_PROGRAM = "unsupported", "is a program. Only documents can be read"
_SIGNATURES: tuple[tuple[bytes, tuple[str, str]], ...] = (
    (b"\x89PNG\r\n\x1a\n", _IMAGE),
    (b"\xff\xd8\xff", _IMAGE),
    (b"GIF87a", _IMAGE),
    (b"GIF89a", _IMAGE),
    (b"BM", _IMAGE),
    (b"II*\x00", _IMAGE),
    (b"MM\x00*", _IMAGE),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OFFICE),
    (b"{\\rtf", _OFFICE),
    (b"\x1f\x8b", _PACKED),
    (b"BZh", _PACKED),
    (b"\xfd7zXZ\x00", _PACKED),
    (b"7z\xbc\xaf\x27\x1c", _PACKED),
    (b"Rar!\x1a\x07", _PACKED),
    (b"ID3", _MEDIA),
    (b"OggS", _MEDIA),
    (b"fLaC", _MEDIA),
    (b"\x1aE\xdf\xa3", _MEDIA),
    (b"\x7fELF", _PROGRAM),
    (b"MZ", _PROGRAM),
)


def refuse(data: bytes) -> None:
    """Raise LoadError for what is known not to be text."""
    for first, (code, words) in _SIGNATURES:
        # Two letters are a weak sign ("BM", "MZ" may begin a text): then a NUL has to follow.
        if data.startswith(first) and (len(first) > 3 or b"\x00" in data[:4096] or not data[:1].isalpha()):
            raise LoadError(code, f"Whatever it is called, this {words}.")
    if data.startswith(b"PK\x03\x04"):
        office = any(
            mark in data[:4096] for mark in (b"word/", b"xl/", b"ppt/", b"[Content_Types].xml", b"mimetypeapplication/")
        )
        code, words = _OFFICE if office else _PACKED
        raise LoadError(code, f"Whatever it is called, this {words}.")
    if data[8:12] == b"WEBP" or data[4:12] in (b"ftypavif", b"ftypheic"):
        raise LoadError(_IMAGE[0], f"Whatever it is called, this {_IMAGE[1]}.")
    if data[4:8] == b"ftyp" or data[8:12] in (b"WAVE", b"AVI "):
        raise LoadError(_MEDIA[0], f"Whatever it is called, this {_MEDIA[1]}.")
