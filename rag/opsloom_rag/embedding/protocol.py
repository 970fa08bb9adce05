"""What retrieval asks of a model that turns text into vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Embedder(Protocol):
    """What a knowledge base needs of a model. One instance serves all; several tasks may call it at once."""

    @property
    def name(self) -> str:
        """Stored with each knowledge base: vectors of different names are never compared."""
        ...

    @property
    def dimensions(self) -> int:
        """Length of every vector, 1 to 3,900 (a row of halfs must fit into one page of PostgreSQL)."""
        ...

    @property
    def tokens(self) -> int:
        """How many tokens of a text it reads; the rest would be cut off, so chunks are made to fit."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, as `tokens` counts them."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), dimensions], each row of length 1, in the order of `texts`; raise EmbedderFailed."""
        ...

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """[dimensions], of length 1; never waits behind documents."""
        ...
