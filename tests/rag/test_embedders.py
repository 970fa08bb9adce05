"""Embedders: the contract that every entry of EMBEDDERS keeps, and the local model against its published numbers."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from opsloom_rag.embedding import EMBEDDERS, Embedder, make_embedder, weights
from opsloom_rag.embedding.minilm import MiniLM
from opsloom_rag.errors import EmbedderMissing
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from rag.papers import WordEmbedder

Numbers = NDArray[np.float32]

TEXTS = ["A cat sits outside.", "", "word " * 600, "Grüße 👋 漢字", "A cat is sitting outside the house.", "x"]
MAKERS: dict[str, Callable[[], Embedder]] = {**EMBEDDERS, WordEmbedder.name: WordEmbedder}


@pytest.fixture(params=MAKERS)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    if request.param == MiniLM.name:
        loaded: Embedder = request.getfixturevalue("minilm")
        return loaded
    return MAKERS[request.param]()


def test_the_local_model_leaves_no_trace_and_reports_to_nobody(tmp_path: Path) -> None:
    """onnxruntime, left to itself, makes a device id in the home folder and a store of what it will send."""
    program = "from opsloom_rag.embedding.minilm import MiniLM\nMiniLM.load().close()"
    env = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    env.pop("ORT_DISABLE_TELEMETRY", None)
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, env=env)
    assert list(tmp_path.rglob("*")) == []


async def test_each_embedder_keeps_the_contract(embedder: Embedder) -> None:
    assert embedder.name in MAKERS
    assert 1 <= embedder.dimensions <= 3_900
    vectors = await embedder.embed_documents(TEXTS)
    assert vectors.shape == (len(TEXTS), embedder.dimensions)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    counts = embedder.count(TEXTS)
    assert counts[2] > embedder.tokens > counts[0] > 0
    # Alone, in another order, as a question: the same text has the same vector.
    again = await embedder.embed_documents(TEXTS[::-1])
    np.testing.assert_allclose(again[::-1], vectors, atol=2e-6)
    queries = await asyncio.gather(*(embedder.embed_query(text) for text in TEXTS))
    np.testing.assert_allclose(np.stack(queries), vectors, atol=2e-6)
    assert vectors[0] @ vectors[4] > vectors[0] @ vectors[3]
    assert (await embedder.embed_documents([])).shape[0] == 0


async def test_the_local_model_gives_its_published_numbers(minilm: MiniLM) -> None:
    """Cosines and first components as the reference implementation prints them for its documentation's sentences."""
    pairs = [
        ("The cat sits outside", "The dog plays in the garden", 0.2838),
        ("A man is playing guitar", "A woman watches TV", -0.0327),
        ("The new movie is awesome", "The new movie is so great", 0.8939),
    ]
    for first, second, cosine in pairs:
        one, two = await minilm.embed_documents([first, second])
        assert one @ two == pytest.approx(cosine, abs=5e-5)
    vector = await minilm.embed_query("The cat sits outside")
    np.testing.assert_allclose(vector[:3], [0.1392, 0.0030, 0.0470], atol=5e-5)


async def test_the_local_model_against_plain_numpy(minilm: MiniLM) -> None:
    """The fused graph and forty lines of matrix arithmetic agree, padded or not, cut or not."""
    texts = ["How do I embed the chat?", "Grüße aus Köln", "many words and more " * 100]
    vectors = await minilm.embed_documents(texts)
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(_plain(text), vector, atol=2e-6)


async def test_queries_do_not_wait_for_documents(minilm: MiniLM) -> None:
    documents = asyncio.create_task(minilm.embed_documents(["word " * 250] * 24))
    await asyncio.sleep(0.01)
    await minilm.embed_query("Is anybody there?")
    assert not documents.done()
    await documents


def test_missing_weights_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(EmbedderMissing, match=r"missing.*setup-model"):
        MiniLM.load(tmp_path)
    files = weights.find()
    (tmp_path / "tokenizer.json").symlink_to(files.tokenizer)
    (tmp_path / "model.safetensors").write_bytes(b"something else")
    with pytest.raises(EmbedderMissing, match="sha256 differs"):
        MiniLM.load(tmp_path)


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(EmbedderMissing, match="all-MiniLM-L6-v2"):
        make_embedder("large-and-unknown")


def _plain(text: str) -> Numbers:
    files = weights.find()
    w = load_file(files.weights)
    tokenizer = Tokenizer.from_file(str(files.tokenizer))
    tokenizer.no_padding()
    tokenizer.enable_truncation(256)
    ids = tokenizer.encode(text).ids

    def norm(x: Numbers, key: str) -> Numbers:
        x = x - x.mean(-1, keepdims=True)
        result: Numbers = x / np.sqrt((x**2).mean(-1, keepdims=True) + 1e-12) * w[f"{key}.weight"] + w[f"{key}.bias"]

        return result

    def dense(x: Numbers, key: str) -> Numbers:
        result: Numbers = x @ w[f"{key}.weight"].T + w[f"{key}.bias"]
        return result

    def gelu(x: Numbers) -> Numbers:
        result: Numbers = x * 0.5 * (1 + np.vectorize(math.erf, otypes=[np.float32])(x / np.sqrt(2)))
        return result

    x = w["embeddings.word_embeddings.weight"][ids] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for index in range(6):
        layer = f"encoder.layer.{index}"
        q, k, v = (
            dense(x, f"{layer}.attention.self.{part}").reshape(len(ids), 12, 32).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        weight = np.exp(q @ k.transpose(0, 2, 1) / np.sqrt(32))
        mixed = (weight / weight.sum(-1, keepdims=True)) @ v
        mixed = dense(mixed.transpose(1, 0, 2).reshape(len(ids), 384), f"{layer}.attention.output.dense")
        x = norm(x + mixed, f"{layer}.attention.output.LayerNorm")
        inner = dense(gelu(dense(x, f"{layer}.intermediate.dense")), f"{layer}.output.dense")
        x = norm(x + inner, f"{layer}.output.LayerNorm")
    mean = x.mean(0)
    result: Numbers = mean / np.linalg.norm(mean)
    return result
