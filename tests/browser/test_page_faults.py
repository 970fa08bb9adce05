"""The rows of the fault table that people see, on the page in Chromium, through the fault proxy.

Each test is named after its row. Figures go to standard output (`pytest -s`, lines that begin with `figure:`).
"""

import itertools
import os
import re
import signal
import time
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from vendors import Text

from browser.cabled import Cabled
from browser.chatting import answers, ask, composer, is_answered, stop_button
from browser.scripted import Held
from browser.watching import eventually

pytestmark = [pytest.mark.alone, pytest.mark.browser]

STORY = " ".join(f"word{at}" for at in range(240))

# What the reader sees, at every frame that the browser paints: how much of the answer, and what the line says.
RECORD = """
() => {
    window.seen = { texts: [], lines: [], shrunk: 0, stopGone: 0 };
    let before = "";
    const look = () => {
        const answer = [...document.querySelectorAll('[aria-label="Answer"]')].at(-1);
        const text = answer?.querySelector(".md")?.textContent ?? "";
        if (!text.startsWith(before)) window.seen.shrunk += 1;
        if (text !== before) window.seen.texts.push([performance.now(), text.length]);
        before = text;
        for (const line of document.querySelectorAll('[role="status"]')) {
            const words = line.textContent;
            const told = window.seen.lines.at(-1) === words || !/Reconnecting|Nothing was lost/.test(words);
            if (!told) window.seen.lines.push(words);
        }
        const running = document.querySelector('[aria-label^="Stop"]') !== null;
        const whole = document.querySelector('[aria-label="Copy answer"]') !== null;
        if (text && !running && !whole) window.seen.stopGone += 1;
        requestAnimationFrame(look);
    };
    look();
}
"""


def figure(row: str, **found: Any) -> None:
    print(f"figure: {row}: " + ", ".join(f"{name} {value}" for name, value in found.items()))


def line(page: Page) -> Any:
    return page.get_by_role("status").filter(has_text=re.compile("Reconnecting"))


def length(page: Page) -> int:
    shown = answers(page).last.locator(".md")
    return len(shown.inner_text()) if shown.count() else 0


def attached(page: Page) -> None:
    """The assistant's name comes with the welcome."""
    expect(composer(page)).to_have_attribute("placeholder", re.compile("Message .+"))


def asked_once(cabled: Cabled, question: str) -> bool:
    return cabled.server.asked(question) == 1


def until_longer(page: Page, than: int) -> None:
    eventually(page, lambda: answers(page).count() > 0 and length(page) > than, within=20)


def test_cut_in_mid_answer_20_times_the_final_text_is_equal_and_no_hole_is_seen(page: Page, cabled: Cabled) -> None:
    cabled.server.script("Tell it through cuts", [Text(STORY, delay=0.02)])
    page.goto(cabled.origin)
    page.evaluate(RECORD)
    ask(page, "Tell it through cuts")
    cuts, gaps = 0, []
    for at in range(20):
        until_longer(page, 20 + at * 70)
        cuts += cabled.cut() > 0
        began, here = time.monotonic(), length(page)
        until_longer(page, here)
        gaps.append(time.monotonic() - began)
    is_answered(page)
    expect(answers(page).locator(".md")).to_have_text(STORY)
    seen = page.evaluate("window.seen")
    still = max(b[0] - a[0] for a, b in itertools.pairwise(seen["texts"]))
    assert cuts == 20
    assert seen["shrunk"] == 0, "text that was shown went away"
    assert seen["stopGone"] == 0, "the stop button was there all the time"
    assert cabled.server.asked("Tell it through cuts") == 1
    figure("cut in mid-answer", cuts=cuts, equal=1, shrunk=0, longest_stand_ms=round(still), lines=seen["lines"])
    assert seen["lines"] == [], "a break of less than a second is nobody's business"


