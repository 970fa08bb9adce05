"""all-MiniLM-L6-v2 in this process, on the CPU, without network: 384 numbers a text, English best."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Encoding, Tokenizer

from opsloom_rag.embedding import graph, weights

# 8 to 16 texts of similar length at a time were fastest; more only costs memory (16 of 256 tokens: 25 MB).
BATCH = 16
# Two queries at once fill two cores; more would only make all of them late.
QUERIES_AT_ONCE = 2


class MiniLM:
    """Use `MiniLM.load()`. Documents are worked off one call at a time, queries in threads of their own beside them."""

    name: ClassVar[str] = "all-MiniLM-L6-v2"
    dimensions: ClassVar[int] = graph.WIDTH
    tokens: ClassVar[int] = 256

    def __init__(self, session: Any, tokenizer: Tokenizer) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._documents = ThreadPoolExecutor(1, "embed-documents")
        self._queries = ThreadPoolExecutor(QUERIES_AT_ONCE, "embed-query")

    @classmethod
    def load(cls, folder: Path | None = None, threads: int = 0) -> MiniLM:
        """Read the weights (0.5 s, 250 MB); `threads` 0 means one a core. Raise EmbedderMissing with what to do."""
        files = weights.find(folder)
        with safe_open(files.weights, framework="numpy") as opened:
            arrays = {name: opened.get_tensor(name) for name in opened.keys() if name != "embeddings.position_ids"}  # noqa: SIM118
        made = graph.build(arrays)
        onnxruntime = _onnxruntime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Spinning threads would burn both cores between two batches, and chat runs on the same machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in made.tensors.values()]
        options.add_external_initializers(list(made.tensors), values)
        session = onnxruntime.InferenceSession(made.model, options, providers=["CPUExecutionProvider"])
        tokenizer = Tokenizer.from_file(str(files.tokenizer))
        # The file asks for 128 tokens, always: half of each text unread, and short ones padded to full price.
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(session, tokenizer)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text with the two marks around it."""
        return [len(each.ids) for each in self._tokenizer.encode_batch_fast(list(texts))]

    async def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """[len(texts), 384]; hand over 64 or more at a time, so that batches of similar length can be made."""
        return await asyncio.get_running_loop().run_in_executor(self._documents, self._embed, list(texts))

    async def embed_query(self, text: str) -> NDArray[np.float32]:
        """[384] in 2 to 5 ms."""
        vectors = await asyncio.get_running_loop().run_in_executor(self._queries, self._embed, [text])
        first: NDArray[np.float32] = vectors[0]
        return first

    def close(self) -> None:
        """Let the threads end; a batch that runs is finished first (at most about 0.5 s)."""
        self._documents.shutdown(cancel_futures=True)
        self._queries.shutdown(cancel_futures=True)

    def _embed(self, texts: list[str]) -> NDArray[np.float32]:
        encoded = self._tokenizer.encode_batch_fast(texts)
        order = sorted(range(len(texts)), key=lambda index: -len(encoded[index].ids))
        vectors = np.empty((len(texts), graph.WIDTH), np.float32)
        for start in range(0, len(order), BATCH):
            indexes = order[start : start + BATCH]
            vectors[indexes] = self._run([encoded[index] for index in indexes])
        return vectors

    def _run(self, batch: list[Encoding]) -> NDArray[np.float32]:
        """One run; the first of `batch` is the longest."""
        length = min(len(batch[0].ids), self.tokens)
        ids = np.zeros((len(batch), length), np.int32)
        mask = np.zeros((len(batch), length), np.int32)
        for row, each in enumerate(batch):
            tokens = _cut(each.ids, length)
            ids[row, : len(tokens)] = tokens
            mask[row, : len(tokens)] = 1
        (vectors,) = self._session.run(["vectors"], {"ids": ids, "mask": mask})
        result: NDArray[np.float32] = vectors
        return result


def _onnxruntime() -> Any:
    """The runtime, silenced: by itself it makes a device id under ~/.cache and reports to its maker (seen in 1.32).

    Only this variable, set before the import, stops that; its own `disable_telemetry_events` comes too late.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # type: ignore[import-untyped]  # ships no types

    return onnxruntime


def _cut(ids: list[int], length: int) -> list[int]:
    """Keep the closing mark where a text is cut, as the model saw it in training."""
    return ids if len(ids) <= length else [*ids[: length - 1], ids[-1]]
