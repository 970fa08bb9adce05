"""Every kind of block in every state as pictures, to be looked at: `PYTHONPATH=tests python -m browser.photographs`.

`build/photographs/` then holds a picture for each kind, width and theme, and `index.html` with all beside each other.
With words behind it, only of these kinds: `… -m browser.photographs chart table`.
"""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from playwright.sync_api import Browser, Page, sync_playwright

from browser.axe import STILL
from browser.conftest import FLAGS
from browser.gallery import built, exhibited
from browser.pictures import Scheme, chromium

FOLDER: Final = Path(__file__).parents[2] / "build" / "photographs"
WIDTHS: Final = (1280, 390)
THEMES: Final[tuple[Scheme, ...]] = ("light", "dark")
WHOLE: Final = "() => document.documentElement.dataset.ready && !document.querySelector('.skeleton, [aria-busy=true]')"
# Frames of apps measure themselves; nothing says when they have.
APPS_MS: Final = 1_500
# A taller picture cannot be made: Chromium draws 16,384 px.
MOST_HEIGHT: Final = 16_000


def main(wanted: Sequence[str]) -> None:
    """Make the pictures anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="opsloom-gallery-") as folder,
        exhibited(built(Path(folder))) as origin,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        kinds = photograph(browser, origin, wanted)
        browser.close()
    (FOLDER / "index.html").write_text(index(kinds), encoding="utf-8")
    print(f"{len(kinds)} kinds: {FOLDER / 'index.html'}")


def photograph(browser: Browser, origin: str, wanted: Sequence[str]) -> list[str]:
    """A picture of each kind, width and theme; the kinds."""
    kinds: list[str] = []
    for width in WIDTHS:
        for theme in THEMES:
            page = browser.new_page(viewport={"width": width, "height": 900}, locale="en-US", timezone_id="UTC")
            page.goto(f"{origin}/blocks.html?theme={theme}&kind={wanted[0] if wanted else 'notice'}")
            kinds = list(wanted) or page.locator("nav a").all_inner_texts()
            for kind in kinds:
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{origin}/blocks.html?theme={theme}&kind={kind}")
                save(page, FOLDER / name(kind, width, theme))
            page.close()
    return kinds


def save(page: Page, path: Path) -> None:
    page.wait_for_function(WHOLE)
    page.evaluate("document.fonts.ready")
    height = min(page.evaluate("document.querySelector('main').scrollHeight + 400"), MOST_HEIGHT)
    page.set_viewport_size({"width": page.viewport_size["width"], "height": height})  # type: ignore[index]  # it has one
    if page.locator("iframe").count():
        page.wait_for_timeout(APPS_MS)
    page.evaluate(STILL)
    page.locator("main").screenshot(path=path)


def name(kind: str, width: int, theme: str) -> str:
    return f"{kind}-{width}-{theme}.png"


def index(kinds: Sequence[str]) -> str:
    rows = []
    for kind in kinds:
        pictures = [f'<img src="{name(kind, width, theme)}" alt="">' for width in WIDTHS for theme in THEMES]
        rows.append(f"<h2>{kind}</h2><div>{''.join(pictures)}</div>")
    style = "body{font:16px system-ui;margin:24px}div{display:flex;gap:16px;align-items:start}"
    return f"<!doctype html><meta charset=utf-8><title>Blocks</title><style>{style}</style>{''.join(rows)}\n"


if __name__ == "__main__":
    main(sys.argv[1:])
