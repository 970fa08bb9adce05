"""Every kind of block in every state, in Chromium: sound, reached by the keyboard, and of this server alone."""

from pathlib import Path

import pytest
from playwright.sync_api import Dialog, Locator, Page, expect

from browser.axe import findings
from browser.growing import Kind, grown, worded
from browser.watching import Watch

pytestmark = pytest.mark.browser

WIDTHS = (1280, 390)
# What a person can open, opened: what is inside is looked at as well.
OPEN_ALL = """() => {
    for (const one of document.querySelectorAll("details")) one.open = true;
    for (const one of document.querySelectorAll("h4 > button[aria-expanded=false]")) one.click();
}"""
WHOLE = "() => document.documentElement.dataset.ready && !document.querySelector('.skeleton, [aria-busy=true]')"


def opened(page: Page, gallery: str, query: str = "") -> None:
    page.goto(f"{gallery}/blocks.html?{query}")
    page.wait_for_function(WHOLE)


def case(page: Page, name: str) -> Locator:
    """A kind in one state: `chart/bar`."""
    return page.locator(f'[data-case="{name}"]')


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_every_state_is_sound(page: Page, watch: Watch, gallery: str, width: int, theme: str) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    opened(page, gallery, f"theme={theme}")
    page.evaluate(OPEN_ALL)
    page.wait_for_function(WHOLE)
    assert page.locator("[data-case]").count() > 90
    assert findings(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing is wider than the page"
    assert watch.violations() == []
    assert watch.errors == []
    assert watch.origins == {gallery}


def test_right_to_left(page: Page, watch: Watch, gallery: str) -> None:
    page.set_viewport_size({"width": 390, "height": 900})
    opened(page, gallery, "dir=rtl")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert watch.errors == []


@pytest.mark.parametrize("round_", [0, 23, 46])
def test_hostile_texts_stay_words(page: Page, watch: Watch, gallery: str, round_: int) -> None:
    dialogs: list[str] = []

    def refuse(dialog: Dialog) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", refuse)
    opened(page, gallery, f"hostile={round_}")
    page.evaluate(OPEN_ALL)
    page.wait_for_function(WHOLE)
    assert dialogs == []
    assert watch.origins == {gallery}
    assert watch.violations() == []
    assert watch.errors == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_chart_is_read_with_the_keyboard_and_taken_along(page: Page, gallery: str, tmp_path: Path) -> None:
    opened(page, gallery, "kind=chart")
    chart = case(page, "chart/bar")
    values = chart.get_by_role("slider")
    values.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(values).to_have_attribute("aria-valuenow", "1")
    spoken = values.get_attribute("aria-valuetext") or ""
    assert chart.get_by_role("img").is_visible()
    assert any(sign.isdigit() for sign in spoken), spoken
    page.keyboard.press("End")
    expect(values).to_have_attribute("aria-valuenow", values.get_attribute("aria-valuemax") or "")
    chart.get_by_role("button", name="Download").click()
    with page.expect_download() as picture:
        page.get_by_role("menuitem", name="Download PNG").click()
    picture.value.save_as(tmp_path / "chart.png")
    data = (tmp_path / "chart.png").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert len(data) > 10_000, "a picture with something on it"
    chart.get_by_role("button", name="Download").click()
    with page.expect_download() as figures:
        page.get_by_role("menuitem", name="Download CSV").click()
    figures.value.save_as(tmp_path / "chart.csv")
    lines = (tmp_path / "chart.csv").read_text("utf-8-sig").splitlines()
    chart.get_by_role("button", name="Show as table").click()
    assert len(lines) == chart.get_by_role("row").count()


def test_ten_thousand_rows_are_sorted_filtered_and_walked_through(page: Page, gallery: str) -> None:
    opened(page, gallery, "kind=table")
    table = case(page, "table/10,000 rows")
    table.get_by_role("button", name="Show all 10,000").click()
    rows = table.get_by_role("row")
    assert rows.count() < 60, "those in view and a few more"
    expect(table.get_by_role("table")).to_have_attribute("aria-rowcount", "10001")
    box = table.get_by_role("group", name="Orders").last
    box.focus()
    page.keyboard.press("End")
    expect(table.get_by_role("row", name="A-109999")).to_be_visible()
    took = page.evaluate(
        """async (head) => {
            const from = performance.now();
            head.click();
            await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
            return performance.now() - from;
        }""",
        table.get_by_role("button", name="Sum").element_handle(),
    )
    print(f"figure: 10,000 rows sorted and painted in {took:.0f} ms")
    expect(table.get_by_role("columnheader", name="Sum")).to_have_attribute("aria-sort", "ascending")
    table.get_by_role("searchbox").fill("west a-10432")
    expect(table.get_by_role("status")).to_contain_text("of 10,000 rows")
    expect(table.get_by_role("row")).not_to_have_count(0)
    expect(table.get_by_role("row").nth(1)).to_contain_text("A-10432")
    table.get_by_role("searchbox").fill("nowhere at all")
    expect(table).to_contain_text("No row has these words.")


def test_tabs_sections_and_maps_by_keyboard(page: Page, gallery: str) -> None:
    opened(page, gallery, "kind=tabs")
    tabs = case(page, "tabs/texts")
    tabs.get_by_role("tab").first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.get_by_role("tab").nth(1)).to_be_focused()
    expect(tabs.get_by_role("tab").nth(1)).to_have_attribute("aria-selected", "true")
    page.keyboard.press("End")
    expect(tabs.get_by_role("tab").last).to_have_attribute("aria-selected", "true")
    opened(page, gallery, "kind=accordion")
    head = case(page, "accordion/texts and a table").get_by_role("button", expanded=False).first
    name = head.inner_text()
    head.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name=name, expanded=True)).to_be_focused()
    opened(page, gallery, "kind=map")
    places = case(page, "map/points").get_by_role("slider")
    places.focus()
    page.keyboard.press("ArrowRight")
    expect(places).to_have_attribute("aria-valuetext", "Berlin, 12 staff, Open until 20:00")
    page.keyboard.press("ArrowRight")
    expect(places).to_have_attribute("aria-valuenow", "2")


