"""The gallery of blocks, built and served with the policy of the server's own pages."""

import functools
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final

from opsloom_server.pages import sandbox_headers

CLIENT: Final = Path(__file__).parents[2] / "client"

# As strict as the server's own pages: nothing from elsewhere, no inline script or style, no HTML from text.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'self'; "
    "require-trusted-types-for 'script'"
)


def built(folder: Path) -> Path:
    """The gallery as files, without a server behind them. Takes about 5 s."""
    vite = CLIENT / "node_modules" / ".bin" / "vite"
    command: list[str | Path] = [
        vite,
        "build",
        "--config",
        "chat/gallery/vite.config.ts",
        "--outDir",
        folder,
        "--logLevel",
        "error",
    ]
    subprocess.run(command, cwd=CLIENT, check=True, timeout=120)
    return folder


@contextmanager
def exhibited(folder: Path, asked: list[str] | None = None, origins: Sequence[str] = ()) -> Iterator[str]:
    """The origin of a server of these files; `asked` gets the paths that it is asked for, `origins` are what apps may
    reach."""
    handler = functools.partial(_Handler, [] if asked is None else asked, origins, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, name="gallery")
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()


class _Handler(SimpleHTTPRequestHandler):
    def __init__(self, asked: list[str], origins: Sequence[str], *args: Any, **more: Any) -> None:
        self._asked = asked
        self._origins = origins
        super().__init__(*args, **more)

    def parse_request(self) -> bool:
        parsed = super().parse_request()
        self._asked.append(self.path if parsed else "")
        return parsed

    def translate_path(self, path: str) -> str:
        return super().translate_path("/sandbox.html" if path == "/sandbox" else path)

    def end_headers(self) -> None:
        headers = sandbox_headers(self._origins) if self.path == "/sandbox" else {"content-security-policy": POLICY}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("cache-control", "no-store")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet: pytest shows what matters."""
