"""The setup's own rules, without a network: what is installed anew and when, and what is said where it cannot be."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def bootstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`.ci/bootstrap.py`, looking at a folder of its own."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / ".ci" / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, path in {"ROOT": "", "CLIENT": "client", "TOOLS": "build/tools", "STATIC": "static"}.items():
        monkeypatch.setattr(module, name, tmp_path / path)
    (tmp_path / "client").mkdir()
    return module


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho '{says}'\n")
    (folder / name).chmod(0o755)


def test_a_stamp_changes_with_what_it_was_made_from(bootstrap: ModuleType, tmp_path: Path) -> None:
    lock = tmp_path / "requirements.lock"
    lock.write_text("a==1\n")
    before = bootstrap.digest([lock], "3.11")
    assert bootstrap.digest([lock], "3.11") == before
    assert bootstrap.digest([lock], "3.12") != before
    lock.write_text("a==2\n")
    assert bootstrap.digest([lock], "3.11") != before


def test_the_client_is_built_anew_for_its_sources_only(bootstrap: ModuleType, tmp_path: Path) -> None:
    client = tmp_path / "client"
    for name in ("main.tsx", "main.test.ts", "node_modules/x.js", "python/a.py"):
        (client / name).parent.mkdir(exist_ok=True)
        (client / name).write_text("")
    assert [path.name for path in bootstrap.client_sources()] == ["main.tsx"]


@pytest.mark.parametrize(
    ("says", "expected"),
    [("v20.19.4", (20, 19, 4)), ("uv 0.5.1 (abc 2026-01-01)", (0, 5, 1)), ("v24.0.0-rc1", (24, 0, 0)), ("hello", ())],
)
def test_versions_are_read(bootstrap: ModuleType, tmp_path: Path, says: str, expected: tuple[int, ...]) -> None:
    program(tmp_path / "bin", "tool", says)
    assert bootstrap.version([tmp_path / "bin" / "tool"]) == expected
    assert bootstrap.version([tmp_path / "bin" / "absent"]) == ()


def test_a_node_that_fits_is_used_as_it_is(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "node", "v22.12.0")
    program(tmp_path / "bin", "npm", "10")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    assert bootstrap.node_environment()["PATH"] == str(tmp_path / "bin")


def test_an_old_node_gives_way_to_the_one_under_build(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "node", "v18.0.0")
    program(tmp_path / "bin", "npm", "9")
    own = tmp_path / "build" / "tools" / "node" / "bin"
    program(own, "node", "v24.1.0")
    program(own, "npm", "11")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/bin")
    assert bootstrap.node_environment()["PATH"].split(os.pathsep)[0] == str(own)


def test_where_nothing_can_install_the_system_package_is_named(
    bootstrap: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path / "bin", "python3", "no")
    (tmp_path / "bin" / "python3").write_text("#!/bin/sh\nexit 1\n")  # as Debian's without python3-venv and pip
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python3"))
    with pytest.raises(bootstrap.Trouble, match="python3-venv"):
        bootstrap.find_uv()


def test_a_program_that_fails_is_named(bootstrap: ModuleType) -> None:
    with pytest.raises(bootstrap.Trouble, match="code 3"):
        bootstrap.run(["/bin/sh", "-c", "exit 3"], cwd=ROOT)


def test_a_benchmark_has_the_packages_whatever_python_is_on_the_path(tmp_path: Path) -> None:
    program(tmp_path / "bin", "python", "another")
    words = "import sys; sys.path.insert(0, '.ci'); import tasks; tasks.main('bench-rag', [])"
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"},
    )
    assert "set OPSLOOM_BENCH_DATA" in done.stderr


def test_make_says_what_there_is() -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for target in ("setup", "run", "test", "check", "bench", "bench-blocks", "bench-rag", "faults", "lock"):
        assert f"make {target} " in done.stdout


def test_make_without_a_python_says_so(tmp_path: Path) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "setup", "PYTHON="], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr


def test_the_lock_holds_no_torch_and_no_address() -> None:
    text = (ROOT / "requirements.lock").read_text()
    assert "\ntorch==" not in text
    assert "\nsentence-transformers==" not in text
    assert "://" not in text
