"""Where everything of every kind of block stands and what colour it has, as figures: a picture that survives another
machine, and says in words what is no longer as it was.

`layouts.json` holds them. After a change that is meant: `PYTHONPATH=tests python -m browser.layouts`, and read what git
shows as different. The fonts come with the page, so that widths agree between machines within a few pixels.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, Page, sync_playwright

from browser.axe import STILL
from browser.conftest import FLAGS
from browser.gallery import built, exhibited
from browser.pictures import chromium

KEPT: Final = Path(__file__).parent / "layouts.json"
WIDTHS: Final = (1280, 390)
# What the system draws in its own way, or rounds otherwise, may be off by so much, and by so great a part.
PIXELS: Final = 4
PART: Final = 0.03
# Boxes of a case: the first cells of a table stand for the others.
MOST: Final = 24
# Apps that say how tall they are, or ask for something, do so at a time of their own.
UNSTEADY: Final = ("app/as tall as it is", "app/without a script", "app/asks for a link")
WHOLE: Final = """() => document.documentElement.dataset.ready && !document.querySelector('.skeleton, [aria-busy=true]')
    && document.fonts.status === 'loaded'"""

# Elements that are seen: with words of their own, drawn, or with a ground or a line of their own. Their colours by the
# theme's names, so that each is one word in the light and in the dark.
READ: Final = """([most, tokens]) => {
    const names = new Map([['rgba(0, 0, 0, 0)', '-'], ['none', '-']]), values = {};
    for (const token of tokens) {
        const probe = document.body.appendChild(document.createElement('i'));
        probe.style.color = `var(--${token})`;
        values[token] = getComputedStyle(probe).color;
        if (!names.has(values[token])) names.set(values[token], token);
        probe.remove();
    }
    // A pattern's name is made anew on every page.
    const ink = (value) => names.get(value) ?? (value.startsWith('url(') ? 'pattern' : value.replaceAll(' ', '_'));
    const drawn = new Set('IMG INPUT TEXTAREA SELECT IFRAME BUTTON HR path rect circle line'.split(' '));
    const texts = (element) => [...element.childNodes].filter((node) => node.nodeType === 3).map((node) => node.data);
    const cases = {};
    for (const one of document.querySelectorAll('[data-case]')) {
        const block = one.lastElementChild, corner = block.getBoundingClientRect();
        const boxes = cases[one.dataset.case] = [];
        for (const element of [block, ...block.querySelectorAll('*')]) {
            if (boxes.length === most) break;
            const style = getComputedStyle(element), box = element.getBoundingClientRect();
            if (box.width < 2 || box.height < 2 || style.visibility === 'hidden') continue;
            const text = texts(element).join(' ').trim(), ground = ink(style.backgroundColor);
            const line = parseFloat(style.borderTopWidth) > 0 ? ink(style.borderTopColor) : '-';
            if (!text && !drawn.has(element.tagName) && ground === '-' && line === '-') continue;
            const place = [box.x - corner.x, box.y - corner.y, box.width, box.height].map(Math.round);
            const svg = element.namespaceURI.endsWith('svg');
            const inks = svg ? [ink(style.fill), ink(style.stroke)] : [ink(style.color), ground, line];
            const letters = text ? `${parseFloat(style.fontSize)}/${style.fontWeight}` : '';
            boxes.push([element.tagName.toLowerCase(), ...place, inks.join(' '), letters, text.slice(0, 20)]);
        }
    }
    return { cases, values };
}"""
TOKENS: Final = """
    paper surface side raised ink muted line edge field-edge wash press accent on-accent accent-wash mark danger
    danger-wash warn ok chart-1 chart-2 chart-3 chart-4 chart-5 chart-6 chart-7 chart-8
"""

Box = list[Any]
"""tag, x, y, width, height in px from the block's corner, colours, size and weight of the letters, words."""
Layouts = dict[str, Any]
"""By width, the boxes of each case; by theme, the theme's colours."""


