"""Round the conversation: drafts, the list of conversations, small screens, the dark, the keyboard."""

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from vendors import Text, ToolCall

from browser.chatting import answers, ask, composer, is_answered, stop_button
from browser.sample_blocks import CHART, CHOICES, FORM, TABLE
from browser.scripted import Held, Scripted
from browser.watching import Watch, eventually

pytestmark = pytest.mark.browser

LONG = (
    "A word that has no end: " + "Donaudampfschifffahrtsgesellschaft" * 8 + "\n\n"
    "```python\nprint('" + "x" * 200 + "')\n```\n\n"
    "| " + " | ".join(f"Column {n}" for n in range(12)) + " |\n|" + "---|" * 12 + "\n"
    "| " + " | ".join(f"value {n}" for n in range(12)) + " |\n\nhttps://example.com/" + "path/" * 40
)


def fits(page: Page) -> bool:
    """Nothing makes the page scroll sideways."""
    return bool(
        page.evaluate("document.documentElement.scrollWidth <= innerWidth && document.body.scrollWidth <= innerWidth")
    )


def side(page: Page) -> Locator:
    return page.get_by_role("navigation", name="Conversations")


def test_a_draft_outlives_a_reload(page: Page, scripted: Scripted) -> None:
    scripted.script("Before the draft", [Text("Yes.")])
    page.goto(scripted.origin)
    composer(page).fill("Not yet sent")
    eventually(page, lambda: "Not yet sent" in str(page.evaluate("localStorage.getItem('opsloom.drafts')")))
    page.reload()
    expect(composer(page)).to_have_value("Not yet sent")
    ask(page, "Before the draft")
    is_answered(page)
    expect(composer(page)).to_have_value("")
    composer(page).fill("A draft of this conversation")
    eventually(page, lambda: "of this conversation" in str(page.evaluate("localStorage.getItem('opsloom.drafts')")))
    page.reload()
    expect(composer(page)).to_have_value("A draft of this conversation")
    side(page).get_by_role("button", name="New conversation").click()
    expect(composer(page)).to_have_value("")


def test_conversations_are_found_renamed_and_deleted(page: Page, scripted: Scripted) -> None:
    scripted.script("About herons", [Text("Herons wade.")])
    scripted.script("About badgers", [Text("Badgers dig.")])
    page.goto(scripted.origin)
    for question in ("About herons", "About badgers"):
        ask(page, question)
        is_answered(page)
        if question == "About herons":
            side(page).get_by_role("button", name="New conversation").click()
            expect(answers(page)).to_have_count(0)
    links = side(page).get_by_role("link")
    expect(links).to_have_text(["About badgers", "About herons"])
    expect(page).to_have_title("About badgers")

    side(page).get_by_role("searchbox").fill("herons")
    expect(links).to_have_text(["About herons"])
    links.first.click()
    expect(answers(page)).to_contain_text("Herons wade.")
    side(page).get_by_role("searchbox").fill("no such thing")
    expect(side(page).get_by_text("Nothing found.")).to_be_visible()
    side(page).get_by_role("searchbox").fill("")
    expect(links).to_have_count(2)

    side(page).get_by_role("listitem").filter(has_text="About herons").hover()
    side(page).get_by_role("button", name="Options for About herons").click()
    page.get_by_role("menuitem", name="Rename").click()
    side(page).get_by_role("textbox", name="Title").fill("Wading birds")
    page.keyboard.press("Enter")
    expect(links.filter(has_text="Wading birds")).to_have_count(1)
    expect(page).to_have_title("Wading birds")
    page.reload()
    expect(links.filter(has_text="Wading birds")).to_have_count(1)

    side(page).get_by_role("listitem").filter(has_text="Wading birds").hover()
    side(page).get_by_role("button", name="Options for Wading birds").click()
    page.get_by_role("menuitem", name="Delete").click()
    side(page).get_by_role("button", name="Delete", exact=True).click()
    expect(links).to_have_text(["About badgers"])
    expect(page).to_have_url(f"{scripted.origin}/")
    page.reload()
    expect(links).to_have_text(["About badgers"])


