"""A block that grows while a person clicks beside it: what that costs the page."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Final, Literal

from playwright.sync_api import CDPSession, Page, expect

Kind = Literal["table", "chart"]

WHOLE_SECONDS: Final[dict[Kind, int]] = {"table": 5, "chart": 60}
"""How long it grows by itself: 5,000 rows in 50 patches, and 20 points a second for a minute."""
CLICK_EVERY_MS: Final = 500

WATCH: Final = """() => {
    window.slowest = 0;
    new PerformanceObserver((list) => {
        for (const one of list.getEntries()) if (one.interactionId) slowest = Math.max(slowest, one.duration);
    }).observe({ type: "event", durationThreshold: 16 });
}"""


@dataclass(frozen=True)
class Growth:
    """What was seen. Heaps are the page's own after a collection: when it has begun, half way, and at the end."""

    kind: Kind
    seconds: int
    clicks: int
    slowest_ms: float
    """Of all clicks, from the press to the next paint, as browsers measure it (in steps of 8 ms)."""
    heap_mb: tuple[float, float, float]
    first_half_bytes: int
    """JSON of the patches of the first half."""
    last_half_bytes: int

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def grown(page: Page, gallery: str, kind: Kind, seconds: int) -> Growth:
    """Let a block grow for so long, and click twice a second. The page is left as it is then."""
    page.goto(f"{gallery}/blocks.html?stream={kind}")
    button = page.get_by_role("button", name="Clicked")
    expect(button).to_be_visible()
    page.evaluate(WATCH)
    session = page.context.new_cdp_session(page)
    heaps = [heap(session)]
    clicks = seconds * 1_000 // CLICK_EVERY_MS
    for click in range(clicks):
        button.click()
        page.wait_for_timeout(CLICK_EVERY_MS)
        if click == clicks // 2:
            heaps.append(heap(session))
    expect(button).to_have_text(f"Clicked {clicks}")
    if seconds >= WHOLE_SECONDS[kind]:
        page.wait_for_function("document.documentElement.dataset.grown", timeout=60_000)
    heaps.append(heap(session))
    sent: list[int] = page.evaluate("sent")
    half = len(sent) // 2
    return Growth(
        kind,
        seconds,
        clicks,
        page.evaluate("slowest"),
        (heaps[0], heaps[1], heaps[2]),
        sum(sent[:half]),
        sum(sent[half : 2 * half]),
    )


def heap(session: CDPSession) -> float:
    """MB that the page's scripts hold."""
    session.send("HeapProfiler.collectGarbage")
    return round(float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6, 2)


def worded(growth: Growth) -> str:
    return f"a growing {growth.kind}: {json.dumps(growth.as_json())}"
