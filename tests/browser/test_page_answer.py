"""An answer on the full page, at the pace of a test: it streams, stops, outlives reloads, is live in every tab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from vendors import HttpError, Reasoning, Script, Text, ToolCall

from browser.chatting import answers, ask, composer, is_answered, stop_button
from browser.scripted import Held, Scripted
from browser.watching import Watch, eventually

pytestmark = pytest.mark.browser


def bare(text: str) -> str:
    """Without Markdown's marks, which the panel leaves out."""
    return " ".join(text.replace("`", "").replace("*", "").split())


def test_streams_in_the_place_of_the_send_button(page: Page, scripted: Scripted, watch: Watch) -> None:
    first, second = Held("One, two", rest=", three, four"), Held(", five, six", rest=", seven.")
    scripted.script("Count slowly", [Reasoning("Counting is easy."), first, second])
    sockets: list[str] = []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.goto(scripted.origin)
    send = page.get_by_role("button", name="Send message")
    expect(send).to_be_disabled()
    composer(page).fill("Count slowly")
    place = send.bounding_box()
    composer(page).press("Enter")
    expect(answers(page)).to_contain_text("One, two")
    expect(send).to_have_count(0)
    stop = stop_button(page).bounding_box()
    assert place is not None
    assert stop is not None
    assert (stop["x"], stop["width"], stop["height"]) == (place["x"], place["width"], place["height"])
    first.release()
    expect(answers(page)).to_contain_text("four, five, six")
    expect(answers(page)).not_to_contain_text("seven")
    expect(answers(page).get_by_role("button", name="Copy answer")).to_have_count(0)
    second.release()
    is_answered(page)
    expect(answers(page).locator(".md")).to_have_text(first.whole + second.whole)
    expect(send).to_be_visible()
    assert watch.violations() == []
    assert watch.errors == []
    assert watch.cookies == []
    assert watch.origins == {scripted.origin}
    assert set(sockets) == {scripted.origin.replace("http", "ws") + "/ws"}


def test_stop_keeps_the_text_and_the_vendor_is_told(page: Page, scripted: Scripted) -> None:
    held = Held("Kept words", rest=" lost words")
    scripted.script("Say and be stopped", [held])
    page.goto(scripted.origin)
    ask(page, "Say and be stopped")
    expect(answers(page)).to_contain_text("Kept words")
    stop_button(page).click()
    expect(answers(page).get_by_text("Stopped", exact=True)).to_be_visible()
    expect(composer(page)).to_be_focused()
    request = next(r for r in scripted.vendor.requests if "Say and be stopped" in str(r.body))
    eventually(page, lambda: request.closed_at is not None)
    held.release()
    page.reload()
    expect(answers(page).get_by_text("Stopped", exact=True)).to_be_visible()
    expect(answers(page)).to_contain_text("Kept words")
    expect(answers(page)).not_to_contain_text("lost")


def test_reload_in_mid_answer_paints_what_there_is_and_goes_on(page: Page, scripted: Scripted) -> None:
    held = Held("The first half", rest=" and the second half.")
    scripted.script("Tell in halves", [held])
    page.goto(scripted.origin)
    ask(page, "Tell in halves")
    expect(answers(page)).to_contain_text("The first half")
    # Of everything that the page shows after the reload, the first message to appear comes with the text so far.
    page.add_init_script(
        """new MutationObserver(() => {
            const found = document.querySelector('[aria-label="Answer"]');
            if (found && window.firstPaint === undefined) window.firstPaint = found.innerText;
        }).observe(document, { childList: true, subtree: true })"""
    )
    page.reload()
    expect(answers(page)).to_contain_text("The first half")
    assert "The first half" in page.evaluate("window.firstPaint")
    expect(stop_button(page)).to_be_visible()
    held.release()
    is_answered(page)
    expect(answers(page)).to_contain_text(held.whole)
    assert scripted.asked("Tell in halves") == 1


