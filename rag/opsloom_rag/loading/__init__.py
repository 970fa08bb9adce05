"""Documents to text.

To add a kind: docs/loaders-adding.md. Each keeps `loaded.Loader` and the test in tests/rag/test_loaders.py.
"""

from __future__ import annotations

import asyncio

import msgspec

from opsloom_rag.errors import LoadError
from opsloom_rag.extensions import added
from opsloom_rag.loading import isolation
from opsloom_rag.loading.html import HtmlLoader
from opsloom_rag.loading.loaded import Heading, Limits, Loaded, Loader
from opsloom_rag.loading.markdown import MarkdownLoader
from opsloom_rag.loading.pdf import PdfLoader
from opsloom_rag.loading.plain import PlainLoader
from opsloom_rag.loading.signatures import refuse
from opsloom_rag.passages import Content

__all__ = ["LOADERS", "Heading", "Limits", "Loaded", "Loader", "load"]

# Asked in this order: the first that claims the content reads it. Plain text claims everything, so it comes last.
_OWN: dict[str, Loader] = {
    "pdf": PdfLoader(),
    "html": HtmlLoader(),
    "markdown": MarkdownLoader(),
    "plain": PlainLoader(),
}
LOADERS: dict[str, Loader] = added("opsloom.loaders") | _OWN


async def load(content: Content, limits: Limits | None = None) -> Loaded:
    """Read a document, whatever it is called; raise LoadError with a code and with words that say what to do."""
    limits = limits or Limits()
    if len(content.data) > limits.bytes:
        raise LoadError("too_large", f"This file is larger than {limits.bytes >> 20} MiB. Split it and add the parts.")
    # Looking for signs of a kind is a scan of at most the whole file: 10 ms for 20 MiB, still not on the event loop.
    name = await asyncio.to_thread(_kind, content.data, content.name)
    loader = LOADERS[name]
    if loader.isolated_over is not None and len(content.data) > loader.isolated_over:
        loaded = await isolation.load_apart(name, content.data, content.name, limits)
    else:
        loaded = await asyncio.to_thread(loader.load, content.data, content.name, limits)
    if not loaded.text.strip():
        raise LoadError("empty", "There is no text in this file. Add one with text in it.")
    if len(loaded.text) > limits.chars:
        raise LoadError(
            "too_long",
            f"This document has {len(loaded.text):,} characters; {limits.chars:,} are read at most. Split it.",
        )
    return msgspec.structs.replace(loaded, title=content.title or loaded.title)


def _kind(data: bytes, name: str) -> str:
    """The first that claims it. What nobody added a loader for is refused by its signature before ours are asked."""
    if not data.strip():
        raise LoadError("empty", "This file is empty. Add one with text in it.")
    others = (kind for kind, loader in LOADERS.items() if kind not in _OWN and loader.claims(data, name))
    if (other := next(others, None)) is not None:
        return other
    refuse(data)
    return next(kind for kind, loader in _OWN.items() if loader.claims(data, name))
