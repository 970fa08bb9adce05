"""Tickets, the owner's link, the cookie, keys and users."""

from typing import Any

import httpx2
import pytest
from opsloom_server.auth import logins, tickets

PAGE = {"Origin": "http://127.0.0.1:8000"}


async def make_assistant(rest: Any, **fields: Any) -> dict[str, Any]:
    wish = {"slug": "help", "name": "Help", "public": True} | fields
    return dict(await rest.ok(await rest.owner.post("/assistants", json=wish), 201))


async def test_a_visitor_gets_a_ticket_and_stays_the_same_person(rest: Any) -> None:
    await make_assistant(rest)
    first = await rest.ok(await rest.nobody.post("/tickets", json={"assistant": "help"}, headers=PAGE))
    assert first["expires_in"] == 30
    principal = await tickets.redeem(rest.database, first["ticket"], PAGE["Origin"])
    again = await rest.ok(
        await rest.nobody.post("/tickets", json={"assistant": "help", "visitor": first["visitor"]}, headers=PAGE)
    )
    assert again["visitor"] == first["visitor"]
    assert (await tickets.redeem(rest.database, again["ticket"], PAGE["Origin"])).user == principal.user
    stranger = await rest.ok(await rest.nobody.post("/tickets", json={"assistant": "help"}))
    assert (await tickets.redeem(rest.database, stranger["ticket"], None)).user != principal.user


async def test_an_unknown_visitor_starts_anew(rest: Any) -> None:
    await make_assistant(rest)
    old = "opsv_default_" + "0" * 64
    given = await rest.ok(await rest.nobody.post("/tickets", json={"assistant": "help", "visitor": old}))
    assert given["visitor"] != old


async def test_nobody_gets_a_ticket_for_what_is_not_public(rest: Any) -> None:
    await make_assistant(rest, slug="staff", public=False)
    for slug in ("staff", "absent"):
        response = await rest.nobody.post("/tickets", json={"assistant": slug})
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert (await rest.nobody.post("/tickets", json={})).status_code == 401
    assert "ticket" in await rest.ok(await rest.member.post("/tickets", json={"assistant": "staff"}))
    assert (await rest.other.post("/tickets", json={"assistant": "staff"})).status_code == 404


@pytest.mark.parametrize("origin", ["null", "https://evil.example", "http://127.0.0.1:8000.evil.io"])
async def test_a_foreign_page_gets_no_ticket_unless_listed(rest: Any, origin: str) -> None:
    await make_assistant(rest)
    refused = await rest.nobody.post("/tickets", json={"assistant": "help"}, headers={"Origin": origin})
    assert refused.status_code == 403
    site = {"name": "Shop", "assistant": "help", "origins": ["https://shop.example:443"]}
    assert (await rest.ok(await rest.owner.post("/sites", json=site), 201))["origins"] == ["https://shop.example"]
    listed = {"Origin": "https://shop.example"}
    assert (await rest.nobody.post("/tickets", json={"assistant": "help"}, headers=listed)).status_code == 200


async def test_a_program_asks_on_behalf_of_a_person(rest: Any) -> None:
    made = await make_assistant(rest, slug="staff", public=False)
    wish = {"assistant": "staff", "identity": {"id": "42", "name": "Ann"}}
    given = await rest.ok(await rest.member.post("/tickets", json=wish))
    person = await tickets.redeem(rest.database, given["ticket"], "https://anywhere.example")
    assert (person.kind, person.role, person.name, person.assistants) == ("person", "visitor", "Ann", (made["id"],))
    again = await rest.ok(await rest.member.post("/tickets", json=wish | {"identity": {"id": "42"}}))
    same = await tickets.redeem(rest.database, again["ticket"], None)
    assert (same.user, same.name) == (person.user, "Ann")
    assert (await rest.nobody.post("/tickets", json=wish)).status_code == 403


async def sign_in(rest: Any) -> tuple[httpx2.AsyncClient, str]:
    link = await logins.owner_link(rest.database, "ws_default")
    assert link is not None
    browser = rest.client(**PAGE)
    response = await browser.post("/login", json={"token": link.text})
    me = await rest.ok(response)
    assert "HttpOnly; SameSite=Lax" in response.headers["set-cookie"]
    assert response.headers["set-cookie"].startswith("opsloom=opsc_")
    assert me["user"]["role"] == "owner"
    assert (await browser.post("/login", json={"token": link.text})).status_code == 401
    return browser, me["csrf"]


