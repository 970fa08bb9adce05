"""HTML to Markdown-like text: headings, paragraphs, lists, code and rows stay apart, everything else falls away."""

from __future__ import annotations

import re
import warnings

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.dammit import EncodingDetector
from bs4.element import NavigableString, PreformattedString

from opsloom_rag.errors import LoadError
from opsloom_rag.loading.decoding import decode
from opsloom_rag.loading.loaded import Limits, Loaded, clean, stem
from opsloom_rag.loading.markdown import headings

# Possessive: a file that opens with fifty comments would otherwise be tried in 2^50 ways.
_PAGE = re.compile(rb"\s*(?:<\?xml[^>]*>\s*)?(?><!--.*?-->\s*)*+<(?:!doctype\s+html|html|head|body)\b", re.I | re.S)
_FRAGMENT = re.compile(rb"\s*<(?:main|article|section|div|p|h[1-6]|table|ul|ol)\b[^>]*>", re.I)
_MARKDOWN_HEADING = re.compile(rb"^#{1,6} ", re.M)

_SILENT = ["script", "style", "template", "noscript", "svg", "iframe", "object", "nav", "form", "button", "head"]
_BLOCKS = [
    "p",
    "div",
    "section",
    "article",
    "main",
    "header",
    "footer",
    "aside",
    "blockquote",
    "ul",
    "ol",
    "dl",
    "table",
    "figure",
    "hr",
]
_LINES = ["li", "tr", "dt", "dd", "figcaption", "summary", "caption", "option"]


class HtmlLoader:
    media_type = "text/html"
    # A page of this size costs at most 0.3 s however it is nested; a hostile one of 256 KiB costs minutes.
    isolated_over = 16 * 1024

    def claims(self, data: bytes, name: str) -> bool:
        head = data[:65536].removeprefix(b"\xef\xbb\xbf")
        if _PAGE.match(head):
            return True
        # Many Markdown files begin with a centred <div>.
        return _FRAGMENT.match(head) is not None and data.rstrip().endswith(b">") and not _MARKDOWN_HEADING.search(data)

    def load(self, data: bytes, name: str, limits: Limits) -> Loaded:
        text = decode(data, EncodingDetector.find_declared_encoding(data, is_html=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)  # XHTML reads well enough as HTML
            soup = BeautifulSoup(text, "html.parser")
        title = _words(soup.title.get_text()) if soup.title else ""
        body = _flatten(soup)
        if not body:
            raise LoadError(
                "no_text",
                "This page has no text in it (it may be drawn by a script). Save what you see as PDF or text.",
            )
        found = list(headings(body))
        title = title or (found[0].title if found else stem(name))
        return Loaded(title=title, text=body, media_type=self.media_type, markup="markdown", headings=found)


def _flatten(soup: BeautifulSoup) -> str:
    for tag in soup.find_all(_SILENT):
        tag.decompose()
    for unseen in soup.find_all(string=lambda string: isinstance(string, PreformattedString)):
        unseen.extract()  # comments, the doctype, processing instructions
    root: Tag = soup
    for name in ("main", "article"):
        found = soup.find_all(name)
        if len(found) == 1 and len(found[0].get_text(strip=True)) >= 200:
            root = found[0]
            break
    for string in list(root.find_all(string=True)):
        if string.find_parent("pre") is None:
            string.replace_with(NavigableString(re.sub(r"\s+", " ", string)))
    for tag in root.find_all(re.compile("^h[1-6]$")):
        line = _words(tag.get_text())
        tag.clear()
        tag.append(f"\n\n{'#' * int(tag.name[1])} {line}\n\n" if line else "")
    for tag in root.find_all("pre"):
        code = tag.get_text().strip("\n")
        tag.clear()
        tag.append(f"\n\n```\n{code}\n```\n\n")
    for tag in root.find_all("br"):
        tag.replace_with("\n")
    for tag in root.find_all(["td", "th"]):
        tag.append(" | ")
    for tag in root.find_all(_LINES):
        tag.insert(0, "\n- " if tag.name == "li" else "\n")
    for tag in root.find_all(_BLOCKS):
        tag.insert(0, "\n\n")
        tag.append("\n\n")
    text = "\n".join(line.rstrip() for line in clean(root.get_text()).split("\n"))
    text = re.sub(r"\n (?=\S)", "\n", text)
    text = re.sub(r"\n- \s+", "\n- ", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _words(text: str) -> str:
    return " ".join(text.split())
