"""The SQL of retrieval: what a word is, how chunks go in, how they are found."""

from __future__ import annotations

from sqlalchemy import TextClause, text

# How many candidates each half brings before the two are weighed together.
CANDIDATES = 50
# Measured on 2,000 questions: by score 0.905 nDCG@10, by rank (RRF, k = 60) 0.862. More weight on words would score
# higher there (0.908), but its questions were written with the passage in view; chat repeats fewer words.
VECTOR_WEIGHT = 0.5
# BM25's usual constants: saturation of repeats, and how far long chunks are held back.
K1, B = 1.2, 0.75


def _words(expression: str) -> str:
    """Stemmed words without accents; the same expression for chunks and for questions."""
    return rf"to_tsvector('english', regexp_replace(normalize({expression}, NFKD), '[\u0300-\u036f]+', '', 'g'))"


# Rows come as arrays, one parameter a column: a thousand rows are bound as fast as one. With their words, 1,700 chunks
# a second; COPY would make it 2,100, with the embedder at 45, and is refused under row-level security.
WRITE_DOCUMENTS = text("""
INSERT INTO documents AS stored (id, workspace_id, knowledge_base_id, title, url, media_type, bytes, sha256, text,
                                 pages, status, progress)
SELECT given.id, :workspace, :knowledge_base, given.title, given.url, given.media_type, given.bytes, given.sha256,
       given.text, CAST(given.pages AS jsonb), 'ready', 1
FROM unnest(
    CAST(:ids AS text[]), CAST(:titles AS text[]), CAST(:urls AS text[]), CAST(:media_types AS text[]),
    CAST(:bytes AS bigint[]), CAST(:sha256s AS text[]), CAST(:texts AS text[]), CAST(:pages AS text[])
) AS given(id, title, url, media_type, bytes, sha256, text, pages)
ON CONFLICT (id) DO UPDATE
SET title = excluded.title, url = excluded.url, media_type = excluded.media_type, bytes = excluded.bytes,
    sha256 = excluded.sha256, text = excluded.text, pages = excluded.pages, status = 'ready', progress = 1,
    error = NULL, source = NULL, updated_at = now()
WHERE stored.workspace_id = :workspace AND stored.knowledge_base_id = :knowledge_base
RETURNING id
""")

INSERT_CHUNKS = text(f"""
WITH given AS MATERIALIZED (
    SELECT * FROM unnest(
        CAST(:ids AS text[]), CAST(:documents AS text[]), CAST(:positions AS int[]), CAST(:titles AS text[]),
        CAST(:texts AS text[]), CAST(:starts AS int[]), CAST(:ends AS int[]), CAST(:pages AS int[]),
        CAST(:vectors AS text[])
    ) AS given(id, document, position, title, text, start, "end", page, embedding)
), words AS MATERIALIZED (
    SELECT given.id, word.lexeme, cardinality(word.positions) AS frequency
    FROM given CROSS JOIN LATERAL unnest({_words("given.title || ' ' || given.text")}) AS word
), lengths AS (
    SELECT id, sum(frequency)::int AS length FROM words GROUP BY id
), made AS (
    INSERT INTO chunks (id, workspace_id, knowledge_base_id, document_id, position, title, text, start, "end", page,
                        length)
    SELECT id, :workspace, :knowledge_base, document, position, title, text, start, "end", page, coalesce(length, 0)
    FROM given LEFT JOIN lengths USING (id)
    RETURNING id, number, length
), embedded AS (
    INSERT INTO chunk_vectors (chunk, base, workspace_id, embedding)
    SELECT number, :base, :workspace, CAST(given.embedding AS halfvec)
    FROM made JOIN given USING (id) WHERE given.embedding IS NOT NULL ORDER BY number
), posted AS (
    INSERT INTO postings (base, chunk, frequency, length, workspace_id, lexeme)
    SELECT :base, number, frequency, length, :workspace, lexeme
    FROM made JOIN words USING (id) ORDER BY lexeme, number
)
SELECT count(*)::bigint AS chunks, coalesce(sum(length), 0)::bigint AS length FROM made
""")  # noqa: S608 - only constants of this file are put in

DELETE_CHUNKS = text("""
WITH gone AS (
    DELETE FROM chunks WHERE document_id = ANY(CAST(:documents AS text[])) AND workspace_id = :workspace
    RETURNING number, length
), unposted AS (
    DELETE FROM postings WHERE workspace_id = :workspace AND chunk IN (SELECT number FROM gone)
)
SELECT count(*)::bigint AS chunks, coalesce(sum(length), 0)::bigint AS length FROM gone
""")

