"""Tickets: the same person again, and which failures pass."""

from typing import Any

import httpx2
import pytest
from opsloom_client import Denied
from opsloom_client.tickets import Later, Tickets


def tickets(answers: list[httpx2.Response | Exception], asked: list[Any], **who: Any) -> Tickets:
    async def answer(request: httpx2.Request) -> httpx2.Response:
        import json

        asked.append(json.loads(request.content))
        found = answers.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    http = httpx2.AsyncClient(base_url="http://a/", transport=httpx2.MockTransport(answer))
    return Tickets(http, **({"assistant": "demo", "visitor": None} | who))


async def test_a_visitor_stays_the_same_person() -> None:
    asked: list[Any] = []
    answers: list[Any] = [
        httpx2.Response(200, json={"ticket": "t1", "expires_in": 30, "visitor": "v"}),
        httpx2.Response(200, json={"ticket": "t2", "expires_in": 30}),
    ]
    taking = tickets(answers, asked)
    assert [await taking.take(), await taking.take()] == ["t1", "t2"]
    assert asked == [{"assistant": "demo"}, {"assistant": "demo", "visitor": "v"}]
    assert taking.visitor == "v"


async def test_a_visitor_who_is_not_known_any_more_becomes_a_new_one() -> None:
    asked: list[Any] = []
    answers: list[Any] = [
        httpx2.Response(401, json={"code": "forbidden", "text": "Who?"}),
        httpx2.Response(200, json={"ticket": "t", "expires_in": 30, "visitor": "new"}),
    ]
    taking = tickets(answers, asked, visitor="old")
    assert await taking.take() == "t"
    assert asked[1] == {"assistant": "demo"}
    assert taking.visitor == "new"


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (httpx2.Response(503, json={"code": "unavailable", "text": "Soon.", "retry_ms": 1500}), 1.5),
        (httpx2.Response(429, json={"code": "rate_limited", "text": "Slow."}, headers={"retry-after": "7"}), 7),
        (httpx2.Response(502, text="<h1>Bad gateway</h1>"), None),
        (httpx2.Response(500, json=["?"]), None),
        (httpx2.ConnectError("refused"), None),
        (httpx2.ReadTimeout(""), None),
    ],
)
async def test_not_now(answer: Any, seconds: float | None) -> None:
    with pytest.raises(Later) as caught:
        await tickets([answer], []).take()
    assert caught.value.seconds == seconds


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        (httpx2.Response(404, json={"code": "not_found", "text": "No such assistant."}), "not_found", "No such"),
        (httpx2.Response(403, json={"code": "forbidden", "text": "Not you."}), "forbidden", "Not you."),
        (httpx2.Response(404, text="nginx"), "not_found", "404"),
        (httpx2.Response(200, text="hello"), "invalid", "not an Opsloom server"),
        (httpx2.Response(200, json={"token": 1}), "invalid", "not an Opsloom server"),
        (httpx2.Response(301, headers={"location": "https://b/"}), "invalid", "moved"),
        (
            httpx2.Response(422, json={"code": "invalid", "text": "Wrong.", "detail": [{"msg": "Too long"}]}),
            "invalid",
            "Wrong. Too long",
        ),
    ],
)
async def test_not_ever(answer: httpx2.Response, code: str, words: str) -> None:
    with pytest.raises(Denied, match=words) as caught:
        await tickets([answer], []).take()
    assert caught.value.code == code
