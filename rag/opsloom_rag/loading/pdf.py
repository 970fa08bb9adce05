"""PDF with pypdf: the text of each page, its number kept, the outline as headings. Always in a process with limits."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from opsloom_rag.errors import LoadError
from opsloom_rag.loading.loaded import Heading, Limits, Loaded, clean, stem
from opsloom_rag.loading.signatures import PDF

_DEEPEST = 6


class PdfLoader:
    media_type = "application/pdf"
    isolated_over = 0

    def claims(self, data: bytes, name: str) -> bool:
        return PDF in data[:1024]  # readers accept up to a kilobyte of something else before it

    def load(self, data: bytes, name: str, limits: Limits) -> Loaded:
        import pypdf  # 0.7 s: only the process that reads a PDF pays for it
        from pypdf.errors import DependencyError, FileNotDecryptedError, PyPdfError

        try:
            reader = pypdf.PdfReader(io.BytesIO(data))
            if reader.is_encrypted and not reader.decrypt(""):
                raise FileNotDecryptedError
            count = len(reader.pages)
            if count > limits.pages:
                raise LoadError(
                    "too_large", f"This PDF has {count:,} pages; {limits.pages:,} are read at most. Split it."
                )
            texts = [clean(page.extract_text()).strip() for page in reader.pages]
        except (FileNotDecryptedError, DependencyError):
            raise LoadError(
                "encrypted", "This PDF is protected by a password. Save it without protection and add that."
            ) from None
        except (PyPdfError, ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
            # pypdf meets damage with any of these; the file is at fault, not the program.
            raise LoadError(
                "broken", "This PDF is damaged. Open it in a viewer, print it to a new PDF, and add that."
            ) from error
        if not any(texts):
            raise LoadError(
                "no_text", "This PDF holds pictures of pages and no text. Run text recognition (OCR) over it first."
            )
        pages, text = _join(texts)
        found = sorted(_outline(reader, [start for _, start in pages]), key=lambda heading: heading.start)
        title = _title(reader) or stem(name)
        return Loaded(title=title, text=text, media_type=self.media_type, markup="plain", headings=found, pages=pages)


def _join(texts: list[str]) -> tuple[list[tuple[int, int]], str]:
    pages: list[tuple[int, int]] = []
    start = 0
    for number, text in enumerate(texts, 1):
        pages.append((number, start))
        start += len(text) + 2
    return pages, "\n\n".join(texts)


def _title(reader: Any) -> str:
    """The title that the author set; many programs leave the file's name or their own there."""
    try:
        title = clean(str(reader.metadata.title or "")).strip() if reader.metadata else ""
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
    return "" if re.search(r"\.(docx?|pdf|tex|indd|dvi)$|^(untitled|microsoft word)", title, re.I) else title


def _outline(reader: Any, starts: list[int]) -> Iterator[Heading]:
    """Bookmarks as headings at the top of their page; a damaged outline ends there, the text is worth more."""
    try:
        todo = [(1, item) for item in reversed(reader.outline)]
        while todo:
            level, item = todo.pop()
            if isinstance(item, list):
                todo += [(level + 1, inner) for inner in reversed(item)]
                continue
            page = reader.get_destination_page_number(item)
            title = clean(str(item.title)).strip()
            if title and page is not None and 0 <= page < len(starts):
                yield Heading(starts[page], min(level, _DEEPEST), title)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return