def test_a_request_is_denied_with_a_reason(page: Page, gallery: str) -> None:
    opened(page, gallery, "kind=confirm")
    request = case(page, "confirm/dangerous")
    request.get_by_role("button", name="Deny and say why").click()
    page.keyboard.type("Not on a Friday.")
    request.get_by_role("button", name="Deny", exact=True).click()
    expect(request).to_contain_text("Denied: Not on a Friday.")
    expect(request.get_by_role("button")).to_have_count(0)
    other = case(page, "confirm/for the future as well")
    other.get_by_role("button", name="Always allow").click()
    expect(other).to_contain_text("Allowed, from now on always")


def test_a_form_with_a_slider_stars_and_a_file(page: Page, gallery: str) -> None:
    opened(page, gallery, "kind=form")
    form = case(page, "form/every type")
    form.get_by_label("Your name").fill("Ada")
    form.get_by_label("I agree").check()
    form.get_by_role("slider", name="Share").focus()
    page.keyboard.press("End")
    form.get_by_role("radio", name="3 of 5").click()
    page.keyboard.press("ArrowRight")
    expect(form.get_by_role("radio", name="4 of 5")).to_be_checked()
    form.get_by_label("Contract", exact=True).set_input_files(
        {"name": "contract.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"}
    )
    expect(form).to_contain_text("contract.pdf is here.")
    form.get_by_role("button", name="Send it").click()
    for words in ("Ada", "100", "4 of 5", "A file", "Yes"):
        expect(form).to_contain_text(words)
    expect(form.get_by_role("textbox")).to_have_count(0)


@pytest.mark.alone
@pytest.mark.parametrize(("kind", "seconds"), [("table", 5), ("chart", 8)])
def test_a_growing_block_leaves_the_page_quick(
    page: Page, watch: Watch, gallery: str, kind: Kind, seconds: int
) -> None:
    """`make bench-blocks` does it for as long as it takes."""
    growth = grown(page, gallery, kind, seconds)
    print(f"figure: {worded(growth)}")
    # 200 ms is what is aimed for on two shared cores; the rest is for a machine that runs the other tests meanwhile.
    assert growth.slowest_ms <= 400
    assert growth.last_half_bytes <= 1.1 * growth.first_half_bytes, "a patch costs what it brings, not what is there"
    if kind == "table":
        expect(page.get_by_text("5,000 rows")).to_be_visible()
        # 5,000 rows of three cells are 2.5 MB of objects; what was drawn of them must not stay.
        assert growth.heap_mb[2] - growth.heap_mb[0] < 15
    else:
        assert page.get_by_role("slider").get_attribute("aria-valuemax") != "0"
        assert growth.heap_mb[2] - growth.heap_mb[1] < 3
    assert watch.errors == []


def test_a_recording_is_read_when_it_is_wanted_and_played(page: Page, watch: Watch, gallery: str) -> None:
    opened(page, gallery, "kind=audio")
    recording = case(page, "audio/a tone")
    expect(recording.locator("audio")).to_have_count(0)
    recording.get_by_role("button", name="Play A quiet tone, 0:01").click()
    page.wait_for_function("() => document.querySelector('audio')?.duration === 1")
    assert watch.violations() == []
    assert watch.origins == {gallery}


def test_a_picture_is_enlarged_and_put_back(page: Page, watch: Watch, gallery: str) -> None:
    opened(page, gallery, "kind=image")
    small = case(page, "image/with a caption").get_by_role("button", name="Enlarge")
    small.focus()
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    expect(large.get_by_role("img")).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_have_count(0)
    expect(small).to_be_focused()
    assert watch.violations() == []
