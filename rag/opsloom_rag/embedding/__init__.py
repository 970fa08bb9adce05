"""Turns text into vectors.

To add one: docs/embedders-adding.md. Each keeps `protocol.Embedder` and the test in tests/rag/test_embedders.py.
"""

from __future__ import annotations

from collections.abc import Callable

from opsloom_rag.embedding.minilm import MiniLM
from opsloom_rag.embedding.protocol import Embedder
from opsloom_rag.errors import EmbedderMissing
from opsloom_rag.extensions import added

__all__ = ["DEFAULT", "EMBEDDERS", "Embedder", "make_embedder"]

DEFAULT = MiniLM.name

EMBEDDERS: dict[str, Callable[[], Embedder]] = {DEFAULT: MiniLM.load, **added("opsloom.embedders")}


def make_embedder(name: str = DEFAULT) -> Embedder:
    """The embedder of that name, loaded; raise EmbedderMissing with what to do. Takes 0.5 s: call it in a thread."""
    if name not in EMBEDDERS:
        raise EmbedderMissing(f"There is no embedder named {name!r}. Known: {', '.join(sorted(EMBEDDERS))}.")
    return EMBEDDERS[name]()