def layouts(browser: Browser, gallery: str) -> Layouts:
    """Everything as it stands now."""
    found: Layouts = {}
    context = browser.new_context(locale="en-US", timezone_id="UTC", reduced_motion="reduce")
    page = context.new_page()
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(f"{gallery}/blocks.html?theme=light")
        page.wait_for_function(WHOLE)
        page.evaluate(STILL)
        light = seen(page)
        # Which colour something has does not depend on the width: in the dark it is read once.
        dark = seen(page, "dark") if width == WIDTHS[0] else light
        if dark is not light:
            found["light"], found["dark"] = light["values"], dark["values"]
        found[str(width)] = {
            case: [both(*boxes) for boxes in zip(light["cases"][case], dark["cases"][case], strict=True)]
            for case in light["cases"]
            if case not in UNSTEADY
        }
    context.close()
    return found


def seen(page: Page, theme: str = "light") -> Any:
    page.evaluate("(theme) => void (document.documentElement.dataset.theme = theme)", theme)
    page.evaluate(STILL)
    return page.evaluate(READ, [MOST, TOKENS.split()])


def both(light: Box, dark: Box) -> Box:
    """One box, with its colours in the dark where they go by other names there."""
    return [*light[:5], light[5] if light[5] == dark[5] else f"{light[5]} | {dark[5]}", *light[6:]]


def differences(kept: Layouts, now: Layouts) -> list[str]:
    """What is no longer as it was, each in words; at most one of a case and width."""
    found = []
    for theme in ("light", "dark"):
        for token, value in kept[theme].items():
            if now[theme].get(token) != value:
                found.append(f"{theme}: --{token} was {value}, is {now[theme].get(token)}")
    for width in map(str, WIDTHS):
        for case in sorted(kept[width].keys() | now[width].keys()):
            before, after = kept[width].get(case), now[width].get(case)
            if before is None or after is None:
                found.append(f"{case} at {width}: {'new' if before is None else 'gone'}")
            elif word := difference(before, after):
                found.append(f"{case} at {width}: {word}")
    return found


def difference(before: Sequence[Box], after: Sequence[Box]) -> str:
    """The first box that is another; empty where all agree."""
    for old, new in zip(before, after, strict=False):
        moved = any(abs(a - b) > PIXELS + PART * abs(a) for a, b in zip(old[1:5], new[1:5], strict=True))
        if moved or old[0] != new[0] or old[5:] != new[5:]:
            return f"was {words(old)}, is {words(new)}"
    return "" if len(before) == len(after) else f"{len(before)} boxes were seen, now {len(after)}"


def words(box: Box) -> str:
    tag, x, y, width, height, inks, letters, text = box
    return f"<{tag}> “{text}” {width}x{height} at {x},{y} {inks} {letters}".strip()


def written(found: Mapping[str, Any]) -> str:
    """As JSON with a line a box, so that a difference is one in git."""
    parts = []
    for name, held in found.items():
        if name in ("light", "dark"):
            parts.append(f"{json.dumps(name)}: {json.dumps(held, indent=1)}")
            continue
        cases = []
        for case, boxes in held.items():
            rows = ",\n".join(json.dumps(box, ensure_ascii=False, separators=(",", ":")) for box in boxes)
            cases.append(f"{json.dumps(case)}: [\n{rows}]")
        body = ",\n".join(cases)
        parts.append(f"{json.dumps(name)}: {{\n{body}}}")
    return "{" + ",\n".join(parts) + "}\n"


def main() -> None:
    """Keep what is there now."""
    with (
        tempfile.TemporaryDirectory(prefix="opsloom-gallery-") as folder,
        exhibited(built(Path(folder))) as origin,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        found = layouts(browser, origin)
        browser.close()
    KEPT.write_text(written(found), encoding="utf-8")
    print(f"{KEPT.name}: {KEPT.stat().st_size // 1000} kB, {len(found[str(WIDTHS[0])])} cases")


if __name__ == "__main__":
    main()
