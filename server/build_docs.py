"""Puts the repository's docs/ into the wheel and the sdist; not into an editable install, which has them beside it."""

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Docs(BuildHookInterface[Any]):
    """Looks in the checkout first, then in an unpacked sdist."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        here = Path(self.root)
        docs = next(place for place in (here.parent / "docs", here / "docs") if place.is_dir())
        target = "docs" if self.target_name == "sdist" else "opsloom_server/docs"
        build_data["force_include"][str(docs)] = target