def test_the_answer_ends_inside_the_gap(page: Page, cabled: Cabled) -> None:
    right = 0
    for at in range(5):
        held = Held("Before the gap", rest=", in the gap, and its end.")
        cabled.server.script(f"End in gap {at}", [held])
        page.goto(cabled.origin)
        ask(page, f"End in gap {at}")
        expect(answers(page)).to_contain_text("Before the gap")
        with cabled.away():
            held.release()
            expect(line(page)).to_be_visible()
            page.wait_for_timeout(500)
        is_answered(page)
        expect(answers(page).locator(".md")).to_have_text(held.whole)
        expect(stop_button(page)).to_have_count(0)
        right += 1
    figure("the answer ends inside the gap", right=f"{right} of 5")


def test_after_reconnect_the_stop_button_is_there_and_stops(page: Page, cabled: Cabled) -> None:
    there = 0
    for at in range(5):
        held = Held("Kept after the break", rest=" never said")
        cabled.server.script(f"Stop after break {at}", [held])
        page.goto(cabled.origin)
        ask(page, f"Stop after break {at}")
        expect(answers(page)).to_contain_text("Kept after the break")
        with cabled.away():
            expect(line(page)).to_be_visible()
            expect(stop_button(page)).to_be_visible()
        expect(page.get_by_text("Nothing was lost")).to_be_visible()
        expect(stop_button(page)).to_be_visible()
        there += 1
        stop_button(page).click()
        expect(answers(page).get_by_text("Stopped", exact=True)).to_be_visible()
        expect(answers(page)).to_contain_text("Kept after the break")
        held.release()
    figure("after reconnect the stop button", there=f"{there} of 5")


def test_reload_in_mid_answer_shows_the_partial_text_at_first_paint_and_goes_on_live(
    page: Page, cabled: Cabled
) -> None:
    """At one reload each 200 ms of the answer: what was shown before is there when the first message appears."""
    # 14 s: ten reloads take up to one each where another test runs beside.
    cabled.server.script("Tell it through reloads", [Text(STORY, delay=0.06)])
    page.add_init_script(
        """new MutationObserver(() => {
            const found = document.querySelector('[aria-label="Answer"]');
            if (found && window.firstPaint === undefined) window.firstPaint = [performance.now(), found.innerText];
        }).observe(document, { childList: true, subtree: true })"""
    )
    page.goto(cabled.origin)
    ask(page, "Tell it through reloads")
    times = []
    for at in range(10):
        until_longer(page, 20 + at * 20)
        before = length(page)
        page.reload()
        until_longer(page, 0)
        when, text = page.evaluate("window.firstPaint")
        assert len(text) >= before, "the first paint has all that was shown"
        assert "word0" in text
        times.append(when)
        expect(stop_button(page)).to_be_visible()
        until_longer(page, len(text))
    is_answered(page)
    expect(answers(page).locator(".md")).to_have_text(STORY)
    assert cabled.server.asked("Tell it through reloads") == 1
    figure("reload in mid-answer", reloads=len(times), partial_after_ms=f"{min(times):.0f}-{max(times):.0f}")


def test_a_second_tab_is_live_through_cuts(context: BrowserContext, cabled: Cabled) -> None:
    cabled.server.script("Tell both tabs", [Text(STORY, delay=0.02)])
    page, other = context.new_page(), context.new_page()
    page.goto(cabled.origin)
    ask(page, "Tell both tabs")
    until_longer(page, 20)
    other.goto(page.url)
    until_longer(other, 20)
    for _ in range(5):
        cabled.cut()
        here = length(other)
        until_longer(other, here)
        until_longer(page, here)
    for tab in (page, other):
        is_answered(tab)
        expect(answers(tab).locator(".md")).to_have_text(STORY)
    figure("second tab", live="both, through 5 cuts", runs=cabled.server.asked("Tell both tabs"))


