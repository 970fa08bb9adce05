"""A data folder that commands share, and a server on it."""

import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import free_port
from house.commands import OPSLOOM, opsloom


@pytest.fixture(scope="package")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with a database, so that commands need not make one."""
    folder = tmp_path_factory.mktemp("cli") / "data"
    done = opsloom("migrate", OPSLOOM_DATA_DIR=str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="package")
def served(folder: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server on the folder: its process and port."""
    port = free_port()
    env = {**os.environ, "OPSLOOM_DATA_DIR": str(folder), "PORT": str(port), "NO_COLOR": "1"}
    command = ["/bin/sh", "-c", 'ulimit -Sn 256 && exec "$@"', "serve", *OPSLOOM, "serve"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env)
    until = time.monotonic() + 90
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2):
                break
        except OSError:
            time.sleep(0.2)
    yield process, port
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=60)
    assert "/login#token=opsl_" in said
    assert not (folder / "pg18" / "postmaster.pid").exists()
