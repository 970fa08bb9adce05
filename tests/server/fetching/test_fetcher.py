"""Fetching from servers on loopback, which is let in here by name."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest
from opsloom_server.fetching import Fetcher, FetchRefused
from opsloom_server.fetching.addresses import Address

LOOPBACK = [ip_network("127.0.0.1/32")]
PAGE = b"<!doctype html><title>Herons</title><p>Herons wait."


class Site:
    """A server that answers each path with the bytes given for it, and writes down what it was asked."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.port = 0
        self.talks: set[asyncio.Task[None]] = set()

    def begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.talks.add(asyncio.create_task(self.answer(reader, writer)))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        self.asked.append(request)
        answer = self.answers[request.split()[1]]
        if answer == b"endless":
            writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
            while not writer.is_closing():
                writer.write(b"x" * 65_536)
                with suppress(ConnectionError):
                    await writer.drain()
        elif answer == b"silent":
            await reader.read()
        else:
            writer.write(answer)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


@asynccontextmanager
async def site(**answers: bytes) -> AsyncIterator[Site]:
    made = Site({f"/{path}": answer for path, answer in answers.items()})
    server = await asyncio.start_server(made.begin, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        await asyncio.gather(*made.talks)


def ok(body: bytes, *headers: str) -> bytes:
    more = "".join(f"{header}\r\n" for header in headers)
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode() + body


def to(where: str, status: int = 302) -> bytes:
    return f"HTTP/1.1 {status} Found\r\nLocation: {where}\r\nContent-Length: 0\r\n\r\n".encode()


def names(**known: str | list[str]) -> "Names":
    return Names({name.replace("_", "."): [each] if isinstance(each, str) else each for name, each in known.items()})


class Names:
    """A name server. Each further question about a name gets the next of its answers, as one that rebinds does."""

    def __init__(self, known: dict[str, list[str]]) -> None:
        self.known = known
        self.asked: list[str] = []

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        self.asked.append(host)
        answers = self.known.get(host)
        if answers is None:
            raise OSError("Name or service not known")
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        return [ip_address(each) for each in found.split()]


async def refused(fetcher: Fetcher, url: str) -> FetchRefused:
    with pytest.raises(FetchRefused) as caught:
        await fetcher.fetch(url)
    return caught.value


async def test_a_page_comes_with_a_name_for_it() -> None:
    async with site(**{"birds/herons.html?x=1": ok(PAGE)}) as there:
        fetcher = Fetcher(LOOPBACK, resolve=names(birds_example="127.0.0.1"))
        found = await fetcher.fetch(f"http://birds.example:{there.port}/birds/herons.html?x=1#part")
    assert (found.data, found.name) == (PAGE, "herons.html")
    asked = there.asked[0].lower()
    assert f"host: birds.example:{there.port}\r\n" in asked
    assert "accept-encoding: identity\r\n" in asked


async def test_loopback_is_not_fetched_unless_it_is_let_in() -> None:
    async with site(secret=ok(b"key")) as there:
        assert (await refused(Fetcher(), f"http://127.0.0.1:{there.port}/secret")).code == "private"
        assert (await refused(Fetcher(), f"http://localhost:{there.port}/secret")).code == "private"
        assert (await refused(Fetcher(LOOPBACK), f"http://[::ffff:127.0.0.1]:{there.port}/secret")).code == "private"
    assert there.asked == []


async def test_a_name_that_stands_for_a_private_address_too_is_refused() -> None:
    resolve = names(mixed_example="93.184.215.14 169.254.169.254")
    assert (await refused(Fetcher(resolve=resolve), "https://mixed.example/")).code == "private"


async def test_a_name_that_changes_its_mind_is_asked_once() -> None:
    async with site(page=ok(PAGE)) as there:
        resolve = names(rebinds_example=["127.0.0.1", "169.254.169.254"])
        found = await Fetcher(LOOPBACK, resolve=resolve).fetch(f"http://rebinds.example:{there.port}/page")
    assert found.data == PAGE
    assert resolve.asked == ["rebinds.example"]


async def test_each_redirect_is_judged_anew() -> None:
    async with site(
        a=to("/b"),
        b=to("http://169.254.169.254/latest/meta-data"),
        c=to("http://inside.example/"),
        d=to("file:///etc/passwd"),
        e=to("http://me:secret@127.0.0.1/"),
        f=to("http://2130706433/"),
    ) as there:
        fetcher = Fetcher(LOOPBACK, resolve=names(inside_example="10.0.0.1"))
        codes = {path: (await refused(fetcher, f"http://127.0.0.1:{there.port}/{path}")).code for path in "abcdef"}
    assert codes == {"a": "private", "b": "private", "c": "private", "d": "address", "e": "address", "f": "address"}


async def test_three_redirects_are_followed_and_a_fourth_is_not() -> None:
    async with site(a=to("/b"), b=to("c", 301), c=to("d", 307), d=ok(PAGE), z=to("/a", 308)) as there:
        fetcher = Fetcher(LOOPBACK)
        assert (await fetcher.fetch(f"http://127.0.0.1:{there.port}/a")).name == "d"
        assert "more than 3 times" in (await refused(fetcher, f"http://127.0.0.1:{there.port}/z")).text


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "no page"),
        (b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n", "signing in"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "trouble of its own"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "answered 204"),
        (ok(b"\x1f\x8b", "Content-Encoding: gzip"), "packed"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort", "broke the answer off"),
        (b"SSH-2.0-OpenSSH\r\n", "broke the answer off"),
    ],
)
async def test_what_is_no_document(answer: bytes, words: str) -> None:
    async with site(page=answer) as there:
        assert words in (await refused(Fetcher(LOOPBACK), f"http://127.0.0.1:{there.port}/page")).text


async def test_what_does_not_end_is_cut_off() -> None:
    async with site(page=b"endless") as there:
        error = await refused(Fetcher(LOOPBACK), f"http://127.0.0.1:{there.port}/page")
    assert (error.code, "10 MiB" in error.text) == ("too_large", True)


async def test_what_does_not_answer_is_given_up_in_time() -> None:
    async with site(page=b"silent") as there:
        begun = time.monotonic()
        error = await refused(Fetcher(LOOPBACK, seconds=0.3), f"http://127.0.0.1:{there.port}/page")
        assert time.monotonic() - begun < 2
    assert error.code == "unreachable"


async def test_nobody_there() -> None:
    async with site() as there:
        port = there.port
    assert "Nothing answers" in (await refused(Fetcher(LOOPBACK), f"http://127.0.0.1:{port}/")).text
    assert "No address is known" in (await refused(Fetcher(resolve=names()), "https://gone.example/")).text


async def test_the_certificate_is_that_of_the_name(tmp_path: Path) -> None:
    made = await asyncio.create_subprocess_exec(
        *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=birds.example"),
        *("-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"),
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert await made.wait() == 0
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    there = Site({"/": ok(PAGE)})
    server = await asyncio.start_server(there.answer, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    fetcher = Fetcher(LOOPBACK, resolve=names(birds_example="127.0.0.1"))
    assert "no certificate that can be trusted" in (await refused(fetcher, f"https://birds.example:{port}/")).text
    server.close()
    assert there.asked == []