def test_the_same_send_twice_is_one_run(page: Page, cabled: Cabled) -> None:
    """The reply is lost each time: the message arrives, the page does not hear of it and says it again."""
    page.goto(cabled.origin)
    for at in range(3):
        cabled.server.script(f"Ask once {at}", [Text(f"Answered once, {at}.")])
        attached(page)
        cabled.lose_replies()
        ask(page, f"Ask once {at}")
        eventually(page, partial(asked_once, cabled, f"Ask once {at}"))
        cabled.heal()
        is_answered(page, at + 1)
        expect(answers(page).last).to_contain_text(f"Answered once, {at}.")
    expect(page.get_by_role("article", name="You")).to_have_count(3)
    runs = [cabled.server.asked(f"Ask once {at}") for at in range(3)]
    assert runs == [1, 1, 1]
    figure("the same send twice", sends=6, runs=sum(runs))


def test_a_send_into_a_dead_link_is_kept_and_sent_once(page: Page, cabled: Cabled) -> None:
    """Half-open: the page believes in its link until the ping that it sends is not answered."""
    cabled.server.script("Hello first", [Text("Hello.")])
    cabled.server.script("Into the void", [Text("Out of the void.")])
    page.goto(cabled.origin)
    ask(page, "Hello first")
    is_answered(page)
    cabled.go_silent()
    began = time.monotonic()
    ask(page, "Into the void")
    expect(page.get_by_text("Not sent yet")).to_be_visible()
    expect(line(page)).to_be_visible()
    noticed = time.monotonic() - began
    assert noticed < 11
    cabled.heal()
    is_answered(page, 2)
    expect(answers(page).last).to_contain_text("Out of the void.")
    expect(page.get_by_role("article", name="You").get_by_text("Into the void")).to_have_count(1)
    assert cabled.server.asked("Into the void") == 1
    figure("send into a dead link", noticed_s=f"{noticed:.1f}", runs=1)


@pytest.mark.parametrize("first", [True, False], ids=["the first message", "a later message"])
@pytest.mark.parametrize("how", ["reload", "crash"])
def test_a_send_into_a_dead_link_outlives_the_page(
    context: BrowserContext, cabled: Cabled, how: str, first: bool
) -> None:
    words = f"Kept over a {how}, {first}"
    cabled.server.script("Hello first", [Text("Hello.")])
    cabled.server.script(words, [Text("It arrived.")])
    page = context.new_page()
    page.goto(cabled.origin)
    attached(page)
    if not first:
        ask(page, "Hello first")
        is_answered(page)
    cabled.go_silent()
    ask(page, words)
    address = page.url
    if how == "crash":
        # The renderer ends without a farewell, 50 ms after the key.
        page.wait_for_timeout(50)
        crash(page)
        page = context.new_page()
    cabled.heal()
    page.goto(address)
    is_answered(page, 1 if first else 2)
    expect(answers(page).last).to_contain_text("It arrived.")
    expect(page.get_by_role("article", name="You").get_by_text(words)).to_have_count(1)
    page.reload()
    is_answered(page, 1 if first else 2)
    assert cabled.server.asked(words) == 1


def crash(page: Page) -> None:
    """Kill what draws the page, as the system does when memory is short: no farewell, no last timer."""
    browser = page.context.browser
    assert browser is not None
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    with page.expect_event("crash"):
        for process in processes:
            if process["type"] == "renderer":
                os.kill(process["id"], signal.SIGKILL)


def test_reconnecting_is_said_after_one_second(page: Page, cabled: Cabled) -> None:
    page.goto(cabled.origin)
    attached(page)
    page.evaluate(
        """() => new MutationObserver(() => {
            if (!window.said && /Reconnecting/.test(document.body.innerText)) window.said = performance.now();
        }).observe(document.body, { childList: true, subtree: true })"""
    )
    with cabled.away():
        cut = page.evaluate("performance.now()")
        expect(line(page)).to_be_visible()
        after = page.evaluate("window.said") - cut
        expect(composer(page)).to_be_editable()
    expect(page.get_by_text("Nothing was lost")).to_be_visible()
    expect(line(page)).to_have_count(0)
    figure("reconnecting is said", after_ms=round(after))
    assert 850 <= after <= 1600


