"""Runs the command line as a user would."""

import os
import subprocess
import sys

OPSLOOM = [sys.executable, "-m", "opsloom_server.cli"]


def opsloom(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, in an environment without any settings but these."""
    plain = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "NO_COLOR": "1", "COLUMNS": "100"}
    return subprocess.run(
        [*OPSLOOM, *words], capture_output=True, text=True, check=False, timeout=60, env={**plain, **env}
    )


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """It ended with code 1 and these words on standard error, and without a traceback."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    said = " ".join(done.stderr.split())
    for word in words:
        assert word in said