def test_a_phone_never_scrolls_sideways(browser: Browser, scripted: Scripted) -> None:
    scripted.script(
        "Everything on a phone",
        [Text(LONG), ToolCall("show_table", TABLE)],
        [ToolCall("show_chart", CHART)],
        [ToolCall("ask_form", FORM)],
    )
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(scripted.origin)
    expect(composer(page)).to_be_visible()
    assert fits(page)
    ask(page, "Everything on a phone")
    is_answered(page)
    expect(page.get_by_role("group", name="Book a call", exact=True)).to_be_visible()
    assert fits(page)
    # Room for fingers, whatever a button's own size (the composer's whole shell takes the focus).
    sizes = page.evaluate(
        """() => [...document.querySelectorAll("button, a[href], input, select")]
            .filter((one) => one.checkVisibility({ visibilityProperty: true, opacityProperty: true })
                && !one.closest("[inert]") && !one.closest(".md"))
            .map((one) => {
                const touched = one.type === "file" ? one.closest("label") : one;
                const box = touched.getBoundingClientRect(), after = getComputedStyle(touched, "::after");
                const grown = after.content === "none" ? 0 : parseFloat(after.height) || 0;
                return [one.ariaLabel ?? one.textContent, Math.max(box.height, grown)];
            })
            .filter(([, height]) => height < 40)"""
    )
    assert sizes == []
    page.get_by_role("button", name="Show conversations").click()
    expect(side(page).get_by_role("link", name="Everything on a phone")).to_be_visible()
    assert fits(page)
    side(page).get_by_role("link", name="Everything on a phone").click()
    expect(side(page).get_by_role("link", name="Everything on a phone")).not_to_be_in_viewport()
    context.close()


def test_the_dark_is_dark_and_remembered(page: Page, scripted: Scripted, watch: Watch) -> None:
    def lightness() -> float:
        script = """() => {
            const canvas = new OffscreenCanvas(1, 1).getContext("2d");
            canvas.fillStyle = getComputedStyle(document.querySelector(".page")).backgroundColor;
            canvas.fillRect(0, 0, 1, 1);
            return canvas.getImageData(0, 0, 1, 1).data.slice(0, 3).reduce((sum, one) => sum + one, 0) / 765;
        }"""
        return float(page.evaluate(script))

    page.goto(scripted.origin)
    assert lightness() > 0.9
    page.emulate_media(color_scheme="dark")
    eventually(page, lambda: lightness() < 0.2)
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("menuitem", name="Light").click()
    eventually(page, lambda: lightness() > 0.9)
    page.reload()
    expect(composer(page)).to_be_visible()
    assert lightness() > 0.9, "chosen by hand, whatever the system says"
    assert watch.violations() == []
    assert watch.errors == []


def test_everything_by_keyboard(page: Page, scripted: Scripted) -> None:
    held = Held("Stopped by Escape", rest=" never said.")
    scripted.script("Type and stop", [held])
    scripted.script(
        "Search by keyboard", [ToolCall("search_knowledge", {"query": "embed the widget"})], [Text("So [1].")]
    )
    scripted.script("Choose by keyboard", [ToolCall("ask_choices", CHOICES)], [Text("Chosen.")])
    page.goto(scripted.origin)
    expect(page.get_by_role("button", name="Send message")).to_be_visible()
    page.keyboard.press("Tab")
    expect(composer(page)).to_be_focused()
    page.keyboard.type("Type and stop")
    page.keyboard.press("Enter")
    expect(answers(page)).to_contain_text("Stopped by Escape")
    expect(composer(page)).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Attach files")).to_be_focused()
    page.keyboard.press("Tab")
    expect(stop_button(page)).to_be_focused()
    page.keyboard.press("Enter")
    expect(answers(page).get_by_text("Stopped", exact=True)).to_be_visible()
    expect(composer(page)).to_be_focused()
    held.release()

    page.keyboard.type("Search by keyboard")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("please")
    page.keyboard.press("Enter")
    is_answered(page, 2)
    chip = answers(page).last.get_by_role("button", name="Source 1")
    for _ in range(16):
        page.keyboard.press("Tab")
        if chip.evaluate("one => one === document.activeElement"):
            break
    expect(chip).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary", name="Sources").locator("mark")).to_be_visible()
    page.keyboard.press("Escape")
    expect(chip).to_be_focused()
    page.keyboard.press("Escape")
    expect(composer(page)).to_be_focused()

    page.keyboard.type("Choose by keyboard")
    page.keyboard.press("Enter")
    team = page.get_by_role("radio", name="Team")
    expect(team).to_be_visible()
    is_answered(page, 3)
    expect(composer(page)).to_be_focused()  # what arrives takes no focus
    team.focus()
    page.keyboard.press("Space")
    expect(answers(page).last).to_contain_text("Chosen.")
    expect(team).to_be_checked()
