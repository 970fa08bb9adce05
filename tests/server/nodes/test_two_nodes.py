"""A session on two nodes at once: whatever is asked of either, both show the same."""

import asyncio

from server.nodes.conftest import Pair, cursor_of
from stage import RawClient
from vendors import Text, ToolCall

LONG = Text(tokens=[f"w{n} " for n in range(60)], delay=0.02)
WHOLE = "".join(LONG.cut())


def parts(client: RawClient) -> list[tuple[str, str]]:
    assert client.state is not None
    return [(m.status, "".join(getattr(p, "text", "") for p in m.parts)) for m in client.state.messages]


async def test_a_turn_is_followed_from_the_other_node(pair: Pair) -> None:
    pair.vendor.script([LONG])
    async with pair.a.client() as asker:
        await asker.ask("send", text="go")
        for _ in range(5):
            await asker.until("text.delta")
        await asyncio.sleep(0.4)  # a batch is stored
        async with pair.b.client(session=asker.session) as other:
            snapshot = await other.until("snapshot")
            assert snapshot["turn"]["message"]["parts"][0]["text"].startswith("w0 ")
            await other.until("text.delta")
            await asyncio.gather(other.until("turn.end"), asker.until("turn.end"))
            assert other.text == asker.text == WHOLE
            assert other.state == asker.state


async def test_a_turn_that_begins_on_one_node_is_seen_on_the_other(pair: Pair) -> None:
    pair.vendor.script([Text("first")])
    pair.vendor.script([LONG])
    async with pair.a.client() as one:
        await one.ask("send", text="hello")
        await one.until("turn.end")
        async with pair.b.client(session=one.session) as two:
            await two.until("snapshot")
            began = asyncio.get_running_loop().time()
            await one.ask("send", text="and now")
            await two.until("turn.start")
            assert asyncio.get_running_loop().time() - began < 1
            await two.until("text.delta")
            await asyncio.gather(two.until("turn.end"), one.until("turn.end"))
            assert two.text == one.text == WHOLE
            assert two.state == one.state
            assert "snapshot" not in [frame["type"] for frame in two.frames[2:]]


async def test_stop_on_the_other_node(pair: Pair) -> None:
    pair.vendor.script([Text(tokens=["word "] * 500, delay=0.02)])
    async with pair.a.client() as asker:
        await asker.ask("send", text="go")
        await asker.until("text.delta")
        async with pair.b.client(session=asker.session) as other:
            snapshot = await other.until("snapshot")
            began = asyncio.get_running_loop().time()
            ref = await other.ask("stop", turn=snapshot["turn"]["id"])
            assert (await other.reply(ref))["type"] == "ack"
            ends = await asyncio.gather(other.until("turn.end"), asker.until("turn.end"))
            assert asyncio.get_running_loop().time() - began < 1
            assert [end["status"] for end in ends] == ["stopped", "stopped"]
            # A stop that comes late, and one for a turn that never was.
            assert (await other.reply(await other.ask("stop", turn=snapshot["turn"]["id"])))["type"] == "ack"
            assert (await other.reply(await other.ask("stop", turn="trn_none")))["code"] == "not_found"


async def test_a_send_on_the_other_node_waits_for_the_turn(pair: Pair) -> None:
    pair.vendor.script([LONG], when="first")
    pair.vendor.script([Text("second answer")], when="second")
    async with pair.a.client() as asker:
        await asker.ask("send", text="first")
        await asker.until("text.delta")
        async with pair.b.client(session=asker.session) as other:
            await other.until("snapshot")
            queued = await other.reply(await other.ask("send", text="second"))
            assert queued["message"]["status"] == "queued"
            for client in (asker, other):
                await client.until("turn.end")
                await client.until("turn.end")
            assert other.text == asker.text == "second answer"
            assert other.state == asker.state
            assert len(pair.vendor.requests) == 2


async def test_a_message_that_waited_is_replayed_as_it_was(pair: Pair) -> None:
    pair.vendor.script([LONG], when="first")
    pair.vendor.script([Text("second answer")], when="second")
    async with pair.a.client() as asker:
        await asker.ask("send", text="first")
        await asker.until("text.delta")
        before, state = cursor_of(asker), asker.state
        ref = await asker.ask("send", text="second")
        queued = await asker.reply(ref)
        assert queued["message"]["status"] == "queued"
        await asker.until("turn.end")
        await asker.until("turn.end")
        # Said again, it gets the very same reply, though the message has left the queue and been answered.
        async with pair.b.client(session=asker.session) as other:
            await other.until("snapshot")
            assert await other.reply(await other.ask("send", text="second", ref=ref)) == queued
        back = pair.b.client(session=asker.session, cursor=before)
        back.state = state
        async with back:
            await back.until("turn.end")
            await back.until("turn.end")
            assert back.state == asker.state


async def test_the_next_turn_runs_on_the_other_node_and_the_first_follows(pair: Pair) -> None:
    for answer in ("one", "two", "three"):
        pair.vendor.script([Text(answer)])
    async with pair.a.client() as a:
        await a.ask("send", text="1")
        await a.until("turn.end")
        async with pair.b.client(session=a.session) as b:
            await b.until("snapshot")
            await b.ask("send", text="2")
            await asyncio.gather(a.until("turn.end"), b.until("turn.end"))
            await a.ask("send", text="3")
            await asyncio.gather(a.until("turn.end"), b.until("turn.end"))
            assert a.state == b.state
            assert parts(a) == [
                ("done", "1"),
                ("done", "one"),
                ("done", "2"),
                ("done", "two"),
                ("done", "3"),
                ("done", "three"),
            ]


