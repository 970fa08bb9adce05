"""The README's pictures, from a real run of the server with the demo: `PYTHONPATH=tests python -m browser.pictures`."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from conftest import CHROMIUM_NAMES, free_port
from opsloom_server.store.embedded import EmbeddedPostgres
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser.axe import STILL
from browser.chatting import QUESTION, answers, ask, is_answered
from browser.conftest import FLAGS
from browser.host_site import HostSite
from browser.serving import serving
from browser.watching import embedded

FOLDER: Final = Path(__file__).parents[2] / "docs" / "images"
MOST_BYTES: Final = 200_000
Scheme = Literal["light", "dark"]

SHOP = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Loom &amp; Yarn</title>
<style>body{{margin:0;font:17px/1.6 Georgia,serif;color:#2b2724;background:#f6f2ea}}
header{{padding:28px 64px;border-bottom:1px solid #d9d0c0;font-size:22px}}
main{{max-width:620px;padding:56px 64px}} h1{{font-weight:400;font-size:40px;line-height:1.2}}</style>
<header>Loom &amp; Yarn</header><main><h1>Woven slowly, in small numbers</h1>
<p>Every scarf is made to order on a hand loom from undyed wool. Choose a pattern, tell us the length, and we begin on
Monday.</p><p>We ship on Fridays. Questions are welcome, at any hour.</p></main>
<script src="{origin}/widget.js" data-assistant="demo" async></script></html>"""


def main() -> None:
    """Make every picture anew."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    with server() as origin, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for scheme in ("light", "dark"):
            cited_answer(browser, origin, scheme)
        blocks(browser, origin)
        phone(browser, origin)
        widget(browser, origin)
        browser.close()


def cited_answer(browser: Browser, origin: str, scheme: Scheme) -> None:
    """A few conversations in the list, an answer with its source opened beside it."""
    page = opened(browser, scheme)
    page.goto(origin)
    for question in ("How do I add my own documents?", "Which models can I use?"):
        ask(page, question)
        is_answered(page)
        page.get_by_role("button", name="New conversation").click()
        expect(answers(page)).to_have_count(0)
    ask(page, QUESTION)
    is_answered(page)
    answers(page).locator(".md .cite").first.click()
    expect(page.get_by_role("complementary", name="Sources").locator("mark")).to_be_visible()
    save(page, "chat" if scheme == "light" else "chat-dark")


def blocks(browser: Browser, origin: str) -> None:
    """A choice that was made, a form, a chart; each as it stands in the conversation."""
    page = opened(browser, "light", height=800)
    for name, question in (("choices", "Show me a choice"), ("form", "Show me a form"), ("chart", "Show me a chart")):
        page.goto(origin)
        ask(page, question)
        is_answered(page)
        if name == "choices":
            page.get_by_role("radio", name="Team").click()
            expect(answers(page)).to_contain_text("You chose")
            is_answered(page)
        save(page, f"block-{name}")


def phone(browser: Browser, origin: str) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, device_scale_factor=1.5, is_mobile=True, has_touch=True
    )
    page = context.new_page()
    page.goto(origin)
    ask(page, QUESTION)
    is_answered(page)
    save(page, "phone")
    context.close()


def widget(browser: Browser, origin: str) -> None:
    with HostSite() as site:
        page = opened(browser, "light", height=800)
        page.goto(site.put("/", SHOP.format(origin=origin)))
        page.wait_for_function("() => 'Opsloom' in window")
        page.mouse.click(1280 - 44, 800 - 44)
        frame = embedded(page)
        frame.get_by_role("textbox", name="Message").fill(QUESTION)
        frame.get_by_role("textbox", name="Message").press("Enter")
        expect(frame.get_by_role("button", name="Copy answer")).to_be_visible(timeout=30_000)
        save(page, "widget")


def opened(browser: Browser, scheme: Scheme, height: int = 880) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": height}, color_scheme=scheme).new_page()
    page.set_default_timeout(30_000)
    return page


def save(page: Page, name: str) -> None:
    page.mouse.move(640, 4)
    page.evaluate(STILL)
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path)
    size = path.stat().st_size
    print(f"{path.name}: {size // 1000} kB")
    if size > MOST_BYTES:
        raise SystemExit(f"{path} is too large.")


def chromium() -> Path:
    return Path(next(found for name in CHROMIUM_NAMES if (found := shutil.which(name))))


@contextmanager
def server() -> Iterator[str]:
    """A server on a database of its own, both gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="opsloom-pictures-") as folder:
        postgres = EmbeddedPostgres(Path(folder) / "postgres")
        postgres.start()
        try:
            with serving(Path(folder), free_port(), postgres.url, words_per_second=400) as origin:
                yield origin
        finally:
            postgres.stop()


if __name__ == "__main__":
    expect.set_options(timeout=30_000)
    main()
