"""A block kind of a user's own, both ends in a folder outside the repository: shown, acted on, kept."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import Cluster, free_port
from playwright.sync_api import Page, expect
from vendors import Text, ToolCall
from vendors.script import Script
from vendors.wire import pieces

from browser.chatting import answers, ask, is_answered
from browser.scripted import Gated, Scripted, last_result
from browser.watching import Watch

pytestmark = pytest.mark.browser

SERVER_END = """
from typing import Annotated

from msgspec import Meta
from opsloom_blocks import BlockKind, Data, Issue


class Rating(Data, frozen=True, kw_only=True):
    question: Annotated[str, Meta(min_length=1, max_length=200)]
    best: Annotated[int, Meta(ge=2, le=10)] = 5


class Vote(Data, frozen=True, kw_only=True):
    stars: Annotated[int, Meta(ge=1, le=10)]


class RatingKind(BlockKind[Rating]):
    kind = "rating"
    title = "Ask for a rating"
    about = "Asks for so many stars. Use it when somebody wants to rate something."
    data = Rating
    example = Rating(question="How was it?")
    actions = {"rate": Vote}
    waits = True

    def fallback(self, data):
        return f"{data.question} (1 to {data.best} stars)"

    def check_action(self, data, action, values):
        issues = [] if values.stars <= data.best else [Issue(path="/stars", text=f"At most {data.best}.")]
        return values, issues

    def summary(self, data, action, values):
        return f"Rated {values.stars} of {data.best}."


BLOCKS = [RatingKind()]
"""

BROWSER_END = """
export default function ({ h, hooks, registerBlock }) {
  function Rating({ data, state, open, busy, issues, act }) {
    const [over, setOver] = hooks.useState(0);
    const given = state?.status === "answered" ? state.values.stars : over;
    // One more than allowed: what the server refuses is said by the component.
    const stars = Array.from({ length: data.best + 1 }, (_, i) => i + 1);
    return h("section", { "aria-label": data.question, className: "my-rating" },
      h("p", null, data.question),
      stars.map((n) => h("button", { key: n, type: "button", disabled: !open || busy, "aria-pressed": n <= given,
        onPointerEnter: () => setOver(n), onClick: () => act("rate", { stars: n }) }, `${n} of ${data.best}`)),
      issues.map((issue) => h("p", { key: issue.text, role: "alert" }, issue.text)));
  }
  registerBlock("rating", Rating);
}
"""


@pytest.fixture(scope="module")
def extended(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    """A server that was given a folder with both ends of `rating`, and a module that fails."""
    folder = tmp_path_factory.mktemp("extensions")
    write(folder)
    url = postgres_cluster.create()
    home = tmp_path_factory.mktemp("extended")
    with Scripted(home, free_port(), url, OPSLOOM_EXTENSIONS=str(folder)) as server:
        yield server
    postgres_cluster.drop(url)


def write(folder: Path) -> None:
    for words in (["travel_list"], ["facts", "--drawn"]):
        command = [sys.executable, "-m", "opsloom_server.cli", "new", "block", *words, "--folder", str(folder)]
        subprocess.run(command, check=True, capture_output=True)
    (folder / "rating.py").write_text(SERVER_END)
    (folder / "rating.js").write_text(BROWSER_END)
    (folder / "broken.js").write_text("export default function () { throw new Error('broken on purpose') }")


def test_a_kind_from_outside_is_shown_and_acted_on(page: Page, extended: Scripted, watch: Watch) -> None:
    extended.script(
        "Let me rate it",
        [ToolCall("ask_rating", {"question": "How was the answer?"})],
        [Text("Four stars, thank you.")],
    )
    page.goto(extended.origin)
    ask(page, "Let me rate it")
    is_answered(page)
    rating = page.get_by_role("region", name="How was the answer?")
    expect(rating).to_have_class("my-rating")
    rating.get_by_role("button", name="6 of 5").click()
    expect(rating.get_by_role("alert")).to_have_text("At most 5.")
    rating.get_by_role("button", name="4 of 5").click()
    expect(answers(page)).to_contain_text("Four stars, thank you.")
    expect(rating.get_by_role("button", name="4 of 5")).to_be_disabled()
    assert "Rated 4 of 5." in last_result(extended.vendor.requests[-1].body)
    is_answered(page)
    page.reload()
    expect(rating.get_by_role("button", name="4 of 5")).to_have_attribute("aria-pressed", "true")
    expect(rating.get_by_role("button", name="5 of 5")).to_have_attribute("aria-pressed", "false")
    assert watch.violations() == []
    assert watch.errors == []


def test_where_its_browser_end_is_missing_its_words_stand(page: Page, extended: Scripted) -> None:
    extended.script("Let me rate in words", [ToolCall("ask_rating", {"question": "And in words?"})], [Text("Thanks.")])
    page.route("**/extensions/rating.js", lambda route: route.abort())
    page.goto(extended.origin)
    ask(page, "Let me rate in words")
    is_answered(page)
    expect(answers(page)).to_contain_text("And in words? (1 to 5 stars)")


POINTS = {"title": "Before you go", "points": ["Passport", "Ticket", "Umbrella"]}


def test_a_kind_that_the_command_line_wrote_grows_and_is_kept(page: Page, extended: Scripted, watch: Watch) -> None:
    call = Gated(pieces(json.dumps(POINTS), 12), 9)
    extended.script("What shall I pack", [ToolCall("show_travel_list", sent=call)], [Text("Have a good trip.")])
    page.goto(extended.origin)
    ask(page, "What shall I pack")
    shown = page.get_by_role("region", name="Before you go")
    expect(shown.get_by_role("listitem")).to_have_text(["Passport"])
    call.release()
    is_answered(page)
    expect(shown.get_by_role("listitem")).to_have_text(["Passport", "Ticket", "Umbrella"])
    page.reload()
    expect(shown.get_by_role("listitem")).to_have_count(3)
    assert watch.errors == []


def test_a_kind_without_a_browser_module_is_drawn_by_another(page: Page, extended: Scripted, watch: Watch) -> None:
    def written(body: dict[str, Any]) -> Script:
        match sum(message["role"] == "tool" for message in body["messages"]):
            case 0:
                return [ToolCall("show_facts", POINTS)]
            case 1:
                more = {"op": "append", "path": "/points", "value": "Money"}
                return [ToolCall("update_block", {"block": json.loads(last_result(body))["block"], "ops": [more]})]
            case _:
                return [Text("That is all.")]

    extended.vendor.script(written, when="Say it in facts")
    page.goto(extended.origin)
    ask(page, "Say it in facts")
    is_answered(page)
    card = page.get_by_role("group", name="Before you go")
    expect(card.get_by_role("definition")).to_have_text(["Passport", "Ticket", "Umbrella", "Money"])
    page.reload()
    expect(card.get_by_role("definition")).to_have_count(4)
    expect(answers(page)).not_to_contain_text("- Passport")
    assert watch.errors == []
