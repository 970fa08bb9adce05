"""`make bench-rag`: how well and how fast the right passage is found, and how fast documents come in.

Needs two files that are not part of the project, in the folder that OPSLOOM_BENCH_DATA names: `squad-dev.json.gz`
([{title, text, questions: [{text}]}]) and `distractors.json.gz` ([[title, text]]). Everything goes through the public
way: each passage is a document, ingested, chunked, embedded and searched as a user's would be. Vectors are kept in
build/ between runs, so that only the first one takes the embedder's seven minutes on two cores.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import os
import random
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median, quantiles

import asyncpg
from opsloom_rag.embedding import Embedder, make_embedder
from opsloom_rag.knowledge import Knowledge
from opsloom_rag.passages import Content
from opsloom_rag.stores import Transact
from opsloom_rag.stores.pgvector import PgVectorStore, vector_text
from opsloom_rag.stores.tables import knowledge_bases, metadata
from opsloom_server.store.embedded import EmbeddedPostgres
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from bench.rag.vector_cache import CachedEmbedder

BUILD = Path(__file__).resolve().parents[3] / "build"
WORKSPACE, BASE = "ws_bench", "kb_bench"
DEPTH = 10
BARE = """SELECT chunk FROM chunk_vectors WHERE base = $1 AND workspace_id = $2
          ORDER BY embedding <=> $3::text::halfvec LIMIT 10"""

Question = tuple[str, str]  # its text, the document that answers it
Found = Sequence[str]  # documents, best first


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    options.add_argument("--questions", type=int, default=600)
    options.add_argument("--distractors", type=int, default=18_000)
    options.add_argument("--ingest-chunks", type=int, default=512, help="chunks of the throughput comparison; 0 = none")
    options.add_argument("--repeats", type=int, default=3, help="how often each way of ingestion is measured")
    given = options.parse_args()
    folder = os.environ.get("OPSLOOM_BENCH_DATA")
    if not folder:
        sys.exit("Skipped: set OPSLOOM_BENCH_DATA to the folder with squad-dev.json.gz and distractors.json.gz.")
    documents, questions = read(Path(folder), given.distractors)
    sample = random.Random(7).sample(questions, min(given.questions, len(questions)))
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="opsloom-bench-") as data:
        server = EmbeddedPostgres(Path(data) / "data")
        server.start()
        try:
            result = asyncio.run(measure(server.url, documents, sample, given.ingest_chunks, given.repeats))
        finally:
            server.stop()
    (BUILD / "bench-rag.json").write_text(json.dumps(result, indent=2) + "\n")
    print(json.dumps(result, indent=2))


def read(folder: Path, distractors: int) -> tuple[list[tuple[str, Content]], list[Question]]:
    """Documents (id, content) and questions, the distractors topic by topic after the passages."""

    def load(name: str) -> list[object]:
        path = folder / name
        if not path.is_file():
            sys.exit(f"Skipped: there is no {name} in {folder}.")
        with gzip.open(path, "rt", encoding="utf-8") as file:
            loaded: list[object] = json.load(file)
        return loaded

    documents: list[tuple[str, Content]] = []
    questions: list[Question] = []
    for number, passage in enumerate(load("squad-dev.json.gz")):
        assert isinstance(passage, dict)
        documents.append((f"p{number}", Content(data=passage["text"].encode(), title=passage["title"], name="a.txt")))
        questions += [(question["text"], f"p{number}") for question in passage["questions"]]
    for number, pair in enumerate(load("distractors.json.gz")[:distractors]):
        assert isinstance(pair, list)
        documents.append((f"d{number}", Content(data=pair[1].encode(), title=pair[0], name="a.txt")))
    return documents, questions


async def measure(
    url: str, documents: list[tuple[str, Content]], questions: list[Question], ingest_chunks: int, repeats: int
) -> dict[str, object]:
    engine = create_async_engine(url)
    async with engine.begin() as connection:
        await connection.run_sync(metadata.create_all)
        for base in (BASE, "kb_throughput"):
            row = {"id": base, "workspace_id": WORKSPACE, "name": base, "embedder": "all-MiniLM-L6-v2"}
            await connection.execute(knowledge_bases.insert().values(row))
    bare = await asyncio.to_thread(make_embedder)
    cached = CachedEmbedder(bare, BUILD / "bench-rag-vectors.npz")
    transact = transactions(engine)
    knowledge = Knowledge(transact, cached)
    chunks = 0
    started = time.monotonic()
    async for done in knowledge.ingest_many(WORKSPACE, BASE, documents):
        if done.error is not None:
            raise done.error
        chunks += done.chunks
        if chunks % 1000 < done.chunks:
            cached.save()
            print(f"{chunks} chunks in {time.monotonic() - started:.0f} s", file=sys.stderr)
    cached.save()
    async with engine.connect() as connection:
        raw = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await raw.execute(text("VACUUM ANALYZE"))
    result: dict[str, object] = {"chunks": chunks, "documents": len(documents), "questions": len(questions)}
    result["quality"] = await quality(transact, cached, questions)
    result["latency"] = await latency(engine, transact, cached, [text for text, _ in questions])
    result["sizes"] = await sizes(engine)
    if ingest_chunks:
        result["ingestion"] = await throughput(Knowledge(transact, bare), bare, documents, ingest_chunks, repeats)
    await engine.dispose()
    return result


def transactions(engine: AsyncEngine) -> Transact:
    @asynccontextmanager
    async def transact(workspace: str) -> AsyncIterator[AsyncConnection]:
        async with engine.begin() as connection:
            await connection.execute(text("SELECT set_config('app.workspace', :id, true)"), {"id": workspace})
            yield connection

    return transact


async def quality(transact: Transact, embedder: Embedder, questions: list[Question]) -> dict[str, dict[str, float]]:
    """nDCG@10, R@1 and R@10 of the whole search and of each half alone, by document."""
    knowledge, store = Knowledge(transact, embedder), PgVectorStore(transact)

    async def hybrid(question: str) -> Found:
        return [passage.document for passage in await knowledge.search(WORKSPACE, [BASE], question, 2 * DEPTH)]

    async def words(question: str) -> Found:
        return [found.document for found in await store.search(WORKSPACE, [BASE], question, None, None, 2 * DEPTH)]

    async def vector(question: str) -> Found:
        statement = text("""SELECT document_id FROM chunk_vectors JOIN chunks ON number = chunk
                            ORDER BY embedding <=> CAST(CAST(:vector AS text) AS halfvec) LIMIT 20""")
        async with transact(WORKSPACE) as connection:
            query = vector_text(await embedder.embed_query(question))
            return list(await connection.scalars(statement, {"vector": query}))

    ways: dict[str, Callable[[str], Awaitable[Found]]] = {"hybrid": hybrid, "words": words, "vector": vector}
    result: dict[str, dict[str, float]] = {}
    for name, find in ways.items():
        ranks = [rank(await find(question), answer) for question, answer in questions]
        result[name] = {
            "ndcg10": sum(1 / math.log2(1 + place) for place in ranks if place) / len(ranks),
            "r1": sum(place == 1 for place in ranks) / len(ranks),
            "r10": sum(place is not None for place in ranks) / len(ranks),
        }
    result["gain"] = {
        "ndcg10": result["hybrid"]["ndcg10"] - max(result[half]["ndcg10"] for half in ("words", "vector"))
    }
    return result


def rank(found: Found, answer: str) -> int | None:
    """Place of the answer among the first ten different documents, from 1."""
    different = list(dict.fromkeys(found))[:DEPTH]
    return different.index(answer) + 1 if answer in different else None


async def latency(
    engine: AsyncEngine, transact: Transact, embedder: Embedder, questions: list[str]
) -> dict[str, float]:
    """Milliseconds, each question by each way in turn: bare vector query, the store's search, all with embedding."""
    knowledge, store = Knowledge(transact, embedder), PgVectorStore(transact)
    times: dict[str, list[float]] = {"bare": [], "words": [], "store": [], "whole": []}
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    connection = await asyncpg.connect(url)
    bare = await connection.prepare(BARE)
    number = await connection.fetchval("SELECT number FROM knowledge_bases WHERE id = $1", BASE)
    for question in questions:
        vector = await embedder.embed_query(question)
        written = vector_text(vector)

        async def clocked(name: str, work: Awaitable[object]) -> None:
            start = time.perf_counter()
            await work
            times[name].append(1000 * (time.perf_counter() - start))

        await clocked("bare", bare.fetch(number, WORKSPACE, written))
        await clocked("words", store.search(WORKSPACE, [BASE], question, None, None, DEPTH))
        await clocked("store", store.search(WORKSPACE, [BASE], question, vector, embedder.name, DEPTH))
        await clocked("whole", knowledge.search(WORKSPACE, [BASE], question, DEPTH))
    await connection.close()
    result = {f"{name}_p50_ms": median(values) for name, values in times.items()}
    result |= {f"{name}_p99_ms": quantiles(values, n=100)[98] for name, values in times.items()}
    return result | {"ratio_store_vs_bare": result["store_p50_ms"] / result["bare_p50_ms"]}


