"""Somebody else's website: a few pages on another origin of loopback, each with the headers that a test gives it."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class HostSite:
    """Serves the pages given to `put`. Its host is `localhost`: for a browser another site than `127.0.0.1`."""

    def __init__(self) -> None:
        self._pages: dict[str, tuple[bytes, dict[str, str]]] = {}
        pages = self._pages
        self._pages["/favicon.ico"] = (b"", {})  # browsers ask by themselves, and a 404 is an error on the console

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                found = pages.get(self.path.partition("?")[0])
                body, headers = found or (b"", {})
                self.send_response(200 if found else 404)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                """Quiet: pytest shows what matters."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="host site")

    @property
    def origin(self) -> str:
        return f"http://localhost:{self._server.server_port}"

    def put(self, path: str, html: str, headers: dict[str, str] | None = None) -> str:
        """Serve `html` at `path`; returns the page's address."""
        self._pages[path] = (html.encode(), headers or {})
        return self.origin + path

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
