"""What axe-core finds on a page as it stands: all its rules, the recommended practices too."""

from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Page

SOURCE: Final = Path(__file__).parents[2] / "client" / "node_modules" / "axe-core" / "axe.min.js"
# Until nothing that ends by itself moves any more: half-faded text has half its contrast.
STILL: Final = """() => Promise.all(document.getAnimations()
    .filter((one) => one.effect.getComputedTiming().iterations !== Infinity)
    .map((one) => one.finished.catch(() => 0)))"""


def findings(page: Page) -> list[str]:
    """One line a node: the rule, where, and what was measured. Called when nothing moves any more."""
    # Not as a script element: the page's own policy refuses it, as it should.
    page.evaluate(f"{SOURCE.read_text()}\n;void 0")
    page.evaluate(STILL)
    result: Any = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{rule['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
        for rule in result["violations"]
        for node in rule["nodes"]
    ]
