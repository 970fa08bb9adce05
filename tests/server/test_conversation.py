"""A conversation over the socket: asking, stopping, queueing, branching, reading again."""

import asyncio

from stage import Stage
from vendors import Text, Usage


async def test_an_answer_streams_is_stored_and_reads_the_same_again(stage: Stage) -> None:
    stage.vendor.script([Text("Hello there, this is an answer."), Usage(input=12, output=7)])
    async with stage.client() as client:
        assert (await client.next())["type"] == "welcome"
        snapshot = await client.next()
        assert (snapshot["rev"], snapshot["messages"]) == (0, [])
        ref = await client.ask("send", text="Hi")
        message = await client.reply(ref)
        assert (message["type"], message["rev"], message["message"]["status"]) == ("message", 1, "done")
        start = await client.until("turn.start")
        end = await client.until("turn.end")
        assert (end["status"], end["message"]["id"]) == ("done", start["message"])
        assert end["message"]["usage"] == {"input_tokens": 12, "output_tokens": 7}
        assert client.text == "Hello there, this is an answer."
        deltas = [f for f in client.frames if f["type"] == "text.delta"]
        assert [f["seq"] for f in deltas] == list(range(1, len(deltas) + 1))
        assert "".join(f["text"] for f in deltas) == client.text
    async with stage.client(session=client.session) as again:
        await again.until("snapshot")
        assert again.state == client.state
        assert again.state is not None
        assert again.state.session.title == "Hi"


async def test_stop_closes_the_vendors_stream_and_keeps_the_text(stage: Stage) -> None:
    stage.vendor.script([Text(tokens=["word "] * 500, delay=0.02)])
    async with stage.client() as client:
        await client.ask("send", text="Go on for long")
        start = await client.until("turn.start")
        await client.until("text.delta")
        await client.until("text.delta")
        began = asyncio.get_running_loop().time()
        ref = await client.ask("stop", turn=start["turn"])
        assert (await client.reply(ref))["type"] == "ack"
        end = await client.until("turn.end")
        assert asyncio.get_running_loop().time() - began < 1
        assert end["status"] == "stopped"
        text = end["message"]["parts"][0]["text"]
        assert text.startswith("word word ")
        assert len(text) < 500


async def test_a_second_send_waits_in_the_queue(stage: Stage) -> None:
    stage.vendor.script([Text(tokens=["one "] * 10, delay=0.02)])
    stage.vendor.script([Text("second answer")])
    async with stage.client() as client:
        await client.ask("send", text="first")
        await client.until("text.delta")
        ref = await client.ask("send", text="second")
        assert (await client.reply(ref))["message"]["status"] == "queued"
        await client.until("turn.end")
        left = await client.until("message.update")
        assert left["message"]["status"] == "done"
        await client.until("turn.end")
        assert client.text == "second answer"
        assert client.state is not None
        assert [m.role for m in client.state.messages] == ["user", "assistant", "user", "assistant"]
        async with stage.client(session=client.session) as again:
            await again.until("snapshot")
            assert again.state == client.state


async def test_retry_edit_and_choose_make_branches(stage: Stage) -> None:
    for answer in ("one", "two", "three"):
        stage.vendor.script([Text(answer)])
    async with stage.client() as client:
        await client.ask("send", text="question")
        first = await client.until("turn.end")
        assert (await client.reply(await client.ask("retry", message=first["message"]["id"])))["type"] == "ack"
        second = await client.until("turn.end")
        assert second["message"]["siblings"] == [first["message"]["id"]]
        assert client.state is not None
        question = client.state.messages[0]
        edited = await client.reply(await client.ask("edit", message=question.id, text="other question"))
        assert edited["message"]["siblings"] == [question.id]
        await client.until("turn.end")
        assert client.text == "three"
        chosen = await client.reply(await client.ask("choose", message=first["message"]["id"]))
        assert chosen["leaf"] == first["message"]["id"]
        await client.until("snapshot")
        assert client.text == "one"
        async with stage.client(session=client.session) as again:
            await again.until("snapshot")
            assert again.state == client.state
