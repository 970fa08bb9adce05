"""Which addresses may be fetched."""

from ipaddress import ip_address, ip_network

import pytest
from opsloom_server.fetching import FetchRefused, judge, target


@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("https://example.org/a?b=c#d", "example.org", 443),
        ("http://EXAMPLE.org", "example.org", 80),
        ("https://bücher.example/", "xn--bcher-kva.example", 443),
        ("http://[2606:4700::1]/", "2606:4700::1", 80),
        ("http://93.184.215.14:8080/", "93.184.215.14", 8080),
    ],
)
def test_an_address_is_taken_apart(url: str, host: str, port: int) -> None:
    found = target(url)
    assert (found.host, found.port) == (host, port)
    assert "#" not in str(found.url)


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://example.org/", "http:// or https://"),
        ("file:///etc/passwd", "http:// or https://"),
        ("gopher://127.0.0.1:6379/_x", "http:// or https://"),
        ("//example.org/", "http:// or https://"),
        ("example.org", "http:// or https://"),
        ("http:///etc/passwd", "http:// or https://"),
        ("https://me:secret@example.org/", "user or a password"),
        ("http://example.org@127.0.0.1/", "user or a password"),
        ("http://127.1/", "with all its parts"),
        ("http://2130706433/", "with all its parts"),
        ("http://0x7f.0.0.1/", "with all its parts"),
        ("http://0x7f000001/", "with all its parts"),
        ("http://017700000001/", "with all its parts"),
        ("http://0177.0.0.1/", "not an address"),
        ("http://127.0.0.1./", "with all its parts"),
        ("http://[fe80::1%25eth0]/", "with all its parts"),
        ("http://exa%6dple.org/", "with all its parts"),
        ("http://[::1/", "not an address"),
        ("http://example.org:99999/", "not an address"),
        ("http://exa\x00mple.org/", "not an address"),
        ("https://example.org/" + "a" * 2_000, "longer than 2,000"),
    ],
)
def test_what_is_no_address_to_fetch(url: str, words: str) -> None:
    with pytest.raises(FetchRefused) as caught:
        target(url)
    assert words in caught.value.text
    assert caught.value.code == "address"
    assert "secret" not in caught.value.text


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.0.8",
        "198.18.0.1",
        "203.0.113.7",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fec0::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1::",
    ],
)
def test_what_only_a_network_of_its_own_can_reach(address: str) -> None:
    for port in (80, 443):
        with pytest.raises(FetchRefused, match="private network") as caught:
            judge(ip_address(address), port)
        assert caught.value.code == "private"
        assert address not in caught.value.text


@pytest.mark.parametrize("address", ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_what_everybody_can_reach(address: str) -> None:
    judge(ip_address(address), 80)
    judge(ip_address(address), 443)
    for port in (22, 5432, 6379, 8080):
        with pytest.raises(FetchRefused, match="ports 80 and 443"):
            judge(ip_address(address), port)


def test_a_network_that_is_let_in_is_let_in_at_every_port_and_no_other_is() -> None:
    also = [ip_network("10.1.0.0/16"), ip_network("fd00:1::/32")]
    judge(ip_address("10.1.2.3"), 8080, also)
    judge(ip_address("fd00:1::7"), 80, also)
    for outside in ("10.2.0.1", "127.0.0.1", "::ffff:10.1.2.3", "fd00:2::1"):
        with pytest.raises(FetchRefused, match="private network"):
            judge(ip_address(outside), 80, also)