COUNT_CHUNKS = text("""
INSERT INTO knowledge_stats AS stats (knowledge_base_id, workspace_id, chunks, length)
VALUES (:knowledge_base, :workspace, :chunks, :length)
ON CONFLICT (knowledge_base_id) DO UPDATE
SET chunks = stats.chunks + excluded.chunks, length = stats.length + excluded.length
""")

# The window counts in how many chunks each word stands: nothing has to be kept right but the postings themselves.
_LEXICAL = f"""
bases AS MATERIALIZED (
    SELECT number, embedder FROM knowledge_bases
    WHERE workspace_id = :workspace AND id = ANY(CAST(:knowledge_bases AS text[]))
), stats AS MATERIALIZED (
    SELECT sum(chunks)::float8 AS chunks, greatest(sum(length), 1)::float8 / greatest(sum(chunks), 1)::float8 AS mean
    FROM knowledge_stats WHERE workspace_id = :workspace AND knowledge_base_id = ANY(CAST(:knowledge_bases AS text[]))
), hits AS MATERIALIZED (
    SELECT postings.chunk, postings.frequency::float8 AS frequency, postings.length::float8 AS length,
           count(*) OVER (PARTITION BY postings.lexeme) AS chunks
    FROM unnest({_words("CAST(:query AS text)")}) AS word CROSS JOIN bases
    JOIN postings ON postings.workspace_id = :workspace AND postings.base = bases.number
                     AND postings.lexeme = word.lexeme
), lexical AS MATERIALIZED (
    SELECT chunk, sum(ln(1 + (stats.chunks - hits.chunks + 0.5) / (hits.chunks + 0.5)) * frequency * {K1 + 1}
                      / (frequency + {K1} * ({1 - B} + {B} * length / stats.mean))) AS bm25
    FROM hits CROSS JOIN stats GROUP BY chunk ORDER BY bm25 DESC, chunk LIMIT {CANDIDATES}
)"""  # noqa: S608

_PASSAGES = """
SELECT chunks.id AS chunk, chunks.document_id AS document, chunks.knowledge_base_id AS knowledge_base, chunks.title,
       chunks.text, best.score, chunks.start, chunks."end", chunks.page, documents.url, best.cosine, best.bm25
FROM best JOIN chunks ON chunks.number = best.chunk JOIN documents ON documents.id = chunks.document_id
ORDER BY best.score DESC, best.chunk"""

SEARCH_WORDS: TextClause = text(f"""
WITH {_LEXICAL}, best AS (
    SELECT chunk, bm25 / max(bm25) OVER () AS score, 0::float8 AS cosine, bm25 FROM lexical
    ORDER BY bm25 DESC, chunk LIMIT :limit
){_PASSAGES}""")  # noqa: S608

# The question's vector is read once, as a row: in the formula itself it would be parsed for every chunk (60 ms, not 4).
SEARCH: TextClause = text(f"""
WITH {_LEXICAL}, question AS MATERIALIZED (
    SELECT CAST(CAST(:vector AS text) AS halfvec) AS vector
), near AS MATERIALIZED (
    SELECT chunk, embedding <=> (SELECT vector FROM question) AS distance FROM chunk_vectors
    WHERE workspace_id = :workspace AND base IN (SELECT number FROM bases WHERE embedder = :embedder)
    ORDER BY distance LIMIT {CANDIDATES}
), weighed AS (
    SELECT chunk, coalesce(lexical.bm25, 0) AS bm25, coalesce(greatest(1 - coalesce(near.distance, (
               SELECT embedding <=> (SELECT vector FROM question)
               FROM chunk_vectors JOIN bases ON bases.number = base
               WHERE chunk_vectors.chunk = lexical.chunk AND embedder = :embedder)), 0), 0) AS cosine
    FROM near FULL JOIN lexical USING (chunk)
), best AS (
    SELECT chunk, cosine, bm25, {VECTOR_WEIGHT} * cosine / greatest(max(cosine) OVER (), 1e-9)
           + {1 - VECTOR_WEIGHT} * bm25 / greatest(max(bm25) OVER (), 1e-9) AS score
    FROM weighed ORDER BY score DESC, chunk LIMIT :limit
){_PASSAGES}""")  # noqa: S608
