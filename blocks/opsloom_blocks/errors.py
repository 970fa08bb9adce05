"""What can be wrong with a block.

BlockError            the content does not fit the kind (carries `issues`)
 ├── NotOpen          nobody may act on it (any more)
 └── UnknownKind      there is no such kind
ExtensionError        a module or entry point that adds kinds or tools cannot be used (names it)
"""

from collections.abc import Sequence

from opsloom_protocol.messages import Issue


class BlockError(ValueError):
    """What was given does not fit. `issues` say where (a JSON Pointer) and what, in words; `text` is all of them."""

    def __init__(self, issues: Sequence[Issue]) -> None:
        self.issues = list(issues)
        self.text = " ".join(f"{issue.path}: {issue.text}" if issue.path else issue.text for issue in issues)
        super().__init__(self.text)


class NotOpen(BlockError):
    """The block takes no action: it was answered, has expired, was withdrawn, or never asked for one."""

    def __init__(self, text: str) -> None:
        super().__init__([Issue(path="", text=text)])


class UnknownKind(BlockError):
    """No such kind is loaded."""

    def __init__(self, kind: str) -> None:
        super().__init__([Issue(path="", text=f"There is no block of kind {kind[:40]!r}.")])


class ExtensionError(Exception):
    """An extension cannot be used. `where` is its file or entry point; the text says what is wrong with it."""

    def __init__(self, where: str, text: str) -> None:
        self.where = where
        self.text = text
        super().__init__(f"{where}: {text}")