def test_a_second_tab_is_live(context: BrowserContext, scripted: Scripted) -> None:
    held = Held("Seen in both", rest=", to the end.")
    scripted.script("Tell two tabs", [held])
    scripted.script("Asked in the other", [Text("Heard in the first.")])
    page, other = context.new_page(), context.new_page()
    page.goto(scripted.origin)
    ask(page, "Tell two tabs")
    expect(answers(page)).to_contain_text("Seen in both")
    other.goto(page.url)
    expect(answers(other)).to_contain_text("Seen in both")
    held.release()
    for tab in (page, other):
        is_answered(tab)
        expect(answers(tab)).to_contain_text(held.whole)
    ask(other, "Asked in the other")
    for tab in (page, other):
        is_answered(tab, 2)
        expect(answers(tab).last).to_contain_text("Heard in the first.")
    # The other tab can stop it, too.
    again = Held("Stoppable", rest=" anywhere.")
    scripted.script("Stop me elsewhere", [again])
    ask(page, "Stop me elsewhere")
    expect(answers(other).last).to_contain_text("Stoppable")
    stop_button(other).click()
    expect(answers(page).last.get_by_text("Stopped", exact=True)).to_be_visible()


def test_a_source_opens_with_exactly_its_quote_marked(page: Page, scripted: Scripted) -> None:
    question = "Which tag embeds the widget?"
    scripted.script(
        question,
        [ToolCall("search_knowledge", {"query": "embed the chat on a website with a script tag"})],
        [Text("One script tag [1]. It is small [2].")],
    )
    page.goto(scripted.origin)
    ask(page, question)
    is_answered(page)
    message = page.evaluate(
        """async () => {
            const visitor = localStorage.getItem("opsloom.visitor.demo");
            const reply = await fetch(`/api/v1/sessions/${location.pathname.split("/").pop()}/messages`,
                { headers: { authorization: `Bearer ${visitor}` } });
            return (await reply.json()).items.at(-1);
        }"""
    )
    sources = {part["source"]["number"]: part["source"] for part in message["parts"] if part["type"] == "source"}
    chips = answers(page).locator(".md").get_by_role("button")
    expect(chips).to_have_count(2)
    chips.first.hover()
    expect(page.locator(".shadow-float").get_by_text(sources[1]["title"])).to_be_visible()
    chips.first.click()
    panel = page.get_by_role("complementary", name="Sources")
    expect(panel.locator("mark")).to_have_count(1)
    # The passage stands round the quote, from the document's stored text.
    expect(panel.locator("blockquote")).not_to_have_text(panel.locator("mark").inner_text())
    assert bare(panel.locator("mark").inner_text()) == bare(sources[1]["quote"])
    mark, box = panel.locator("mark").bounding_box(), panel.bounding_box()
    assert mark is not None
    assert box is not None
    assert box["y"] <= mark["y"] <= box["y"] + box["height"], "the marked words are in view"
    page.keyboard.press("Escape")
    expect(panel).to_have_count(0)
    expect(chips.first).to_be_focused()


def test_a_second_message_waits_in_view_and_can_be_taken_back(page: Page, scripted: Scripted) -> None:
    held = Held("Busy", rest=" no more.")
    scripted.script("Keep busy for the queue", [held])
    scripted.script("Second of the queue", [Text("The second answer.")])
    page.goto(scripted.origin)
    ask(page, "Keep busy for the queue")
    expect(answers(page)).to_contain_text("Busy")
    ask(page, "Second of the queue")
    ask(page, "Third of the queue")
    waiting = page.get_by_role("list", name="Waiting to be sent")
    expect(waiting.get_by_role("listitem")).to_have_count(2)
    waiting.get_by_role("listitem").last.get_by_role("button", name="Take back").click()
    expect(waiting.get_by_role("listitem")).to_have_count(1)
    page.reload()
    expect(waiting.get_by_text("Second of the queue")).to_be_visible()
    held.release()
    is_answered(page, 2)
    expect(answers(page).last).to_contain_text("The second answer.")
    expect(waiting).to_have_count(0)
    assert scripted.asked("Third of the queue") == 0


