"""Puts the pages of the repository's docs/ into the wheel and the sdist, without its pictures, which the server shows
nowhere. An editable install has docs/ beside it.
"""

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
        for page in sorted(docs.glob("*.md")):
            build_data["force_include"][str(page)] = f"{target}/{page.name}"
