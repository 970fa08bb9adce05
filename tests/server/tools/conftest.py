"""The tests of tools watch for blocking calls."""

from detector.fixtures import nothing_blocks, watched

__all__ = ["nothing_blocks", "watched"]