def test_a_queued_message_can_be_sent_now(page: Page, scripted: Scripted) -> None:
    held = Held("Long-winded", rest=" to the end.")
    scripted.script("Talk for long", [held])
    scripted.script("Rather this", [Text("This at once.")])
    page.goto(scripted.origin)
    ask(page, "Talk for long")
    expect(answers(page)).to_contain_text("Long-winded")
    ask(page, "Rather this")
    page.get_by_role("button", name="Stop the answer and send now").click()
    is_answered(page, 2)
    expect(answers(page).first.get_by_text("Stopped", exact=True)).to_be_visible()
    expect(answers(page).last).to_contain_text("This at once.")
    mine = page.get_by_role("article", name="You").last.bounding_box()
    assert mine is not None
    assert 56 <= mine["y"] < 100, "the question stands near the top, under the header of 56 px"
    held.release()


def test_answers_again_and_edits_beside_what_was(page: Page, scripted: Scripted) -> None:
    said = iter(["The first try.", "The second try."])
    scripted.vendor.script(lambda _: [Text(next(said))], when="Try twice")
    scripted.script("Asked otherwise", [Text("Another answer.")])
    page.goto(scripted.origin)
    ask(page, "Try twice")
    is_answered(page)
    page.get_by_role("button", name="Answer again").click()
    expect(answers(page)).to_contain_text("The second try.")
    is_answered(page)
    versions = answers(page).get_by_role("group", name="Versions")
    expect(versions).to_contain_text("2 / 2")
    versions.get_by_role("button", name="Previous version").click()
    expect(answers(page)).to_contain_text("The first try.")
    expect(versions).to_contain_text("1 / 2")

    page.get_by_role("article", name="You").hover()
    page.get_by_role("button", name="Edit message").click()
    page.get_by_role("textbox", name="Edit message").fill("Asked otherwise")
    page.keyboard.press("Enter")
    expect(answers(page)).to_contain_text("Another answer.")
    is_answered(page)
    mine = page.get_by_role("article", name="You")
    expect(mine).to_contain_text("2 / 2")
    mine.get_by_role("button", name="Previous version").click()
    expect(answers(page)).to_contain_text("The second try.")  # the newest of that branch
    page.reload()
    expect(answers(page)).to_contain_text("The second try.")
    expect(page.get_by_role("article", name="You")).to_contain_text("Try twice")


def test_the_model_that_fails_is_told_in_place_and_asked_again(page: Page, scripted: Scripted) -> None:
    tries: Iterator[Script] = iter([[HttpError(401, "Incorrect API key provided: sk-test")], [Text("Now it works.")]])
    scripted.vendor.script(lambda _: next(tries), when="Fail once")
    page.goto(scripted.origin)
    ask(page, "Fail once")
    expect(answers(page).get_by_role("button", name="Retry")).to_be_visible()
    expect(answers(page)).not_to_contain_text("sk-test")
    answers(page).get_by_role("button", name="Retry").click()
    expect(answers(page)).to_contain_text("Now it works.")


def test_the_answer_is_announced_once_when_it_is_whole(page: Page, scripted: Scripted) -> None:
    held = Held("Hear **this**", rest=" and that.")
    scripted.script("Speak to me", [held])
    page.goto(scripted.origin)
    page.evaluate(
        """() => {
            window.spoken = [];
            const region = document.querySelector("[aria-live=polite].sr-only");
            new MutationObserver(() => region.textContent && window.spoken.push(region.textContent))
                .observe(region, { childList: true, characterData: true, subtree: true });
        }"""
    )
    ask(page, "Speak to me")
    expect(answers(page)).to_contain_text("Hear this")
    assert page.evaluate("window.spoken") == []
    held.release()
    is_answered(page)
    eventually(page, lambda: page.evaluate("window.spoken") == ["Hear this and that."])
    region = page.locator("[aria-live=polite].sr-only")
    expect(region).to_have_text("")
    assert page.evaluate("window.spoken") == ["Hear this and that."]
    expect(page.get_by_role("log", name="Conversation")).to_have_attribute("aria-live", "off")
