"""What is sent for a tool that a workspace described: each value stays in its place. What a description may not say."""

from typing import Any

import msgspec
import pytest
from opsloom_server.errors import Invalid
from opsloom_server.fetching import Call
from opsloom_server.tools.http import Definition
from opsloom_server.tools.http.definition import issues_of
from opsloom_server.tools.http.request import request

TEXT = {"type": "string"}


def described(url: str = "https://shop.example/orders/{order}", **http: Any) -> Definition:
    """A tool with the arguments `order` (needed), `note`, `tags` and `deep`, all of which it sends somewhere."""
    fields = {
        "title": "T",
        "about": "A",
        "effect": "reads",
        "danger": False,
        "untrusted": True,
        "parameters": {"properties": {"order": TEXT, "note": TEXT, "tags": {}, "deep": {}}, "required": ["order"]},
        "http": {"url": url, **http},
    }
    return msgspec.convert(fields, Definition)


def sent(args: dict[str, Any], url: str = "https://shop.example/orders/{order}", **http: Any) -> Call:
    return request(described(url, **http), args, {"key": "s3cret/+ value", "line": "a\r\nHost: evil"})


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("7", "/orders/7"),
        ("a b/c", "/orders/a%20b%2Fc"),
        ("?x=1#y", "/orders/%3Fx%3D1%23y"),
        ("@evil.example", "/orders/%40evil.example"),
        ("{{secret:key}}", "/orders/%7B%7Bsecret%3Akey%7D%7D"),
        ("{note}", "/orders/%7Bnote%7D"),
        ("Zürich", "/orders/Z%C3%BCrich"),
        ("%2e%2e%2f", None),
        ("..", None),
        (".", None),
        ("../../admin", None),
        ("..\\admin", None),
        ("..;/admin", None),
        ("%2e%2e", None),
        ("", None),
        ("7\r\nX: y", None),
        ("7\0", None),
    ],
)
def test_a_value_in_a_path_stays_one_part_of_it(value: str, path: str | None) -> None:
    if path is None:
        with pytest.raises(Invalid, match="The address cannot be made"):
            sent({"order": value})
    else:
        assert sent({"order": value}).url == f"https://shop.example{path}"


def test_two_values_cannot_make_a_step_up_together() -> None:
    with pytest.raises(Invalid, match="The address cannot be made"):
        sent({"order": ".", "note": "."}, "https://shop.example/{order}{note}/x")
    assert sent({"order": ".", "note": "a"}, "https://shop.example/{order}{note}/x").url.endswith("/.a/x")


def test_what_a_query_holds_is_encoded_and_what_is_not_given_is_left_out() -> None:
    query = {"q": "{note}", "tag": "{tags}", "by": "order {order}", "key": "{{secret:key}}"}
    call = sent({"order": "7", "note": "a&b=c", "tags": ["x", "y z"]}, "https://shop.example/find?v=1", query=query)
    assert call.url == (
        "https://shop.example/find?v=1&q=a%26b%3Dc&tag=x&tag=y%20z&by=order%207&key=s3cret%2F%2B%20value"
    )
    assert sent({"order": "7"}, "https://shop.example", query={"q": "{note}"}).url == "https://shop.example/"
    assert sent({"order": "7"}, "https://shop.example/?", query={"q": "{order}"}).url == "https://shop.example/?q=7"


@pytest.mark.parametrize("value", ["a\r\nX-Admin: yes", "a\nb", "a\0b", "naïve", "a\x7f"])
def test_a_value_in_a_header_cannot_end_its_line(value: str) -> None:
    with pytest.raises(Invalid, match="printable ASCII"):
        sent({"order": "7", "note": value}, headers={"X-Note": "for {note}"})


def test_a_secret_of_several_lines_is_no_header_and_is_not_shown() -> None:
    with pytest.raises(Invalid) as caught:
        sent({"order": "7"}, headers={"Authorization": "Bearer {{secret:line}}"})
    assert "evil" not in caught.value.text


def test_headers_are_filled_and_left_out() -> None:
    headers = {"Authorization": "Bearer {{secret:key}}", "X-Note": "{note}", "Accept": "text/csv"}
    call = sent({"order": "7"}, headers=headers)
    assert call.headers == {"accept": "text/csv", "user-agent": "Opsloom", "authorization": "Bearer s3cret/+ value"}
    assert call.confidential
    assert not sent({"order": "7"}).confidential


def test_json_keeps_the_kinds_of_its_values() -> None:
    body = {"json": {"id": "{order}", "deep": ["{deep}", "{tags}"], "say": "It is {note}", "q": "{ {x} }", "n": 1}}
    call = sent({"order": '7", "admin": true', "deep": {"a": [1, None]}}, method="POST", body=body)
    assert msgspec.json.decode(call.content or b"") == {
        "id": '7", "admin": true',
        "deep": [{"a": [1, None]}],
        "q": "{ {x} }",
        "n": 1,
    }
    assert call.headers["content-type"] == "application/json"


