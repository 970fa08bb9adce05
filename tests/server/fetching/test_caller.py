"""Calling a service whose address somebody wrote down: it never leads inside, and what is meant for it stays there."""

import asyncio
import logging
from typing import Any

import pytest
from opsloom_server.fetching import Answered, Call, Caller, FetchRefused
from server.fetching.test_fetcher import LOOPBACK, names, ok, site, to


def call(url: str, method: str = "GET", **more: Any) -> Call:
    return Call(method=method, url=url, headers={"accept": "*/*", "x-own": "ours"} | more.pop("headers", {}), **more)


async def refused(caller: Caller, wanted: Call, seconds: float = 5.0) -> FetchRefused:
    with pytest.raises(FetchRefused) as caught:
        await caller.call(wanted, seconds)
    return caught.value


INSIDE = [
    "http://127.0.0.1/",
    "http://localhost/",
    "http://127.1/",
    "http://0.0.0.0/",
    "http://2130706433/",
    "http://017700000001/",
    "http://0177.0.0.1/",
    "http://0x7f000001/",
    "http://0x7f.0.0.1/",
    "http://10.0.0.1/",
    "http://172.16.3.4/",
    "http://192.168.1.1/",
    "http://100.64.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:a9fe:a9fe]/",
    "http://[fe80::1]/",
    "http://[fd00:ec2::254]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[2002:7f00:1::]/",
    "http://inside.example/",
    "http://mixed.example/",
    "http://trailing.example./",
    "ftp://shop.example/",
    "gopher://127.0.0.1:25/_x",
    "http://user@shop.example/",
    "http://shop.example:8080/",
    "http://127.0.0.1%2f@shop.example/",
    "http:///x",
    "http://①②⑦.⓪.⓪.①/",
]


@pytest.mark.parametrize("url", INSIDE)
async def test_what_is_never_called(url: str) -> None:
    resolve = names(
        inside_example="192.168.0.9",
        mixed_example="93.184.215.14 127.0.0.1",
        shop_example="93.184.215.14",
        **{"trailing.example.": "10.1.1.1"},
    )
    error = await refused(Caller(resolve=resolve), call(url))
    assert error.code in ("private", "address", "port", "unreachable")
    assert not error.sent
    assert "Download" not in error.text


@pytest.mark.parametrize(
    "where", ["http://127.0.0.2:{port}/in", "http://169.254.169.254/", "http://inside.example/", "file:///etc/passwd"]
)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_leads_inside(where: str, status: int) -> None:
    async with site(a=b"", **{"in": ok(b"secret")}) as there:
        there.answers["/a"] = to(where.format(port=there.port), status)
        caller = Caller(LOOPBACK, resolve=names(inside_example="10.0.0.1"))
        assert (await refused(caller, call(f"http://127.0.0.1:{there.port}/a"))).code in ("private", "address")
    assert len(there.asked) == 1


async def test_a_name_that_changes_its_mind_is_asked_once_a_step() -> None:
    async with site(a=to("/b"), b=ok(b"there")) as there:
        resolve = names(rebinds_example=["127.0.0.1", "169.254.169.254"])
        error = await refused(Caller(LOOPBACK, resolve=resolve), call(f"http://rebinds.example:{there.port}/a"))
        assert (error.code, len(there.asked)) == ("private", 1)
        resolve = names(rebinds_example=["127.0.0.1", "169.254.169.254"])
        answer = await Caller(LOOPBACK, resolve=resolve).call(call(f"http://rebinds.example:{there.port}/b"), 5)
    assert (answer.status, answer.data) == (200, b"there")


async def test_three_redirects_on_the_same_host_keep_what_was_sent() -> None:
    async with site(a=to("/b"), b=to("c", 307), c=to("/d", 308), d=ok(b"x"), z=to("/a")) as there:
        base = f"http://127.0.0.1:{there.port}"
        answer = await Caller(LOOPBACK).call(call(f"{base}/a", confidential=True), 5)
        assert answer == Answered(status=200, type="", data=b"x", cut=False)
        assert all("x-own: ours" in asked for asked in there.asked)
        assert "more than 3 times" in (await refused(Caller(LOOPBACK), call(f"{base}/z"))).text


async def test_another_host_gets_nothing_that_was_meant_for_this_one() -> None:
    async with site(a=b"", b=ok(b"other")) as there:
        there.answers["/a"] = to(f"http://other.example:{there.port}/b")
        # One address under two names: it is the name that makes another host.
        caller = Caller(LOOPBACK, resolve=names(other_example="127.0.0.1", this_example="127.0.0.1"))
        url = f"http://this.example:{there.port}/a"
        assert (await caller.call(call(url, headers={"authorization": "Bearer x"}), 5)).data == b"other"
        assert "authorization" not in there.asked[-1]
        assert "x-own" not in there.asked[-1]
        before = len(there.asked)
        error = await refused(caller, call(url, headers={"authorization": "Bearer x"}, confidential=True))
        assert (error.code, error.sent, len(there.asked) - before) == ("elsewhere", True, 1)
        assert "other.example" in error.text


@pytest.mark.parametrize(("status", "again"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
async def test_what_a_redirect_does_to_a_post(status: int, again: str) -> None:
    async with site(a=to("/b", status), b=ok(b"done"), c=b"") as there:
        base = f"http://127.0.0.1:{there.port}"
        posted = call(f"{base}/a", "POST", content=b'{"x":1}', headers={"content-type": "application/json"})
        assert (await Caller(LOOPBACK).call(posted, 5)).data == b"done"
        assert there.asked[-1].startswith(f"{again} /b")
        assert ("content-type" in there.asked[-1]) == (again == "POST")
        there.answers["/c"] = to(f"http://other.example:{there.port}/b", status)
        caller = Caller(LOOPBACK, resolve=names(other_example="127.0.0.1"))
        elsewhere = call(f"{base}/c", "POST", content=b"{}")
        if again == "POST":
            assert (await refused(caller, elsewhere)).code == "elsewhere"
        else:
            assert (await caller.call(elsewhere, 5)).data == b"done"


async def test_what_is_endless_is_cut_and_what_is_silent_is_given_up() -> None:
    async with site(endless=b"endless", silent=b"silent", packed=ok(b"x", "Content-Encoding: gzip")) as there:
        base = f"http://127.0.0.1:{there.port}"
        answer = await Caller(LOOPBACK, limit=200_000).call(call(f"{base}/endless"), 10)
        assert (len(answer.data), answer.cut) == (200_000, True)
        error = await refused(Caller(LOOPBACK), call(f"{base}/silent"), 0.3)
        assert ("0.3 seconds" in error.text, error.sent) == (True, True)
        assert "packed" in (await refused(Caller(LOOPBACK), call(f"{base}/packed"))).text


async def test_an_address_in_a_log_would_be_a_secret_in_a_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with site(**{"a?key=hunter2-hunter2": ok(b"x")}) as there:
        url = f"http://127.0.0.1:{there.port}/a?key=hunter2-hunter2"
        await Caller(LOOPBACK).call(call(url, headers={"authorization": "Bearer hunter2-hunter2"}), 5)
    assert "hunter2" not in caplog.text


async def test_a_call_that_is_given_up_leaves_nothing_open() -> None:
    async with site(silent=b"silent") as there:
        task = asyncio.create_task(Caller(LOOPBACK).call(call(f"http://127.0.0.1:{there.port}/silent"), 60))
        while not there.asked:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    # `site` waits for its connections to be closed.
