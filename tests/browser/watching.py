"""What a browser context saw while a test ran."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Frame, Page, Request, Response

# In every document, before its own scripts: violations happen while nobody listens yet. A symbol, so that a test that
# counts the page's globals finds none of ours.
LISTEN = """
const seen = [];
addEventListener("securitypolicyviolation", (event) => seen.push(`${event.effectiveDirective}: ${event.blockedURI}`));
Object.defineProperty(document, Symbol.for("violations"), { value: seen });
"""


class Watch:
    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self.origins: set[str] = set()
        self.set_cookies: list[str] = []
        self.errors: list[str] = []
        context.add_init_script(LISTEN)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def violations(self) -> list[str]:
        """Of all open pages and their frames."""
        found: list[str] = []
        for page in self._context.pages:
            for frame in page.frames:
                found += frame.evaluate("() => document[Symbol.for('violations')] ?? []")
        return found

    @property
    def cookies(self) -> list[Any]:
        """Those that are there now, and the headers that tried to set some."""
        return [*self._context.cookies(), *self.set_cookies]

    def _request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss"):
            self.origins.add(f"{address.scheme}://{address.netloc}")

    def _response(self, response: Response) -> None:
        if value := response.headers.get("set-cookie"):
            self.set_cookies.append(f"{response.url}: {value}")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.errors.append(message.text)


def embedded(page: Page) -> Frame:
    """The widget's frame on this page. It stands in a closed shadow root, where locators of the page do not reach."""
    for _ in range(100):
        for frame in page.frames:
            if "/embed/" in frame.url:
                return frame
        page.wait_for_timeout(50)
    raise AssertionError(f"no widget's frame among {[frame.url for frame in page.frames]}")


def eventually(page: Page, holds: Callable[[], bool], within: float = 10) -> None:
    """Wait until it is so, with the browser's events coming in meanwhile."""
    until = time.monotonic() + within
    while not holds():
        assert time.monotonic() < until, "this did not come true in time"
        page.wait_for_timeout(50)
