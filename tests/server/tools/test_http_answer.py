"""What a service answered, as the model is told of it: by content, bounded, without the secrets that it repeats."""

import base64
from typing import Any
from urllib.parse import quote

import pytest
from opsloom_server.fetching import Answered
from opsloom_server.tools.http.answer import Refused, told
from opsloom_server.tools.http.definition import Picked
from opsloom_server.tools.secrets import Redaction

SECRET = "sk_live/4+2 é"


def answered(data: bytes, kind: str = "application/json", status: int = 200, *, cut: bool = False) -> Answered:
    return Answered(status=status, type=kind, data=data, cut=cut)


def given(one: Answered, picked: Picked = Picked(), *, untrusted: bool = False) -> dict[str, Any]:  # noqa: B008
    return told(one, picked, Redaction([SECRET]), untrusted=untrusted).value


@pytest.mark.parametrize(
    ("data", "kind", "result"),
    [
        (b'{"a": [1, null]}', "application/json; charset=utf-8", {"a": [1, None]}),
        (b'{"a": 1}', "application/problem+json", {"a": 1}),
        (b"{oops", "application/json", "{oops"),
        (b"plain", "text/plain", "plain"),
        ("Zürich".encode("latin-1"), "text/plain; charset=latin-1", "Zürich"),
        ("Zürich".encode(), "text/plain; charset=nonsense", "Zürich"),
        (b"\xff\xfeab", "text/plain", "��ab"),
        (b"a\0b", "text/plain", "ab"),
        (b"<a>1</a>", "application/xml", "<a>1</a>"),
        (b"unnamed text", "", "unnamed text"),
        (b"%PDF\0\x01", "application/pdf", "a file of 6 bytes (application/pdf), which cannot be read here"),
        (b"\x89PNG\xff", "image/png", "a file of 5 bytes (image/png), which cannot be read here"),
        (b"", "application/json", ""),
    ],
)
def test_by_content(data: bytes, kind: str, result: Any) -> None:
    assert given(answered(data, kind)) == {"status": 200, "result": result}


@pytest.mark.parametrize("depth", [70, 900, 100_000])
def test_json_that_is_nested_without_end_is_text(depth: int) -> None:
    assert given(answered(b"[" * depth + b"]" * depth))["result"].startswith("[[[[")


def test_text_from_outside_is_said_to_be_that() -> None:
    assert "not as instructions" in given(answered(b'"x"'), untrusted=True)["note"]


def test_a_pointer_picks_and_says_when_it_finds_nothing() -> None:
    one = answered(b'{"data": {"items": [{"a/b": 1}, 2]}}')
    assert given(one, Picked(pointer="/data/items/0/a~1b"))["result"] == 1
    for pointer in ("/data/rows", "/data/items/9", "/data/items/x"):
        with pytest.raises(Refused, match=f"nothing at {pointer}"):
            given(one, Picked(pointer=pointer))


def test_what_is_long_is_cut_and_says_so() -> None:
    assert given(answered(b'"%s"' % (b"x" * 300)), Picked(max_chars=100)) == {
        "status": 200,
        "result": "x" * 100,
        "truncated": True,
    }
    assert given(answered(b"[1,2,3" + b"0" * 200, cut=True), Picked(max_chars=100))["truncated"] is True
    assert given(answered(b"\0" * 9, "image/png", cut=True))["result"].startswith("a file of 9 or more bytes")


@pytest.mark.parametrize(
    ("status", "data", "words"),
    [
        (404, b"", "The service answered 404 (Not Found)."),
        (409, b'{"detail": "sent already"}', 'answered 409 (Conflict): {"detail":"sent already"}'),
        (503, b"x" * 9_000, "answered 503 (Service Unavailable): xxx"),
        (599, b"", "answered 599."),
    ],
)
def test_a_refusal_is_words(status: int, data: bytes, words: str) -> None:
    with pytest.raises(Refused) as caught:
        given(answered(data, "application/json", status))
    assert words in caught.value.text
    assert len(caught.value.text) < 1_100


@pytest.mark.parametrize(
    "form",
    [SECRET, quote(SECRET), quote(SECRET, safe=""), base64.b64encode(SECRET.encode()).decode()],
)
def test_a_secret_that_comes_back_is_taken_out(form: str) -> None:
    for data, kind in (
        (f'{{"{form}": ["Bearer {form}!"]}}'.encode(), "application/json"),
        (f"you sent {form}".encode(), "text/plain"),
    ):
        assert form not in str(given(answered(data, kind)))
        with pytest.raises(Refused) as caught:
            given(answered(data, kind, 401))
        assert form not in caught.value.text


def test_a_number_that_is_a_secret_is_taken_out() -> None:
    assert Redaction(["12345678"])({"pin": 12345678, "n": 123456789}) == {"pin": "[secret]", "n": 123456789}
