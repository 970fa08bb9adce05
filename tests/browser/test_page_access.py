"""No finding of axe-core on the page: empty, with an answer that has everything, with each block, in light and dark."""

import pytest
from playwright.sync_api import Page, expect
from vendors import HttpError, Reasoning, Text, ToolCall

from browser.axe import findings
from browser.chatting import answers, ask, composer, is_answered
from browser.sample_blocks import CHART, CHOICES, FORM, PROGRESS, TABLE
from browser.scripted import Held, Scripted

pytestmark = pytest.mark.browser

EVERYTHING = """\
# A heading

Some **strong** and *stressed* words, `code`, a [link](https://example.com) and ~~what is gone~~ [1].

## Another

- one
- two
  1. deeper
  2. still

> A quotation
> of two lines.

| City | People |
| :-- | --: |
| Oslo | 12 |

```python
def answer(question: str) -> str:
    \"\"\"What it says.\"\"\"
    return f"{question!r}: {6 * 7}"  # a comment
```

- [x] done
- [ ] to do

---

The end."""

BLOCKS = {
    "choices": ToolCall("ask_choices", CHOICES),
    "many choices": ToolCall("ask_choices", {**CHOICES, "multiple": True}),
    "form": ToolCall("ask_form", FORM),
    "table": ToolCall("show_table", TABLE),
    "bar chart": ToolCall("show_chart", CHART),
    "line chart": ToolCall("show_chart", {**CHART, "type": "line"}),
    "pie chart": ToolCall("show_chart", {**CHART, "type": "pie", "series": CHART["series"][:1]}),
    "progress": ToolCall("show_progress", PROGRESS),
}


@pytest.fixture(params=["light", "dark"])
def shown(request: pytest.FixtureRequest, page: Page, scripted: Scripted) -> Page:
    """The empty page in that scheme."""
    page.emulate_media(color_scheme=request.param, reduced_motion="reduce")
    page.goto(scripted.origin)
    expect(composer(page)).to_be_visible()
    return page


def test_the_empty_page(shown: Page) -> None:
    expect(shown.get_by_role("button", name="Show me a chart")).to_be_visible()
    assert findings(shown) == []


def test_an_answer_with_everything(shown: Page, scripted: Scripted) -> None:
    scripted.script(
        "Say everything",
        [Reasoning("Let me see."), ToolCall("search_knowledge", {"query": "embed the widget"})],
        [Text(EVERYTHING)],
    )
    held = Held("Half", rest=" whole")
    scripted.script("Say half of it", [held])
    scripted.script("Fail at it", [HttpError(401, "no")])
    ask(shown, "Say everything")
    is_answered(shown)
    expect(answers(shown).locator("table")).to_be_visible()
    expect(answers(shown).locator("pre span").first).to_be_attached()  # the code is coloured
    assert findings(shown) == []
    answers(shown).locator(".md .cite").first.click()
    expect(shown.get_by_role("complementary", name="Sources").locator("mark")).to_be_visible()
    assert findings(shown) == []
    shown.keyboard.press("Escape")
    answers(shown).get_by_role("button", name="Worked").click()
    ask(shown, "Say half of it")
    expect(answers(shown).last).to_contain_text("Half")
    ask(shown, "Wait for it")
    expect(shown.get_by_role("list", name="Waiting to be sent")).to_be_visible()
    assert findings(shown) == []
    shown.get_by_role("button", name="Take back").click()
    held.release()
    is_answered(shown, 2)
    ask(shown, "Fail at it")
    expect(answers(shown).last.get_by_role("button", name="Retry")).to_be_visible()
    assert findings(shown) == []


def test_every_block(shown: Page, scripted: Scripted) -> None:
    calls = iter(BLOCKS.values())
    scripted.vendor.script(
        lambda body: [Text("There.")] if body["messages"][-1]["role"] == "tool" else [next(calls)], when="Show the next"
    )
    for number, name in enumerate(BLOCKS):
        ask(shown, f"Show the next, {name}")
        is_answered(shown, number + 1)
        expect(answers(shown).last.locator(".rounded-panel").first).to_be_visible()
    assert findings(shown) == []


def test_answered_blocks(shown: Page, scripted: Scripted) -> None:
    scripted.script("Let me choose", [ToolCall("ask_choices", CHOICES)], [Text("Chosen.")])
    scripted.script("Let me fill in", [ToolCall("ask_form", FORM)], [Text("Thanks.")])
    ask(shown, "Let me choose")
    shown.get_by_role("radio", name="Team").click()
    expect(answers(shown)).to_contain_text("Chosen.")
    is_answered(shown)
    ask(shown, "Let me fill in")
    form = shown.get_by_role("group", name="Book a call", exact=True)
    form.get_by_role("button", name="Book the call").click()
    expect(form.get_by_label("Your name")).to_have_attribute("aria-invalid", "true")
    assert findings(shown) == []
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("People").fill("3")
    form.get_by_role("button", name="Book the call").click()
    expect(answers(shown).last).to_contain_text("Thanks.")
    is_answered(shown, 2)
    assert findings(shown) == []
