"""The local embedding model, once for a whole run: each more costs 0.5 s and 250 MB."""

from functools import cache

from opsloom_rag.embedding.minilm import MiniLM


@cache
def local_model() -> MiniLM:
    """The model, loaded when it is first asked for. Nobody closes it: its threads end with the process."""
    return MiniLM.load()
