"""Which tests stay together where two processes share them (`pytest -n 2`): those of a file, and those that share
something dear."""

from typing import Final

from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

DEAR: Final = {
    "tests/house/": "one data folder and a server on it: 40 s",
    "tests/browser/test_chat.py": "a server with its documentation embedded: 30 s",
    "tests/browser/test_page_weight.py": "a server with its documentation embedded: 30 s",
    "tests/browser/test_widget.py": "a server with its documentation embedded: 30 s",
    "tests/browser/test_gallery.py": "the gallery, built: 5 s",
    "tests/browser/test_layouts.py": "the gallery, built: 5 s",
}


class Together(LoadFileScheduling):  # type: ignore[misc]
    """A group goes to one process. xdist's own groups (`--dist loadgroup`) do not reach pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((group for place, group in DEAR.items() if file.startswith(place)), file)
