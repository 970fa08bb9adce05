"""`make bench-blocks`: blocks that grow in a browser, at full length: a table to 5,000 rows, a chart for a minute.

Nothing but Chromium and the gallery is needed. Writes `build/bench-blocks.json`.
"""

import json
import tempfile
from pathlib import Path
from typing import Final

from browser.conftest import FLAGS
from browser.gallery import built, exhibited
from browser.growing import WHOLE_SECONDS, Growth, grown
from browser.pictures import chromium
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.table import Table

OUT: Final = Path(__file__).parents[2] / "build" / "bench-blocks.json"
PROMISED_MS: Final = 200


def measured() -> list[Growth]:
    with (
        tempfile.TemporaryDirectory(prefix="opsloom-gallery-") as folder,
        exhibited(built(Path(folder))) as gallery,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        found = [
            grown(browser.new_page(viewport={"width": 1280, "height": 860}), gallery, kind, seconds)
            for kind, seconds in WHOLE_SECONDS.items()
        ]
        browser.close()
    return found


def table(found: list[Growth]) -> Table:
    shown = Table(
        "block", "seconds", "slowest click, ms", f"≤ {PROMISED_MS} ms", "heap, MB", "bytes, last half to first"
    )
    for one in found:
        verdict = "[green]met[/]" if one.slowest_ms <= PROMISED_MS else "[bold red]missed[/]"
        heaps = " → ".join(f"{heap:.1f}" for heap in one.heap_mb)
        ratio = one.last_half_bytes / one.first_half_bytes
        shown.add_row(one.kind, str(one.seconds), f"{one.slowest_ms:.0f}", verdict, heaps, f"{ratio:.2f}")
    return shown


def main() -> None:
    found = measured()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps([one.as_json() for one in found], indent=1) + "\n", encoding="utf-8")
    Console().print(table(found))
    print(f"figures in {OUT}")


if __name__ == "__main__":
    main()
