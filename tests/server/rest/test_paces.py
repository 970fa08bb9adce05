"""How often one address may ask without credentials; whoever shows some is not counted. And tickets for a site."""

import time
from typing import Any

from opsloom_server.auth import tickets
from opsloom_server.auth.pace import Pace, household
from opsloom_server.rest import Paces
from opsloom_server.settings import Limits

HELP = {"slug": "help", "name": "Help", "public": True}


async def test_new_visitors_are_counted_and_old_ones_are_not(rest: Any) -> None:
    await rest.ok(await rest.owner.post("/assistants", json=HELP), 201)
    wish = {"assistant": "help"}
    for _ in range(20):
        given = await rest.ok(await rest.nobody.post("/tickets", json=wish))
    refused = await rest.nobody.post("/tickets", json=wish)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert 0 < refused.json()["retry_ms"] <= 60_001
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    await rest.ok(await rest.nobody.post("/tickets", json={**wish, "visitor": given["visitor"]}))
    await rest.ok(await rest.member.post("/tickets", json=wish))


async def test_attempts_to_sign_in_are_counted(rest: Any) -> None:
    statuses = [(await rest.nobody.post("/login", json={"token": f"opsl_default_{n}"})).status_code for n in range(12)]
    assert statuses == [401] * 10 + [429] * 2


async def test_tickets_without_credentials_come_as_fast_as_sockets(rest: Any) -> None:
    services = rest.services
    limited = type(services)(
        **{name: getattr(services, name) for name in services.__struct_fields__ if name != "paces"},
        paces=Paces.of(Limits(connects_per_second=2)),
    )
    rest.services = limited
    async with rest.client() as nobody:
        statuses = [(await nobody.post("/tickets", json={"assistant": "absent"})).status_code for _ in range(4)]
    assert statuses == [404, 404, 429, 429]


async def test_a_ticket_for_a_site_is_for_its_assistant_and_its_pages(rest: Any) -> None:
    made = await rest.ok(await rest.owner.post("/assistants", json=HELP), 201)
    await rest.ok(await rest.owner.post("/assistants", json={**HELP, "slug": "sales", "name": "Sales"}), 201)
    sites = []
    for name, origin in (("Shop", "https://shop.example"), ("Blog", "https://blog.example")):
        wish = {"name": name, "assistant": "help", "origins": [origin]}
        sites.append((await rest.ok(await rest.owner.post("/sites", json=wish), 201))["id"])
    page = {"Origin": "https://shop.example"}
    for wish in ({"site": sites[0]}, {"site": sites[0], "assistant": "help"}):
        given = await rest.ok(await rest.nobody.post("/tickets", json=wish, headers=page))
        assert (await tickets.redeem(rest.database, given["ticket"], page["Origin"])).assistants == (made["id"],)
    assert (await rest.nobody.post("/tickets", json={"site": sites[1]}, headers=page)).status_code == 403
    for other in ({"site": "sit_none"}, {"site": sites[0], "assistant": "sales"}):
        assert (await rest.nobody.post("/tickets", json=other, headers=page)).status_code == 404
    assert (await rest.other.post("/tickets", json={"site": sites[0]})).status_code == 404


def test_a_pace_by_its_own_clock() -> None:
    now = 0.0
    pace = Pace(2, 10.0, lambda: now)
    assert [pace.wait("a"), pace.wait("a"), pace.wait("a"), pace.wait("b")] == [0, 0, 10, 0]
    now = 4.0
    assert pace.wait("a") == 6
    now = 10.0
    assert pace.allows("a")
    assert Pace(0, 10.0, lambda: now).allows("a")


def test_a_household_is_one_address() -> None:
    pace = Pace(1, 10.0, lambda: 0.0)
    assert pace.allows("2001:db8:1:2::1")
    assert not pace.allows("2001:db8:1:2:ffff::2")
    assert pace.allows("2001:db8:1:3::1")
    assert pace.allows("::ffff:192.0.2.1")
    assert pace.allows("::ffff:192.0.2.2")
    assert pace.allows("192.0.2.1")
    assert pace.allows("not:an:address")


def test_addresses_that_have_gone_are_forgotten() -> None:
    now = 0.0
    pace = Pace(1, 1.0, lambda: now)
    for number in range(10_000):
        pace.allows(f"10.0.{number // 256}.{number % 256}")
    now = 2.0
    pace.allows("192.0.2.1")
    assert len(pace._times) == 1


def test_a_flood_from_many_addresses_is_not_walked_over_each_time() -> None:
    """And none of those that are being counted is forgotten."""
    now = 0.0
    pace = Pace(1, 10.0, lambda: now)
    began = time.process_time()
    for number in range(60_000):
        assert pace.allows(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    # Were each of the last 50,000 to walk over all that came before it, it would be a thousand million steps and more.
    assert time.process_time() - began < 3
    assert not pace.allows("10.0.0.0")
    now = 10.0
    assert pace.allows("10.0.0.0")


def test_a_household_is_an_address_or_its_64() -> None:
    assert household("192.0.2.7") == "192.0.2.7"
    assert household("2001:db8:1:2:3::4") == household("2001:db8:1:2:ffff::1") == "2001:db8:1:2::/64"
    assert household("::ffff:192.0.2.7") == "::ffff:192.0.2.7"
    assert household("") == ""
