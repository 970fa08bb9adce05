"""Documents for tests, made in code: PDFs (whole, damaged, encrypted), and the embedder that needs no weights."""

from __future__ import annotations

import hashlib
import io
import re
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pypdf import PdfReader, PdfWriter


def pdf(pages: Sequence[str], *, title: str = "", outline: Sequence[tuple[str, int]] = (), password: str = "") -> bytes:
    """A PDF of one text a page (lines by line breaks); with a password, encrypted as old readers understand it."""
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(_plain_pdf(pages))))
    if title:
        writer.add_metadata({"/Title": title})
    for name, page in outline:
        writer.add_outline_item(title=name, page_number=page)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _plain_pdf(pages: Sequence[str]) -> bytes:
    """The format's few objects by hand: catalogue, pages, one font, a stream a page."""
    kids = " ".join(f"{4 + 2 * index} 0 R" for index in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    for index, text in enumerate(pages):
        shown = " ".join(f"({_escaped(line)}) Tj T*" for line in text.split("\n"))
        stream = zlib.compress(f"BT /F1 12 Tf 14 TL 50 780 Td {shown} ET".encode("latin-1"))
        objects += [
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents {5 + 2 * index} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>".encode(),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")


class WordEmbedder:
    """Texts that share words are near: each word adds to one of 64 numbers. Deterministic, and counts what it did."""

    name = "words-64"
    dimensions = 64
    tokens = 128

    def __init__(self) -> None:
        self.embedded = 0

    def count(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(re.findall(r"\w+|[^\w\s]", text)) for text in texts]

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        self.embedded += len(texts)
        return np.array([self._vector(text) for text in texts], np.float32).reshape(-1, self.dimensions)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        return self._vector(text)

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimensions, 0.01, np.float32)
        for word in re.findall(r"\w+", text.lower()):
            vector[hashlib.sha256(word.encode()).digest()[0] % self.dimensions] += 1
        return vector / np.float32(np.linalg.norm(vector))
