"""`opsloom new block`: what it writes works as it is, and it never writes over anything."""

import subprocess
import sys
from pathlib import Path

import pytest
from house.commands import opsloom, refused
from opsloom_blocks import load_blocks
from opsloom_server.cli.beginning import block_files


@pytest.mark.parametrize("more", [(), ("--drawn",)])
def test_what_it_writes_passes_its_own_test(tmp_path: Path, more: tuple[str, ...]) -> None:
    folder = tmp_path / "extensions"
    done = opsloom("new", "block", "travel_list", *more, OPSLOOM_EXTENSIONS=str(folder))
    assert done.returncode == 0, done.stderr
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    script = set() if more else {"travel_list.js"}
    assert written == {"travel_list.py", "tests/test_travel_list.py"} | script
    said = " ".join(done.stdout.split())
    assert f"OPSLOOM_EXTENSIONS={folder} opsloom serve" in said
    assert "show_travel_list" in said
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(folder / "tests")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "2 passed" in tested.stdout, tested.stdout
    # What is there stays, whichever of the files it is.
    (folder / "travel_list.py").unlink()
    kept = (folder / "tests" / "test_travel_list.py").read_text()
    again = opsloom("new", "block", "travel_list", "--folder", str(folder))
    refused(again, "test_travel_list.py is there already; nothing was written.")
    assert not (folder / "travel_list.py").exists()
    assert (folder / "tests" / "test_travel_list.py").read_text() == kept


@pytest.mark.parametrize("name", ["Weather", "two words", "../up", "1st", "a" * 41, "table", ""])
def test_a_name_that_is_none_writes_nothing(tmp_path: Path, name: str) -> None:
    refused(opsloom("new", "block", name, "--folder", str(tmp_path / "new")), "kind")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["none", "class", "data", "meta", "block_kind", "x_", "a_1b"])
def test_a_name_that_python_has_a_use_for_is_a_name(tmp_path: Path, name: str) -> None:
    for drawn in (False, True):
        folder = tmp_path / str(drawn)
        folder.mkdir()
        (folder / f"{name}.py").write_text(block_files(name, drawn=drawn)[f"{name}.py"])
        kind = load_blocks(folder)[name]
        assert (kind.drawn(kind.example) is not None) == drawn
