"""Files in the composer: chosen, pasted, dropped, taken back, sent; seen after a reload; and what the model gets."""

import base64
import struct
import zlib
from typing import Any

import pytest
from playwright.sync_api import FilePayload, Locator, Page, expect
from vendors import Text

from browser.chatting import composer, is_answered
from browser.scripted import Scripted

pytestmark = pytest.mark.browser

CSV = b"region,sales\nNorth,12\nSouth,7\n"


def png(width: int, height: int) -> bytes:
    """A picture in one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\x00" + b"\x0f\x76\x6e" * width) * height
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def choose(page: Page, *files: tuple[str, str, bytes]) -> None:
    page.get_by_label("Attach files").set_input_files(
        [FilePayload(name=name, mimeType=kind, buffer=data) for name, kind, data in files]
    )


def tray(page: Page) -> Locator:
    return page.get_by_role("list", name="Attached files")


GIVE = """(target, [kind, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (one) => one.charCodeAt(0));
  const transfer = new DataTransfer();
  transfer.items.add(new File([bytes], name, { type }));
  const init = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent("paste", { ...init, clipboardData: transfer })
    : new DragEvent(kind, { ...init, dataTransfer: transfer });
  target.dispatchEvent(event);
}"""


def give(page: Page, kind: str, name: str, media_type: str, data: bytes) -> None:
    """Paste or drop a file onto the composer."""
    composer(page).evaluate(GIVE, [kind, name, media_type, base64.b64encode(data).decode()])


def content_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    said = [message for message in body["messages"] if message["role"] == "user"][-1]["content"]
    return said if isinstance(said, list) else [{"type": "text", "text": said}]


def test_files_are_attached_sent_and_seen_again(page: Page, scripted: Scripted) -> None:
    scripted.script("What is this?", [Text("A green square.")])
    picture = png(40, 40)
    page.goto(scripted.origin)
    choose(page, ("green.png", "image/png", picture), ("sales.csv", "text/csv", CSV))
    expect(tray(page).get_by_role("listitem")).to_have_count(2)
    expect(page.get_by_text("Uploading")).to_have_count(0)
    # One is taken back, by the keyboard; the composer has the focus again.
    page.get_by_role("button", name="Remove sales.csv").focus()
    page.keyboard.press("Enter")
    expect(tray(page).get_by_role("listitem")).to_have_count(1)
    expect(composer(page)).to_be_focused()
    give(page, "drop", "dropped.txt", "text/plain", b"I was dropped.")
    give(page, "paste", "image.png", "image/png", png(8, 8))
    expect(tray(page).get_by_role("listitem")).to_have_count(3)
    expect(page.get_by_text("Uploading")).to_have_count(0)
    composer(page).fill("What is this?")
    composer(page).press("Enter")
    expect(tray(page)).to_have_count(0)
    is_answered(page)
    for _ in range(2):
        expect(page.get_by_role("img", name="green.png")).to_be_visible()
        expect(page.get_by_role("img", name="image.png")).to_be_visible()
        expect(page.get_by_text("dropped.txt")).to_be_visible()
        page.reload()
    content = content_of(scripted.vendor.requests[0].body)
    urls = [one["image_url"]["url"] for one in content if one["type"] == "image_url"]
    assert urls[0] == f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    assert len(urls) == 2
    assert any("I was dropped." in one.get("text", "") for one in content)
    assert not any("North" in one.get("text", "") for one in content)


def test_a_file_alone_is_a_message_and_a_large_picture_is_made_smaller(page: Page, scripted: Scripted) -> None:
    scripted.vendor.script([Text("I see.")])
    page.goto(scripted.origin)
    expect(page.get_by_role("button", name="Send message")).to_be_disabled()
    choose(page, ("wide.png", "image/png", png(3000, 1500)))
    expect(page.get_by_role("button", name="Send message")).to_be_enabled()
    page.get_by_role("button", name="Send message").click()
    is_answered(page)
    (url,) = [
        one["image_url"]["url"] for one in content_of(scripted.vendor.requests[0].body) if one["type"] == "image_url"
    ]
    size = page.evaluate(
        "(url) => new Promise((done) => { const i = new Image(); i.onload = () => done([i.width, i.height]);"
        " fetch; i.src = url; })",
        url,
    )
    assert size == [2048, 1024]


def test_what_is_refused_says_why_in_its_place(page: Page, scripted: Scripted) -> None:
    page.goto(scripted.origin)
    page.route(
        "**/api/v1/files",
        lambda route: route.fulfill(
            status=402, json={"code": "budget", "text": "There is no room left for this file."}
        ),
    )
    choose(page, ("a.txt", "text/plain", b"a"))
    expect(page.get_by_role("alert")).to_have_text("There is no room left for this file.")
    expect(page.get_by_role("button", name="Send message")).to_be_disabled()
    page.unroute("**/api/v1/files")
    page.get_by_role("button", name="Remove a.txt").click()
    choose(page, *[(f"{number}.txt", "text/plain", b"a") for number in range(12)])
    expect(tray(page).get_by_role("listitem")).to_have_count(10)
    expect(page.get_by_text("2 were left out")).to_be_visible()
