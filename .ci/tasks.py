"""What `make test`, `make check` and the others do, once bootstrap.py has installed what they need."""

import hashlib
import os
import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from bootstrap import CLIENT, LOCK, MEMBERS, ROOT, VENV, Trouble, find_uv, node_environment, run, say

BIN = VENV / "bin"
PACKAGES = (
    "protocol/opsloom_protocol",
    "blocks/opsloom_blocks",
    "rag/opsloom_rag",
    "migrations/opsloom_migrations",
    "client/python/opsloom_client",
    "server/opsloom_server",
)
CI = (".ci/bootstrap.py", ".ci/tasks.py")
LOCK_MARK = "# made from: "


def test(more: Sequence[str]) -> int:
    """Python's tests, then the browser client's. With words after `--`, Python's alone, with these."""
    if more:
        os.execv(BIN / "pytest", ["pytest", *more])
    return _all(_TESTS)


def check(_: Sequence[str]) -> int:
    """Everything that a change has to pass."""
    return _all(
        (
            ("ruff check", lambda: run([BIN / "ruff", "check", "--quiet", "."])),
            ("ruff format", lambda: run([BIN / "ruff", "format", "--quiet", "--check", "."])),
            ("mypy --strict", lambda: run([BIN / "mypy", *PACKAGES, "tests", *CI])),
            ("import layers", lambda: run([BIN / "lint-imports"])),
            ("requirements.lock", _lock_is_fresh),
            ("protocol/schema", lambda: run([BIN / "python", "-m", "opsloom_protocol.schema", "--check"])),
            ("client/sdk/frames.gen.ts", _client("types", "--", "--check")),
            ("the client's types", _client("check")),
            *_TESTS,
        )
    )


def lock(more: Sequence[str]) -> int:
    """Write requirements.lock anew: every member's dependencies and the development group, for all platforms. What is
    locked already stays as it is, unless `more` says otherwise (`--upgrade`, `--upgrade-package NAME`)."""
    ours = [part for name in _names() for part in ("--no-emit-package", name)]
    command = [*find_uv(), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11", *more]
    command += ["--no-emit-index-url", "--no-header", "--group", "dev", *ours, "pyproject.toml", "-o", LOCK]
    run(command)
    text = LOCK.read_text()
    if unwanted := re.findall(r"^(?:torch|sentence-transformers)==.*", text, re.MULTILINE):
        raise Trouble(f"{', '.join(unwanted)} came into requirements.lock: the override in pyproject.toml is broken.")
    LOCK.write_text(f"# Written by `make lock`. Do not edit.\n{LOCK_MARK}{_wishes()}\n{text}")
    return 0


def bench(more: Sequence[str]) -> int:
    """The benchmarks; the figures go to build/. uv is on their PATH: the peers are installed with it."""
    uv = Path(find_uv()[0]).parent
    return _module("bench", more, PATH=f"{uv}{os.pathsep}{os.environ.get('PATH', os.defpath)}")


def bench_blocks(more: Sequence[str]) -> int:
    """The benchmark of blocks that grow in a browser."""
    return _module("bench.blocks", more)


def bench_rag(more: Sequence[str]) -> int:
    """The benchmark of retrieval."""
    return _module("bench.rag", more)


def faults(more: Sequence[str]) -> int:
    """Kill, cut and stop things, more often than `make test` does; what came of it goes to docs/reliability.md."""
    return _module("faults", more)


def _module(module: str, more: Sequence[str], **environment: str) -> int:
    """Become a program below tests/, whose modules are named from there on as the tests' are."""
    (ROOT / "build").mkdir(exist_ok=True)
    # Its whole path: by a bare name Python takes itself for the one on the PATH, and leaves the environment's packages.
    python = str(BIN / "python")
    os.execve(python, [python, "-m", module, *more], {**os.environ, **environment, "PYTHONPATH": str(ROOT / "tests")})


def _all(steps: Sequence[tuple[str, Callable[[], None]]]) -> int:
    """Do each step, also after one that failed, and say in the end which did."""
    failed = []
    for name, step in steps:
        say(name)
        try:
            step()
        except Trouble as trouble:
            say(str(trouble))
            failed.append(name)
    if failed:
        say(f"failed: {', '.join(failed)}")
        return 1
    say("all well")
    return 0


def _client(script: str, *more: str) -> Callable[[], None]:
    def step() -> None:
        if (CLIENT / "package.json").exists():
            run(["npm", "run", "--silent", script, *more], cwd=CLIENT, env=node_environment())

    return step


# Most tests wait for a server more than they work, so two run at once; 20 minutes on two cores where one took 31.
_TWO_AT_ONCE = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder", "-m", "not alone")
_TESTS = (
    ("Python's tests, two at once", lambda: run([BIN / "pytest", "-q", *_TWO_AT_ONCE])),
    ("Python's tests that run alone", lambda: run([BIN / "pytest", "-q", "-m", "alone"])),
    ("the client's tests", _client("test")),
)


def _lock_is_fresh() -> None:
    if f"{LOCK_MARK}{_wishes()}\n" not in LOCK.read_text():
        raise Trouble("requirements.lock is older than what a pyproject.toml asks for: run `make lock`.")


def _wishes() -> str:
    """One hash over all that the projects ask for."""
    asked = []
    for path in [ROOT / "pyproject.toml", *(ROOT / member / "pyproject.toml" for member in MEMBERS)]:
        project = tomllib.loads(path.read_text())
        asked.append([project["project"]["dependencies"], project.get("dependency-groups", {})])
    return hashlib.sha256(repr(asked).encode()).hexdigest()[:16]


def _names() -> list[str]:
    return [tomllib.loads((ROOT / member / "pyproject.toml").read_text())["project"]["name"] for member in MEMBERS]


TASKS: dict[str, Callable[[Sequence[str]], int]] = {
    "test": test,
    "check": check,
    "lock": lock,
    "bench": bench,
    "bench-blocks": bench_blocks,
    "bench-rag": bench_rag,
    "faults": faults,
}


def main(what: str, more: Sequence[str]) -> int:
    """Do the task named `what`."""
    if what not in TASKS:
        raise Trouble(f"{what} is not a task. There are: {', '.join(TASKS)}.")
    os.chdir(ROOT)
    return TASKS[what](more)
