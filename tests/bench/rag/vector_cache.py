"""An embedder that remembers its vectors in a file, so that a benchmark's second run starts at once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from opsloom_rag.embedding import Embedder


class CachedEmbedder:
    """Answers as `embedder` does, to halves' precision; `save` writes what is new."""

    def __init__(self, embedder: Embedder, path: Path) -> None:
        self._embedder = embedder
        self._path = path
        self._vectors: dict[str, NDArray[np.float16]] = {}
        self._saved = 0
        if path.is_file():
            with np.load(path) as stored:
                self._vectors = dict(zip(stored["keys"].tolist(), stored["vectors"], strict=True))
            self._saved = len(self._vectors)

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def tokens(self) -> int:
        return self._embedder.tokens

    def count(self, texts: Sequence[str]) -> list[int]:
        return self._embedder.count(texts)

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        keys = [hashlib.sha256(text.encode()).hexdigest() for text in texts]
        new = [index for index, key in enumerate(keys) if key not in self._vectors]
        if new:
            made = await self._embedder.embed_documents([texts[index] for index in new])
            self._vectors |= dict(zip([keys[index] for index in new], made.astype(np.float16), strict=True))
        return np.stack([self._vectors[key] for key in keys]).astype(np.float32)

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        return await self._embedder.embed_query(text)

    def save(self) -> None:
        if len(self._vectors) > self._saved:
            np.savez(self._path, keys=np.array(list(self._vectors)), vectors=np.stack(list(self._vectors.values())))
            self._saved = len(self._vectors)
