"""`opsloom new tool`: what it writes works as it is, and it never writes over anything."""

import subprocess
import sys
from pathlib import Path

import pytest
from house.commands import opsloom
from opsloom_server.cli.beginning import new_tool_command, tool_files
from opsloom_server.tools import load_catalogue


def test_what_it_writes_passes_its_own_test(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "extensions"
    done = opsloom("new", "tool", "stock_level", "--folder", str(folder))
    assert done.returncode == 0, done.stderr
    written = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert written == {"stock_level.py", "tests/test_stock_level.py"}
    said = " ".join(done.stdout.split())
    assert f"OPSLOOM_EXTENSIONS={folder} opsloom serve" in said
    assert "Add stock_level to an assistant's tools" in said
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(folder / "tests")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "3 passed" in tested.stdout, tested.stdout
    (folder / "stock_level.py").unlink()
    kept = (folder / "tests" / "test_stock_level.py").read_text()
    with pytest.raises(SystemExit):
        new_tool_command("stock_level", folder)
    assert "test_stock_level.py is there already; nothing was written." in " ".join(capsys.readouterr().err.split())
    assert not (folder / "stock_level.py").exists()
    assert (folder / "tests" / "test_stock_level.py").read_text() == kept


@pytest.mark.parametrize("name", ["Two Words", "../up", "", "a" * 41, "query_data", "show_table"])
def test_a_name_that_is_none_or_taken_writes_nothing(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        new_tool_command(name, tmp_path / "new")
    assert "tool" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("name", ["none", "class", "tool", "result", "struct", "x_", "a_1b"])
def test_a_name_that_python_has_a_use_for_is_a_name(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").write_text(tool_files(name)[f"{name}.py"])
    assert load_catalogue(tmp_path).tools[name].schema()["required"] == ["item"]
