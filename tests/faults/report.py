"""docs/reliability.md from the figures of build/faults.json."""


def write() -> None:
    """Write it."""