async def test_a_session_opened_before_its_first_message_is_known_once_another_node_has_it(pair: Pair) -> None:
    pair.vendor.script([Text("an answer")])
    async with pair.a.client() as a:
        await a.until("snapshot")
        async with pair.b.client(session=a.session) as b:
            await b.until("snapshot")
            await a.reply(await a.ask("send", text="hello"))
            # Before any news of it can have come to the other node.
            await pair.b.parts.hub.rename("ws_default", str(a.session), "Named elsewhere")
            for client in (a, b):
                await client.until("turn.end")
                while client.state is None or client.state.session.title != "Named elsewhere":
                    await client.next()
            assert a.state == b.state


async def test_the_same_request_on_both_nodes_runs_once(pair: Pair) -> None:
    pair.vendor.script([Text("once")])
    async with pair.a.client() as a:
        await a.until("snapshot")
        # The session has no row yet: both nodes would write it.
        async with pair.b.client(session=a.session) as b:
            await b.until("snapshot")
            refs = await asyncio.gather(*(client.ask("send", ref="r1", text="hello") for client in (a, b)))
            replies = await asyncio.gather(a.reply(refs[0]), b.reply(refs[1]))
            assert replies[0]["message"]["id"] == replies[1]["message"]["id"]
            for client in (a, b):
                while len(parts(client)) < 2:
                    await client.next()
            assert parts(a) == parts(b) == [("done", "hello"), ("done", "once")]
            assert len(pair.vendor.requests) == 1


async def test_a_choice_is_answered_on_the_other_node(pair: Pair) -> None:
    options = [{"id": "red", "label": "Red"}, {"id": "blue", "label": "Blue"}]
    pair.vendor.script([ToolCall("ask_choices", {"prompt": "Which colour?", "options": options})])
    pair.vendor.script([Text("Red it is.")])
    async with pair.a.client() as a:
        await a.ask("send", text="Paint it")
        end = await a.until("turn.end")
        assert end["status"] == "waiting"
        block = next(part["block"] for part in end["message"]["parts"] if part["type"] == "block")
        async with pair.b.client(session=a.session) as b:
            await b.until("snapshot")
            ref = await b.ask("act", block=block["id"], action="choose", values={"choices": ["red"]})
            assert (await b.reply(ref))["type"] == "block.update"
            await asyncio.gather(a.until("turn.end"), b.until("turn.end"))
            assert a.state == b.state
            late = await a.reply(await a.ask("act", block=block["id"], action="choose", values={"choices": ["blue"]}))
            assert late["code"] == "conflict"


async def test_a_cursor_goes_to_the_other_node_and_back(pair: Pair) -> None:
    pair.vendor.script([LONG])
    async with pair.a.client() as client:
        await client.ask("send", text="go")
        for _ in range(5):
            await client.until("text.delta")
    session, state = client.session, client.state
    for stage in (pair.b, pair.a, pair.b, pair.a):
        cursor = cursor_of(client)
        async with stage.client(session=session, cursor=cursor) as again:
            again.state = state
            for _ in range(8):
                await again.next()
                if again.state is not None and again.state.turn is None:
                    break  # the machine is busy, and it has ended already
        client, state = again, again.state
    async with pair.b.client(session=session, cursor=cursor_of(client)) as last:
        last.state = state
        await last.next()
        if last.state is not None and last.state.turn is not None:
            await last.until("turn.end")
        assert last.text == WHOLE


async def test_a_branch_chosen_on_one_node_is_shown_on_the_other(pair: Pair) -> None:
    for answer in ("one", "two"):
        pair.vendor.script([Text(answer)])
    async with pair.a.client() as a:
        await a.ask("send", text="question")
        first = await a.until("turn.end")
        await a.ask("retry", message=first["message"]["id"])
        await a.until("turn.end")
        async with pair.b.client(session=a.session) as b:
            await b.until("snapshot")
            assert b.text == "two"
            await a.ask("choose", message=first["message"]["id"])
            await a.until("snapshot")
            await b.until("snapshot")
            assert a.text == b.text == "one"
            assert a.state == b.state


async def test_text_is_never_taken_back_on_the_way_to_another_node(pair: Pair) -> None:
    pair.vendor.script([Text(tokens=[f"w{n} " for n in range(150)], delay=0.02)])
    async with pair.a.client() as client:
        await client.ask("send", text="go")
        await client.until("text.delta")
    state, session, seen = client.state, client.session, ""
    for turn in range(6):
        stage = (pair.b, pair.a)[turn % 2]
        assert state is not None
        client.state = state
        async with stage.client(session=session, cursor=cursor_of(client)) as again:
            again.state = state
            for _ in range(6):
                await again.next()
                if again.state is not None and again.state.turn is not None:
                    assert again.text.startswith(seen)
                    seen = again.text
            client, state = again, again.state
    assert len(seen.split()) > 20
