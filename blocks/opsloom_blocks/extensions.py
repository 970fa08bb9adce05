"""Python that users add: entry points of installed packages, and modules in a folder."""

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from opsloom_blocks.errors import ExtensionError

_SCRIPT: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*\.js")


def added(group: str, name: str, folder: Path | None) -> Iterator[tuple[str, Any]]:
    """Everything that extensions add under `name`: (where it comes from, the object).

    An entry point of `group` names an object or a list of them; a module in the folder has a list called `name`.
    Raises `ExtensionError`.
    """
    for point in entry_points(group=group):
        where = f"entry point {point.name} = {point.value} ({group})"
        try:
            found = point.load()
        except Exception as error:
            raise ExtensionError(where, _what(error, None)) from error
        yield from ((where, item) for item in (found if isinstance(found, list | tuple) else [found]))
    for path, module in modules(folder):
        found = getattr(module, name, [])
        if not isinstance(found, list | tuple):
            raise ExtensionError(str(path), f"{name} must be a list.")
        yield from ((str(path), item) for item in found)


def modules(folder: Path | None) -> list[tuple[Path, ModuleType]]:
    """The modules and packages of the folder, by name; each is run once in a process. Raises `ExtensionError`."""
    if folder is None:
        return []
    if not folder.is_dir():
        raise ExtensionError(str(folder), "This folder of extensions does not exist.")
    paths = [path for path in sorted(folder.glob("*.py")) if not path.name.startswith("_")]
    paths += sorted(path for path in folder.glob("*/__init__.py") if not path.parent.name.startswith(("_", ".")))
    return [(path, _module(path)) for path in paths]


def browser_modules(folder: Path | None) -> dict[str, Path]:
    """The JavaScript modules of the folder by file name: the other end of the blocks that its Python adds."""
    if folder is None:
        return {}
    return {path.name: path for path in sorted(folder.glob("*.js")) if _SCRIPT.fullmatch(path.name) and path.is_file()}


def _module(path: Path) -> ModuleType:
    resolved = path.resolve()
    stem = resolved.parent.name if resolved.name == "__init__.py" else resolved.stem
    # The digest keeps two folders with a `weather.py` apart.
    name = f"opsloom_extension_{hashlib.sha256(str(resolved).encode()).hexdigest()[:12]}_{stem}"
    if name in sys.modules:
        return sys.modules[name]
    packages = [str(resolved.parent)] if resolved.name == "__init__.py" else None
    spec = importlib.util.spec_from_file_location(name, resolved, submodule_search_locations=packages)
    if spec is None or spec.loader is None:
        raise ExtensionError(str(path), "Python cannot load this file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise ExtensionError(str(path), _what(error, resolved)) from error
    return module


def _what(error: Exception, path: Path | None) -> str:
    """The error with the line of the extension where it happened."""
    line = error.lineno if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if path is not None and frame.filename == str(path):
            line = frame.lineno
    at = f" (line {line})" if line else ""
    return f"{type(error).__name__}: {error}{at}"
