"""Tools that act, on the full page: allowed, denied, cancelled, and the same in a second tab."""

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Cluster, free_port
from playwright.sync_api import BrowserContext, Page, expect
from vendors import Text, ToolCall

from browser.chatting import answers, ask, is_answered
from browser.scripted import Scripted, last_result
from browser.watching import Watch

pytestmark = pytest.mark.browser

EXTENSIONS = Path(__file__).resolve().parents[1] / "server" / "asking" / "extensions"


@pytest.fixture(scope="module")
def desk(postgres_cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scripted]:
    """A server whose assistant has tools that act."""
    url = postgres_cluster.create()
    home = tmp_path_factory.mktemp("desk")
    with Scripted(home, free_port(), url, OPSLOOM_EXTENSIONS=str(EXTENSIONS)) as server:
        request = urllib.request.Request(
            f"{server.origin}/api/v1/assistants/demo",
            data=json.dumps({"tools": ["cancel_order", "copy_files"]}).encode(),
            headers={"authorization": f"Bearer {server.key()}", "content-type": "application/json"},
            method="PATCH",
        )
        urllib.request.urlopen(request, timeout=10).close()
        yield server
    postgres_cluster.drop(url)


def test_an_approved_tool_runs_in_sight_of_every_tab(
    context: BrowserContext, desk: Scripted, watch: Watch, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    call = ToolCall("cancel_order", {"order": 7, "ledger": str(ledger), "notify": ["ada@example.com"], "seconds": 3})
    desk.script("Cancel order 7", [Text("I need your word."), call], [Text("It is cancelled.")])
    page, other = context.new_page(), context.new_page()
    page.goto(desk.origin)
    ask(page, "Cancel order 7")
    is_answered(page)
    other.goto(page.url)
    for tab in (page, other):
        request = tab.get_by_role("group", name="Cancel the order")
        expect(request).to_contain_text("cancel_order")
        expect(request).to_contain_text("ada@example.com")
        expect(request).to_contain_text("Order 7 is gone, and the money goes back.")
        expect(request).to_contain_text("Open until")
    assert not ledger.exists()
    page.get_by_role("button", name="Allow once").click()
    for tab in (other, page):
        request = tab.get_by_role("group", name="Cancel the order")
        expect(request.get_by_role("status")).to_have_text("Approved, running")
        expect(request).to_contain_text("Allowed once")
    for tab in (page, other):
        request = tab.get_by_role("group", name="Cancel the order")
        expect(request.get_by_role("status")).to_have_text("Done: Order 7 is cancelled")
        expect(answers(tab)).to_contain_text("It is cancelled.")
        expect(tab.get_by_role("button", name="Allow once")).to_have_count(0)
    assert ledger.read_text() == "cancel_order 7\n"
    page.reload()
    expect(page.get_by_role("group", name="Cancel the order").get_by_role("status")).to_have_text(
        "Done: Order 7 is cancelled"
    )
    assert watch.errors == []
    assert watch.violations() == []


def test_a_denied_tool_says_so(page: Page, desk: Scripted, tmp_path: Path) -> None:
    call = ToolCall("cancel_order", {"order": 8, "ledger": str(tmp_path / "ledger")})
    desk.script("Cancel order 8", [call], [Text("Then it stays.")])
    page.goto(desk.origin)
    ask(page, "Cancel order 8")
    is_answered(page)
    page.get_by_role("button", name="Deny and say why").click()
    page.get_by_label("Why not?").fill("It is a present.")
    page.get_by_role("button", name="Deny", exact=True).click()
    expect(answers(page)).to_contain_text("Then it stays.")
    expect(page.get_by_role("group", name="Cancel the order")).to_contain_text("Denied: It is a present.")
    page.get_by_role("button", name="1 step").click()
    line = page.get_by_role("listitem").filter(has_text="Cancel the order")
    expect(line).to_contain_text("Denied")
    assert "It was not run." in last_result(desk.vendor.requests[-1].body)
    assert not (tmp_path / "ledger").exists()


def test_a_call_is_cancelled_from_its_progress_and_the_answer_goes_on(
    context: BrowserContext, desk: Scripted, tmp_path: Path
) -> None:
    ledger = tmp_path / "ledger"
    desk.script(
        "Copy the files", [ToolCall("copy_files", {"files": 9, "ledger": str(ledger)})], [Text("I left it there.")]
    )
    page, other = context.new_page(), context.new_page()
    page.goto(desk.origin)
    ask(page, "Copy the files")
    expect(page.get_by_role("progressbar")).to_be_visible()
    other.goto(page.url)
    other.get_by_role("button", name="Cancel").click()
    for tab in (page, other):
        expect(answers(tab)).to_contain_text("I left it there.")
        expect(tab.get_by_role("group", name="Copying")).to_contain_text("Cancelled")
        expect(tab.get_by_role("button", name="Cancel")).to_have_count(0)
    assert ledger.read_text() == "closed\n"