def test_the_arguments_as_a_body() -> None:
    call = sent({"order": "7", "note": "n", "tags": [1]}, method="POST", body={"arguments": True})
    assert msgspec.json.decode(call.content or b"") == {"note": "n", "tags": [1]}
    call = sent({"order": "7", "note": "n"}, method="PUT", body={"arguments": ["order", "deep"]})
    assert msgspec.json.decode(call.content or b"") == {"order": "7"}


def test_a_form_is_encoded() -> None:
    call = sent(
        {"order": "7&x=1", "tags": ["a", "b"]},
        "https://shop.example/f",
        method="POST",
        body={"form": {"o": "{order}", "t": "{tags}", "n": "{note}"}},
    )
    assert call.content == b"o=7%26x%3D1&t=a&t=b"
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"


ALL: dict[str, Any] = {"query": {"n": "{note}", "t": "{tags}", "d": "{deep}"}}


@pytest.mark.parametrize(
    ("fields", "path", "words"),
    [
        ({"url": "https://{order}/x"}, "/http/url", "fixed"),
        ({"url": "https://{order}.shop.example/x"}, "/http/url", "fixed"),
        ({"url": "https://shop.example:{order}/x"}, "/http/url", "fixed"),
        ({"url": "{order}://shop.example/x"}, "/http/url", "fixed"),
        ({"url": "https://shop.example{order}/x"}, "/http/url", "fixed"),
        ({"url": "https://shop.example@{order}/"}, "/http/url", "fixed"),
        ({"url": "https://{{secret:key}}@shop.example/{order}"}, "/http/url", "fixed"),
        ({"url": "https://me:pass@shop.example/{order}"}, "/http/url", "fixed"),
        ({"url": "https://shop.example\\@evil.example/{order}"}, "/http/url", "fixed"),
        ({"url": "//shop.example/{order}"}, "/http/url", "fixed"),
        ({"url": "file:///etc/passwd?{order}"}, "/http/url", "fixed"),
        ({"url": "https://shop.example/{order}#top"}, "/http/url", "fixed"),
        ({"url": "https://shop.example/{order}/{ x }"}, "/http/url", "fixed"),
        ({"url": "https://shop.example/{order}/{{key}}"}, "/http/url", "brace"),
        ({"url": "https://shop.example/{order}/{note}"}, "/http/url", "required"),
        ({"url": "https://2130706433/{order}"}, "/http/url", "as a name"),
        ({"url": "https://0x7f.1/{order}"}, "/http/url", "as a name"),
        ({"url": "https://shop.example/{order}?y={other}"}, "/http/url", "no property “other”"),
        ({"headers": {"Host": "evil.example"}}, "/http/headers/Host", "by itself"),
        ({"headers": {"Content-Length": "1"}}, "/http/headers/Content-Length", "by itself"),
        ({"headers": {"X-A\r\nB": "x"}}, "/http/headers/X-A\r\nB", "no name"),
        ({"headers": {"X-A": "x\r\nB: y"}}, "/http/headers/X-A", "printable"),
        ({"headers": {"X-A": "{other}"}}, "/http/headers/X-A", "no property"),
        ({"body": {"arguments": True}}, "/http/body", "GET has no body"),
        ({"method": "POST", "body": {"arguments": ["other"]}}, "/http/body/arguments", "no property"),
        ({"method": "POST", "body": {"form": {}, "json": 1}}, "/http/body", "one of"),
        ({"method": "POST", "body": {}}, "/http/body", "one of"),
        ({"query": {"t": "{tags}", "d": "{deep}"}}, "/parameters/properties/note", "sent nowhere"),
    ],
)  # fmt: skip
def test_what_a_description_may_not_say(fields: dict[str, Any], path: str, words: str) -> None:
    issues = issues_of(described(**(ALL | fields)))
    assert [issue.path for issue in issues][:1] == [path], issues
    assert words in issues[0].text


def test_what_it_may_say() -> None:
    for fields in (
        {},
        {"url": "http://127.0.0.1:8080/a/{order}?x={{secret:key}}"},
        {"url": "https://[2606:4700::1]/{order}"},
        {"method": "POST", "body": {"json": {"a": ["{order}", "{not_ours}"]}}},
    ):
        assert issues_of(described(**(ALL | fields))) == []
    assert described(
        url="https://a.example/{order}?k={{secret:key}}", headers={"X": "{{secret:key}}{{secret:b}}"}
    ).secrets == [
        "key",
        "b",
    ]


def test_a_schema_at_fault_is_an_issue() -> None:
    definition = msgspec.structs.replace(described(**ALL), parameters={"properties": {"order": {"type": "text"}}})
    assert [issue.path for issue in issues_of(definition)] == ["/parameters"]
    definition = msgspec.structs.replace(
        described(**ALL), parameters={"properties": {"order": {"pattern": "(?=x)"}}, "required": ["order"]}
    )
    assert "looks about" in issues_of(definition)[0].text
