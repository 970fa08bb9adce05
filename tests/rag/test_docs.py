"""The pages that show how to add a loader, an embedder and a store: their code is run, and keeps the contracts."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opsloom_rag.embedding import EMBEDDERS, make_embedder
from opsloom_rag.errors import EmbedderFailed, ExtensionBroken, LoadError
from opsloom_rag.extensions import added
from opsloom_rag.loading import LOADERS, Limits, isolation, load
from opsloom_rag.passages import Content

DOCS = Path(__file__).parents[2] / "docs"
MAIL = b"From: Ann <ann@x.example>\r\nSubject: Zebra feed\r\nContent-Type: text/plain\r\n\r\nTwo bags, please.\r\n"


def code(page: str) -> dict[str, Any]:
    """What the first Python of a page defines."""
    found = re.search(r"```python\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {"__name__": page}
    exec(found[1], names)
    return names


async def test_the_loader_of_the_page_reads_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    loader = code("loaders-adding.md")["MAIL"]
    monkeypatch.setattr(loader, "isolated_over", None)  # the worker is another process: it sees installed packages only
    monkeypatch.setitem(LOADERS, "mail", loader)
    loaded = await load(Content(data=MAIL, name="order.eml"))
    assert (loaded.title, loaded.media_type) == ("Zebra feed", "message/rfc822")
    assert loaded.text.endswith("Two bags, please.\n")
    assert loaded.headings[0].title == "Zebra feed"
    assert (await load(Content(data=b"# From: here\n\nwords", name="a.md"))).media_type == "text/markdown"
    with pytest.raises(LoadError, match="no text part"):
        await load(Content(data=MAIL.replace(b"text/plain", b"image/png")))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """A server that gives every text the same vector, or whatever `reply` holds."""
    state: dict[str, Any] = {"reply": None}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            texts = json.loads(self.rfile.read(int(self.headers["content-length"])))["input"]
            data = state["reply"] or [
                [3.0] + [4.0] * (len(text) % 2) + [0.0] * (1535 - len(text) % 2) for text in texts
            ]
            items = [{"object": "embedding", "index": index, "embedding": each} for index, each in enumerate(data)]
            body = json.dumps({"object": "list", "data": items, "model": "m", "usage": {}}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    http.daemon_threads = True
    thread = threading.Thread(target=http.serve_forever, args=(0.05,))
    thread.start()
    monkeypatch.setenv("MY_EMBEDDINGS_URL", f"http://127.0.0.1:{http.server_port}/v1")
    yield state
    http.shutdown()
    thread.join()
    http.server_close()


async def test_the_embedder_of_the_page_asks_its_server(
    monkeypatch: pytest.MonkeyPatch, server: dict[str, Any]
) -> None:
    made = code("embedders-adding.md")["RemoteEmbedder"]
    monkeypatch.setitem(EMBEDDERS, made.name, made)
    embedder: Any = make_embedder(made.name)
    vectors = await embedder.embed_documents(["odd", "even", ""])
    np.testing.assert_allclose(vectors[:, :2], [[0.6, 0.8], [1.0, 0.0], [0.6, 0.8]], atol=1e-6)
    assert (await embedder.embed_documents([])).shape == (0, 1536)
    assert (await embedder.embed_query("even")).shape == (1536,)
    assert embedder.count(["four", ""]) == [4, 2]
    server["reply"] = [[1.0, 2.0]]
    with pytest.raises(EmbedderFailed, match="sent"):
        await embedder.embed_query("x")
    await embedder._client.close()


async def test_an_installed_package_adds_to_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_package.py").write_text("MAIL = object()\n")
    info = tmp_path / "my_package-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    points = "[opsloom.loaders]\nmail = my_package:MAIL\n\n[opsloom.stores]\nlost = my_package:LOST\n"
    (info / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    assert list(added("opsloom.loaders")) == ["mail"]
    with pytest.raises(ExtensionBroken, match="LOST"):
        added("opsloom.stores")
    monkeypatch.delitem(sys.modules, "my_package")


async def test_the_isolated_reader_knows_only_what_is_installed() -> None:
    with pytest.raises(LoadError):
        await isolation.load_apart("nobody", b"x", "x", Limits())
