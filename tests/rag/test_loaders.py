"""Loaders: the contract that every entry of LOADERS keeps, and what becomes of files that cannot be read."""

from __future__ import annotations

import asyncio
import resource
import time
import zlib

import psutil
import pytest
from opsloom_rag.errors import LoadError
from opsloom_rag.loading import LOADERS, Limits, Loaded, load
from opsloom_rag.passages import Content

from rag.papers import pdf

MARKDOWN = "# Guide\n\nFirst words.\n\n## Install\n\nRun `make run`.\n\n```sh\n# not a heading\n```\n"
HTML = """<!doctype html><html><head><title>Guide</title><style>p {}</style></head><body><nav>Menu</nav>
<h1>Guide</h1><p>First <b>words</b>&nbsp;here.</p><h2>Install</h2><ul><li>one</li><li>two</li></ul>
<pre>  keep
    this</pre><table><tr><th>a</th><th>b</th></tr></table><script>alert(1)</script></body></html>"""

# One document of each kind, under a name that says nothing or lies.
SAMPLES = {
    "pdf": (pdf(["First words.", "Second page."], title="Guide"), "notes.md"),
    "html": (HTML.encode(), "page"),
    "markdown": (MARKDOWN.encode(), "guide"),
    "plain": (b"Guide\nFirst words, and nothing else.", "guide.bin"),
}

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


def content(data: bytes | str, name: str = "") -> Content:
    return Content(data=data.encode() if isinstance(data, str) else data, name=name)


@pytest.mark.parametrize("kind", LOADERS)
async def test_each_loader_keeps_the_contract(kind: str) -> None:
    data, name = SAMPLES[kind]
    loaded = await load(content(data, name))
    assert loaded.media_type == LOADERS[kind].media_type
    assert loaded.title
    assert "First words" in loaded.text
    assert "\r" not in loaded.text
    assert "\x00" not in loaded.text
    assert loaded.text == loaded.text.encode("utf-8").decode("utf-8")
    for heading in loaded.headings:
        assert 1 <= heading.level <= 6
        assert 0 <= heading.start <= len(loaded.text)
    assert [heading.start for heading in loaded.headings] == sorted(heading.start for heading in loaded.headings)
    assert [start for _, start in loaded.pages] == sorted(start for _, start in loaded.pages)
    assert await load(content(data, name)) == loaded, "the same bytes give the same text"


@pytest.mark.parametrize(
    ("data", "name", "code", "says"),
    [
        (b"", "empty.md", "empty", "empty"),
        (b" \n\t\n", "blank.txt", "empty", "empty"),
        (PNG, "notes.md", "unsupported", "image"),
        (b"PK\x03\x04\x14\x00\x06\x00[Content_Types].xml", "letter.pdf", "unsupported", "Save it as PDF"),
        (b"PK\x03\x04\x14\x00\x06\x00data.bin", "a.txt", "unsupported", "Unpack"),
        (bytes(range(256)) * 40, "a.md", "binary", "not text"),
        ("Grüße aus Köln. ".encode("latin-1") * 20, "a.txt", "encoding", "UTF-8"),
        ("Привет, как дела? ".encode("cp1251") * 20, "a.txt", "encoding", "UTF-8"),
        (b"%PDF-1.7\nthis is no PDF at all", "a.pdf", "broken", "damaged"),
        (SAMPLES["pdf"][0][:400], "a.pdf", "broken", "damaged"),
        (pdf(["Secret."], password="x"), "a.pdf", "encrypted", "protection"),
        (pdf([""]), "scan.pdf", "no_text", "OCR"),
        (b"<!doctype html><html><body><script>draw()</script></body></html>", "a.html", "no_text", "script"),
        (b'<html><head><meta charset="x-none"></head><body>words</body></html>', "a.html", "encoding", "x-none"),
    ],
)
async def test_what_cannot_be_read_ends_in_words_that_say_what_to_do(
    data: bytes, name: str, code: str, says: str
) -> None:
    with pytest.raises(LoadError) as caught:
        await load(content(data, name))
    assert caught.value.code == code
    assert says in caught.value.text
    assert caught.value.text[0].isupper()
    assert caught.value.text.endswith(".")


async def test_markdown_headings_and_title() -> None:
    loaded = await load(content(MARKDOWN, "x.md"))
    assert loaded.text == MARKDOWN
    assert loaded.title == "Guide"
    assert [(heading.level, heading.title) for heading in loaded.headings] == [(1, "Guide"), (2, "Install")]
    assert loaded.text[loaded.headings[1].start :].startswith("## Install")


async def test_markdown_front_matter_underlines_and_decoration() -> None:
    text = '---\ntitle: "Named"\n---\n\nTop\n===\n\nwords\n\n[Link](x) and `code`\n---\n\n- item\n---\n\n### `a` ###\n'
    loaded = await load(content(text, "x.md"))
    assert loaded.title == "Named"
    assert [heading.title for heading in loaded.headings] == ["Top", "Link and code", "a"]