async def test_the_owners_link_signs_in_once(rest: Any) -> None:
    browser, csrf = await sign_in(rest)
    me = await rest.ok(await browser.get("/me"))
    assert (me["csrf"], me["workspace"]["id"]) == (csrf, "ws_default")
    left = await browser.post("/logout", headers={"X-CSRF-Token": csrf})
    assert left.status_code == 204
    assert "Max-Age=0" in left.headers["set-cookie"]
    assert (await browser.get("/me")).status_code == 401


async def test_a_write_by_cookie_needs_the_token_and_our_page(rest: Any) -> None:
    browser, csrf = await sign_in(rest)
    wish = {"slug": "a", "name": "A"}
    assert (await browser.post("/assistants", json=wish)).status_code == 403
    assert (await browser.post("/assistants", json=wish, headers={"X-CSRF-Token": "x"})).status_code == 403
    foreign = {"X-CSRF-Token": csrf, "Origin": "https://evil.example"}
    assert (await browser.post("/assistants", json=wish, headers=foreign)).status_code == 403
    assert (await browser.post("/assistants", json=wish, headers={"X-CSRF-Token": csrf})).status_code == 201
    ticket = await rest.ok(await browser.post("/tickets", json={"assistant": "a"}, headers={"X-CSRF-Token": csrf}))
    assert "visitor" not in ticket


async def test_a_foreign_page_cannot_sign_a_browser_in(rest: Any) -> None:
    link = await logins.owner_link(rest.database, "ws_default")
    assert link is not None
    foreign = await rest.nobody.post("/login", json={"token": link.text}, headers={"Origin": "https://evil.example"})
    assert foreign.status_code == 403
    assert (await rest.nobody.post("/login", json={"token": link.text})).status_code == 200


async def test_keys_are_made_listed_and_revoked(rest: Any) -> None:
    made = await rest.ok(await rest.owner.post("/api-keys", json={"name": "ci", "role": "admin"}), 201)
    program = rest.client(made["key"])
    assert (await rest.ok(await program.get("/me")))["user"]["name"] == "ci"
    listed = await rest.owner.get("/api-keys")
    assert made["key"] not in listed.text
    assert "ci" in {one["name"] for one in listed.json()["items"]}
    higher = await program.post("/api-keys", json={"name": "x", "role": "owner"})
    assert higher.status_code == 403
    assert (await rest.owner.delete(f"/api-keys/{made['id']}")).status_code == 204
    assert (await program.get("/me")).status_code == 401
    assert (await rest.owner.delete(f"/api-keys/{made['id']}")).status_code == 404


async def test_a_narrow_key_sees_its_assistants_only(rest: Any) -> None:
    one = await make_assistant(rest)
    await make_assistant(rest, slug="second")
    made = await rest.ok(await rest.owner.post("/api-keys", json={"name": "n", "assistants": ["help"]}), 201)
    narrow = rest.client(made["key"])
    shown = await rest.ok(await narrow.get("/assistants"))
    assert [each["id"] for each in shown["items"]] == [one["id"]]
    assert (await narrow.get("/assistants/second")).status_code == 404
    assert (await narrow.post("/tickets", json={"assistant": "second"})).status_code == 404


async def test_the_last_owner_stays(rest: Any) -> None:
    browser, csrf = await sign_in(rest)
    me = (await rest.ok(await browser.get("/me")))["user"]["id"]
    away = await browser.patch(f"/users/{me}", json={"disabled": True}, headers={"X-CSRF-Token": csrf})
    assert away.status_code == 403
    assert (await browser.get("/me")).status_code == 200
    named = await browser.patch("/me", json={"name": "Ada"}, headers={"X-CSRF-Token": csrf})
    assert named.json()["user"]["name"] == "Ada"
    people = await rest.ok(await rest.owner.get("/users", params={"limit": 1}))
    assert people["cursor"]
    rest_of = await rest.ok(await rest.owner.get("/users", params={"cursor": people["cursor"]}))
    assert len(rest_of["items"]) == 2


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Authorization": "Bearer nonsense"}, "not valid"),
        ({"Authorization": "Basic b3duZXI6"}, "Bearer"),
        ({"Authorization": "Bearer opsk_default_" + "0" * 64}, "not valid"),
        ({"Cookie": "opsloom=opsc_default_" + "0" * 64}, "no longer signed in"),
        ({}, "sign in"),
    ],
)
async def test_without_credentials_that_hold_nothing_is_open(rest: Any, headers: dict[str, str], words: str) -> None:
    response = await rest.nobody.get("/sessions", headers=headers)
    assert (response.status_code, response.json()["code"]) == (401, "forbidden")
    assert words in response.json()["text"]
    assert response.headers["www-authenticate"] == "Bearer"
