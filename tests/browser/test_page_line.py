"""The page when the network or the server goes: it says so after a second, keeps what is written, loses nothing."""

import re
import signal
import time

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, Route, WebSocketRoute, expect
from vendors import Text

from browser.chatting import answers, ask, composer, is_answered
from browser.scripted import Held, Scripted
from browser.watching import eventually

pytestmark = pytest.mark.browser


class Cable:
    """The network between a page and the server, to be cut. Offline alone leaves open sockets open in Chromium."""

    def __init__(self, page: Page) -> None:
        self._context = page.context
        self._carried: list[WebSocketRoute] = []
        self._cut = False
        page.route_web_socket("**/ws", self._carry)

    def cut(self) -> None:
        self._cut = True
        self._context.set_offline(True)
        for socket in self._carried:
            socket.close(code=4409)
        self._carried.clear()

    def mend(self) -> None:
        self._cut = False
        self._context.set_offline(False)

    def _carry(self, socket: WebSocketRoute) -> None:
        if self._cut:
            socket.close(code=4409)
            return
        server = socket.connect_to_server()
        self._carried += [socket, server]


def line(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text=re.compile("Reconnecting"))


def back(page: Page) -> Locator:
    return page.get_by_role("status").filter(has_text="Nothing was lost")


def test_a_cut_network_is_said_after_a_second_and_nothing_is_lost(page: Page, scripted: Scripted) -> None:
    held = Held("Before the cut", rest=", during the cut, after the cut.")
    scripted.script("Talk through a cut", [held])
    scripted.script("Written while offline", [Text("Read once.")])
    cable = Cable(page)
    page.goto(scripted.origin)
    ask(page, "Talk through a cut")
    expect(answers(page)).to_contain_text("Before the cut")
    cut = time.monotonic()
    cable.cut()
    expect(line(page)).to_be_visible()
    assert time.monotonic() - cut >= 0.9, "a blink of the network is nobody's business"
    expect(answers(page)).to_contain_text("Before the cut")
    expect(composer(page)).to_be_editable()
    ask(page, "Written while offline")
    expect(page.get_by_text("Written while offline")).to_be_visible()
    held.release()
    cable.mend()
    expect(back(page)).to_be_visible()
    expect(answers(page).first).to_contain_text(held.whole)
    is_answered(page, 2)
    expect(answers(page).last).to_contain_text("Read once.")
    expect(line(page)).to_have_count(0)
    expect(page.get_by_role("article", name="You").get_by_text("Written while offline")).to_have_count(1)
    assert scripted.asked("Written while offline") == 1
    assert scripted.asked("Talk through a cut") == 1


def test_a_killed_server_comes_back_with_what_was_shown(page: Page, scripted: Scripted) -> None:
    held = Held("Said before the crash", rest=" and never after.")
    scripted.script("Talk into a crash", [held])
    scripted.script("Written into the void", [Text("Arrived.")])
    page.goto(scripted.origin)
    ask(page, "Talk into a crash")
    expect(answers(page)).to_contain_text("Said before the crash")
    eventually(page, lambda: page.url.rpartition("/c/")[2] != "")
    page.wait_for_timeout(400)  # a batch is stored every 250 ms; what was shown in the last one may go with the server
    scripted.end(signal.SIGKILL)
    try:
        expect(line(page)).to_be_visible()
        ask(page, "Written into the void")
    finally:
        scripted.start()
        held.release()
    expect(answers(page).first).to_contain_text("Said before the crash", timeout=40_000)
    expect(answers(page).first).to_contain_text("Interrupted", timeout=40_000)
    expect(answers(page).first.get_by_role("button", name="Retry")).to_be_visible()
    is_answered(page, 2)
    expect(answers(page).last).to_contain_text("Arrived.")
    assert scripted.asked("Written into the void") == 1
    expect(line(page)).to_have_count(0)


def test_what_was_written_into_a_dead_link_outlives_the_page(
    page: Page, context: BrowserContext, scripted: Scripted
) -> None:
    scripted.script("Hello before", [Text("Hello.")])
    scripted.script("Kept in the outbox", [Text("Taken from the outbox.")])
    cable = Cable(page)
    page.goto(scripted.origin)
    ask(page, "Hello before")
    is_answered(page)
    address = page.url
    cable.cut()
    expect(line(page)).to_be_visible()
    ask(page, "Kept in the outbox")
    expect(page.get_by_text("Kept in the outbox")).to_be_visible()
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    page.close()
    cable.mend()
    again = context.new_page()
    again.goto(address)
    is_answered(again, 2)
    expect(answers(again).last).to_contain_text("Taken from the outbox.")
    assert scripted.asked("Kept in the outbox") == 1


def test_what_a_cut_network_did_not_bring_is_asked_for_again(page: Page, scripted: Scripted) -> None:
    """Each part of the page that is fetched when it is needed, at its first attempt: nothing stays blank."""
    scripted.script("Bring me everything", [Text("Here it is.")])
    page.goto(scripted.origin)
    expect(composer(page)).to_be_visible()
    page.wait_for_load_state("networkidle")
    refused: set[str] = set()

    def once(route: Route) -> None:
        url = route.request.url
        if url in refused:
            route.continue_()
        else:
            refused.add(url)
            route.abort()

    page.route("**/assets/*.js", once)
    ask(page, "Bring me everything")
    is_answered(page)
    expect(page.get_by_role("link", name="Bring me everything")).to_be_visible()
    parts = {url.rpartition("/")[2].partition("-")[0] for url in refused}
    assert "SessionItem" in parts