def test_a_half_open_link_in_mid_answer_is_noticed_by_itself(page: Page, cabled: Cabled) -> None:
    cabled.server.script("Tell it into silence", [Text(STORY, delay=0.03)])
    page.goto(cabled.origin)
    page.evaluate(RECORD)
    ask(page, "Tell it into silence")
    until_longer(page, 100)
    cabled.go_silent()
    began = time.monotonic()
    expect(line(page)).to_be_visible()
    noticed = time.monotonic() - began
    cabled.heal()
    is_answered(page)
    expect(answers(page).locator(".md")).to_have_text(STORY)
    assert page.evaluate("window.seen.shrunk") == 0
    figure("half-open in mid-answer", line_after_s=f"{noticed:.1f}")
    assert noticed < 11


def test_a_stuck_tab_is_live_again_when_it_thaws(page: Page, cabled: Cabled) -> None:
    """A phone puts the tab to sleep: no timer runs, the link dies meanwhile, the answer ends meanwhile."""
    cabled.server.script("Tell it to a sleeper", [Text(STORY, delay=0.01)])
    page.goto(cabled.origin)
    ask(page, "Tell it to a sleeper")
    until_longer(page, 100)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Page.setWebLifecycleState", {"state": "frozen"})
    cabled.go_silent()
    time.sleep(6)  # longer than the rest of the answer takes; not even Playwright may touch the page meanwhile
    cabled.heal()
    began = time.monotonic()
    devtools.send("Page.setWebLifecycleState", {"state": "active"})
    is_answered(page)
    took = time.monotonic() - began
    expect(answers(page).locator(".md")).to_have_text(STORY)
    figure("stuck tab", whole_after_thaw_s=f"{took:.1f}")
    assert took < 5


def test_a_page_from_the_back_forward_cache_goes_on_live(keeping_page: Page, cabled: Cabled) -> None:
    page = keeping_page
    cabled.server.script("Tell it through the cache", [Text(STORY, delay=0.02)])
    page.goto(cabled.origin)
    page.evaluate("addEventListener('pageshow', (event) => { window.kept = event.persisted })")
    ask(page, "Tell it through the cache")
    until_longer(page, 50)
    page.goto(f"{cabled.origin}/health/live")
    page.wait_for_timeout(500)
    page.go_back(wait_until="commit")
    kept = page.evaluate("window.kept ?? false")
    is_answered(page)
    expect(answers(page).locator(".md")).to_have_text(STORY)
    figure("back-forward cache", kept=kept)
    assert kept, "with its socket closed the page may be kept"
    assert cabled.server.asked("Tell it through the cache") == 1


def test_going_away_the_answer_ends_where_it_began_and_the_page_moves_on(page: Page, cabled: Cabled) -> None:
    cabled.server.script("Tell it while draining", [Text(STORY, delay=0.02)])
    cabled.server.script("After the restart", [Text("Here again.")])
    page.goto(cabled.origin)
    page.evaluate(RECORD)
    ask(page, "Tell it while draining")
    until_longer(page, 50)
    cabled.server.end(signal.SIGTERM)
    try:
        shown = page.evaluate("window.seen.texts.at(-1)[1]")
    finally:
        cabled.server.start()
    is_answered(page)
    expect(answers(page).locator(".md")).to_have_text(STORY)
    ask(page, "After the restart")
    is_answered(page, 2)
    expect(answers(page).last).to_contain_text("Here again.")
    figure("SIGTERM in mid-answer", shown_when_it_ended=f"{shown} of {len(STORY)}")
    assert shown == len(STORY), "all of it came before the server ended"
    assert cabled.server.asked("Tell it while draining") == 1
