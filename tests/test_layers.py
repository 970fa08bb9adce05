"""Imports point down: between the rooms, and inside the server. The contracts stand in pyproject.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

# What may be imported in a process where nothing else of ours can be: each member is of use by itself.
ALONE = {
    "opsloom_protocol": (),
    "opsloom_blocks": ("opsloom_protocol",),
    "opsloom_rag": (),
    "opsloom_client": ("opsloom_protocol",),
}
PROGRAM = """
import importlib, pkgutil, sys

name, allowed = sys.argv[1], set(sys.argv[2:])

class Refuse:
    def find_spec(self, full, path=None, target=None):
        room = full.partition(".")[0]
        if room.startswith("opsloom_") and room != name and room not in allowed:
            raise ImportError(f"{name} imports {room}")

sys.meta_path.insert(0, Refuse())
package = importlib.import_module(name)
for module in pkgutil.walk_packages(package.__path__, f"{name}."):
    if not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
"""


def test_every_contract_is_kept() -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("room", ALONE)
def test_a_room_imports_without_those_above_it(room: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, room, *ALONE[room]], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
