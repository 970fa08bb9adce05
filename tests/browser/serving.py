"""A real server in a process of its own, as `opsloom serve` starts it, with the model that needs no key."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = Path(sys.executable).parent / "opsloom"
# The first start migrates, and embeds the documentation for the demo: 10-20 s on two busy cores.
READY_WITHIN = 90.0
STOPPED_WITHIN = 30.0


@contextmanager
def serving(folder: Path, port: int, database_url: str, words_per_second: float = 30) -> Iterator[str]:
    """The origin of a server that is ready; stopped at the end, its log kept in `folder`."""
    origin = f"http://127.0.0.1:{port}"
    log = folder / "server.log"
    environment = os.environ | {
        "DATABASE_URL": database_url,
        "OPSLOOM_DATA_DIR": str(folder / "data"),
        "OPSLOOM_PUBLIC_URL": origin,
        "OPSLOOM_MODEL": "demo",
        "OPSLOOM_DEMO_WORDS_PER_SECOND": str(words_per_second),
        # One person's browser plays many visitors here.
        "OPSLOOM_LIMIT_CONNECTS_PER_SECOND": "0",
        "OPSLOOM_LIMIT_MESSAGES_PER_MINUTE": "0",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [COMMAND, "serve", "--port", str(port)], env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _wait(process, f"{origin}/health/ready", log)
        yield origin
    finally:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)  # the second is in a hurry: no answer is waited for
        try:
            process.wait(STOPPED_WITHIN)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        shutil.rmtree(folder / "data", ignore_errors=True)


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended with {process.returncode}:\n{log.read_text()[-4000:]}")
        try:
            urllib.request.urlopen(url, timeout=2).close()
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    raise TimeoutError(f"The server was not ready within {READY_WITHIN:.0f} s:\n{log.read_text()[-4000:]}")
