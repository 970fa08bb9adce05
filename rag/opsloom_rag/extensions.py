"""What installed packages add to a table, by Python entry points."""

from __future__ import annotations

from importlib.metadata import entry_points
from typing import Any

from opsloom_rag.errors import ExtensionBroken


def added(group: str) -> dict[str, Any]:
    """The objects of that group of entry points by their name; raise ExtensionBroken where one cannot be imported."""
    found: dict[str, Any] = {}
    for point in entry_points(group=group):
        try:
            found[point.name] = point.load()
        except (ImportError, AttributeError) as error:
            raise ExtensionBroken(f"The entry point {point.name} = {point.value} ({group}) fails: {error}") from error
    return found
