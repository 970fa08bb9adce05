"""Coming back: by cursor, by snapshot, after the answer has ended, after the server was gone."""

import asyncio

from opsloom_protocol.codec import to_builtins
from stage import RawClient, Stage
from vendors import Text

LONG = Text(tokens=[f"w{n} " for n in range(60)], delay=0.02)
WHOLE = "".join(LONG.cut())


def cursor_of(client: RawClient) -> dict[str, object]:
    assert client.state is not None
    cursor: dict[str, object] = to_builtins(client.state.cursor)
    return cursor


async def test_a_cursor_in_mid_answer_goes_on_without_a_hole(stage: Stage) -> None:
    stage.vendor.script([LONG])
    async with stage.client() as client:
        await client.ask("send", text="go")
        for _ in range(5):
            await client.until("text.delta")
    await asyncio.sleep(0.2)
    async with stage.client(session=client.session, cursor=cursor_of(client)) as again:
        again.state = client.state
        welcome = await again.next()
        assert welcome["resumed"] is True
        await again.until("turn.end")
        assert again.text == WHOLE
        assert "snapshot" not in [frame["type"] for frame in again.frames]


async def test_a_second_tab_joins_in_mid_answer(stage: Stage) -> None:
    stage.vendor.script([LONG])
    async with stage.client() as client:
        await client.ask("send", text="go")
        for _ in range(5):
            await client.until("text.delta")
        async with stage.client(session=client.session) as tab:
            snapshot = await tab.until("snapshot")
            assert snapshot["turn"]["message"]["parts"][0]["text"].startswith("w0 w1 ")
            await tab.until("turn.end")
            await client.until("turn.end")
            assert tab.text == client.text == WHOLE
            assert tab.state == client.state


async def test_the_answer_ends_while_nobody_is_there(stage: Stage) -> None:
    stage.vendor.script([LONG])
    async with stage.client() as client:
        await client.ask("send", text="go")
        await client.until("text.delta")
    await asyncio.sleep(2)
    async with stage.client(session=client.session, cursor=cursor_of(client)) as again:
        again.state = client.state
        assert (await again.next())["resumed"] is True
        await again.until("turn.end")
        assert again.text == WHOLE


async def test_a_session_without_a_message_survives_a_reconnect(stage: Stage) -> None:
    stage.vendor.script([Text("here")])
    async with stage.client() as client:
        await client.until("snapshot")
    async with stage.client(session=client.session) as again:
        assert (await again.next())["session"]["id"] == client.session
        await again.ask("send", text="are you there")
        await again.until("turn.end")
        assert again.text == "here"


async def test_a_cursor_from_nowhere_gets_a_snapshot(stage: Stage) -> None:
    stage.vendor.script([LONG])
    async with stage.client() as client:
        await client.ask("send", text="go")
        await client.until("text.delta")
        for cursor in (
            {"rev": 99},
            {"rev": 2, "turn": "trn_other", "epoch": 1, "seq": 1},
            {"rev": 2, "turn": "x", "epoch": -1, "seq": -5},
            {"rev": 3, "turn": None},
            {"rev": 3, "turn": client.state and client.state.turn and client.state.turn.id, "epoch": 1, "seq": 10**12},
        ):
            async with stage.client(session=client.session, cursor=cursor) as again:
                assert (await again.next())["resumed"] is False
                assert (await again.next())["type"] == "snapshot"