async def sizes(engine: AsyncEngine) -> dict[str, float]:
    statement = text("SELECT pg_total_relation_size(CAST(:name AS regclass)) / 1e6")
    async with engine.connect() as connection:
        return {
            f"{name}_mb": float(await connection.scalar(statement, {"name": name}) or 0)
            for name in ("chunks", "chunk_vectors", "postings")
        }


async def throughput(
    knowledge: Knowledge, embedder: Embedder, documents: list[tuple[str, Content]], chunks: int, repeats: int
) -> dict[str, float | list[float]]:
    """Chunks a second: the bare embedder, many small documents, one long document; by turns, medians.

    What is ingested again replaces what was there, as it does for users.
    """
    part = [(f"t{name}", content) for name, content in documents[:chunks]]
    texts = [f"{content.title}\n{content.data.decode()}" for _, content in part]
    long = Content(data="\n\n".join(texts).encode(), name="long.txt")

    async def bare() -> float:
        start = time.monotonic()
        await embedder.embed_documents(texts)
        return len(texts) / (time.monotonic() - start)

    async def many() -> float:
        start, count = time.monotonic(), 0
        async for done in knowledge.ingest_many(WORKSPACE, "kb_throughput", part):
            count += done.chunks
        return count / (time.monotonic() - start)

    async def one() -> float:
        start, count = time.monotonic(), 0
        async for progress in knowledge.ingest(WORKSPACE, "kb_throughput", "long", long):
            count = progress.total
        return count / (time.monotonic() - start)

    rates: dict[str, list[float]] = {"bare": [], "many": [], "one": []}
    for _ in range(repeats):
        for name, measured in (("bare", bare), ("many", many), ("one", one)):
            rates[name].append(await measured())
    result = {f"{name}_per_s": median(found) for name, found in rates.items()}
    result |= {f"ratio_{name}": result[f"{name}_per_s"] / result["bare_per_s"] for name in ("many", "one")}
    return result | {f"{name}_runs": [round(rate, 1) for rate in found] for name, found in rates.items()}