async def test_html_keeps_structure_and_drops_the_rest() -> None:
    loaded = await load(content(HTML))
    assert loaded.title == "Guide"
    assert "# Guide" in loaded.text
    assert "First words here." in loaded.text
    assert "- one\n- two" in loaded.text
    assert "  keep\n    this" in loaded.text
    assert "a | b" in loaded.text
    assert "alert" not in loaded.text
    assert "Menu" not in loaded.text
    assert [heading.title for heading in loaded.headings] == ["Guide", "Install"]


async def test_html_follows_the_encoding_it_declares() -> None:
    page = '<html><head><meta charset="iso-8859-1"></head><body><p>Grüße</p></body></html>'
    assert (await load(content(page.encode("latin-1")))).text == "Grüße"


async def test_a_large_page_is_read_in_a_process_of_its_own() -> None:
    page = "<html><body>" + "<p>Some words of a long page.</p>" * 10_000 + "</body></html>"
    assert len(page) > (LOADERS["html"].isolated_over or 0)
    assert (await load(content(page))).text.count("Some words") == 10_000


async def test_text_with_byte_order_marks() -> None:
    for encoding in ("utf-8-sig", "utf-16", "utf-32"):
        assert (await load(content("Grüße 👋".encode(encoding), "a.txt"))).text == "Grüße 👋"


async def test_pdf_pages_title_and_outline() -> None:
    data = pdf(["First page.", "Second page."], title="Annual report", outline=[("Start", 0), ("Numbers", 1)])
    loaded = await load(content(data, "a.pdf"))
    assert loaded.title == "Annual report"
    assert [number for number, _ in loaded.pages] == [1, 2]
    assert loaded.text[loaded.pages[1][1] :].startswith("Second page.")
    assert [(heading.title, heading.start) for heading in loaded.headings] == [
        ("Start", 0),
        ("Numbers", loaded.pages[1][1]),
    ]


async def test_a_given_title_wins_and_a_name_is_the_last_resort() -> None:
    assert (await load(Content(data=b"words", name="https://x.example/a/some-page.txt"))).title == "some-page"
    assert (await load(Content(data=b"words", name="a.txt", title="Given"))).title == "Given"


async def test_limits_have_words() -> None:
    for limits, code in ((Limits(bytes=3), "too_large"), (Limits(chars=3), "too_long")):
        with pytest.raises(LoadError) as caught:
            await load(content("words"), limits)
        assert caught.value.code == code
    with pytest.raises(LoadError) as caught:
        await load(content(pdf(["a", "b", "c"])), Limits(pages=2))
    assert (caught.value.code, "3 pages" in caught.value.text) == ("too_large", True)


async def test_a_reader_that_takes_too_long_is_ended() -> None:
    long = pdf(["\n".join("Many words stand on each of these pages." for _ in range(60))] * 1_600)  # 4 s of work
    start = time.monotonic()
    with pytest.raises(LoadError) as caught:
        await load(content(long), Limits(seconds=1))
    assert caught.value.code == "too_large"
    assert time.monotonic() - start < 5


async def test_a_bomb_fails_and_costs_this_process_nothing() -> None:
    """300 MB of blanks in one page's stream, 300 kB packed."""
    packer = zlib.compressobj(9)
    bomb = b"".join([*(packer.compress(b" " * 1_000_000) for _ in range(300)), packer.flush()])
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 4 0 R >>"
    stream = b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(bomb), bomb)
    bodies = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>", page, stream]
    data = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % item for item in enumerate(bodies, 1))
    data += b"trailer\n<< /Size 5 /Root 1 0 R >>\n%%EOF"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(LoadError) as caught:
        await load(content(data))
    assert caught.value.code in ("broken", "too_large", "no_text")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


@pytest.mark.parametrize(
    "text",
    [
        "# " + "[" * 300_000,
        "# a" + " " * 300_000 + "b",
        "](" * 150_000,
        "---\ntitle: a" + " " * 300_000 + "b\n---\n",
        "<!-- -->" * 40_000 + "no page",
        "<html>" + "<div>a" * 50_000,
        "<html><pre>" + " " * 300_000 + "x",
        "> " * 150_000 + "deep",
        "\n---" * 80_000,
        "`" * 300_000,
    ],
    ids=lambda text: text[:12],
)
async def test_text_made_to_be_slow_is_read_or_refused_in_time(text: str) -> None:
    """Patterns whose time grows with the square of a line would take minutes here, and hold up the event loop."""
    start = time.monotonic()
    for name in ("a.md", "a"):
        outcome = (await asyncio.gather(load(content(text, name), Limits(seconds=3)), return_exceptions=True))[0]
        assert isinstance(outcome, Loaded) or (isinstance(outcome, LoadError) and outcome.code == "too_large")
    assert time.monotonic() - start < 12


async def test_a_cancelled_load_leaves_no_process() -> None:
    long = pdf(["\n".join("Many words stand on each of these pages." for _ in range(60))] * 400)
    task = asyncio.create_task(load(content(long)))
    await asyncio.sleep(0.4)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    left = [child for child in psutil.Process().children() if "opsloom_rag.loading.worker" in child.cmdline()]
    assert left == []
