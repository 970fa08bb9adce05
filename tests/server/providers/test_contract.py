"""One conversation over every vendor's own wire format: people must not be able to tell which vendor answers."""

from typing import Any

import pytest
from server.models.runs import KINDS
from server.providers.asking import parts, requests, script
from stage import Stage
from vendors import Finish, HttpError, Reasoning, Refusal, StreamError, Text, ToolCall, Usage

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.parametrize("kind", KINDS)]

THINKING = "I need two naps, one after the other."
DECLINED = "The model's provider declined to answer this. Please put it in other words."


def told(frames: list[dict[str, Any]]) -> list[Any]:
    """What the frames tell, without what differs between two runs at one vendor: ids, times, and where text was cut."""
    seen: list[Any] = []
    for frame in frames:
        match frame:
            case {"type": "text.delta" | "reasoning.delta" as kind, "part": part, "text": text}:
                if seen and seen[-1][:2] == [kind, part]:
                    seen[-1][2] += text
                else:
                    seen.append([kind, part, text])
            case {"type": "tool.start", "part": part, "tool": tool, "title": title, "input": given}:
                seen.append(["tool.start", part, tool, title, given])
            case {"type": "tool.end", "part": part, "status": status, "summary": summary}:
                seen.append(["tool.end", part, status, summary])
                # Which of two ends first is not the vendor's doing.
                if seen[-2][0] == "tool.end" and seen[-2][1] > part:
                    seen[-2:] = reversed(seen[-2:])
            case {"type": "turn.end", "status": status, "message": message}:
                kinds = [(one["type"], one.get("text"), one.get("status")) for one in message["parts"]]
                seen.append(["turn.end", status, kinds, message.get("usage"), message.get("error")])
            case {"type": "message" | "turn.start" as kind}:
                seen.append([kind])
            case _:
                pass
    return seen


async def test_the_same_conversation_gives_the_same_frames(served: Stage, kind: str) -> None:
    naps = [ToolCall("nap", {"seconds": 0.0}), ToolCall("nap", {"seconds": 0.05})]
    script(
        served,
        f"[rest {kind}]",
        [Reasoning(THINKING), Text("One moment, please. "), *naps, Usage(100, 20, 40)],
        [Text("Done, and rested."), Usage(140, 5, 60)],
    )
    script(served, f"[refuse {kind}]", [Refusal("I cannot help with that."), Usage(150, 6)])
    script(served, f"[filter {kind}]", [Finish("content_filter"), Usage(160, 0)])
    script(served, f"[end {kind}]", [Text("Still here."), Usage(170, 3)])
    async with served.client(kind) as client:
        for question in ("rest", "refuse", "filter", "end"):
            await client.ask("send", text=f"[{question} {kind}]")
            await client.until("turn.end", seconds=60)  # Amazon's descriptions are read with the first request
        loaded = len(client.frames)
    assert served.vendor.refused == []
    assert told(client.frames[:loaded]) == [
        ["message"],
        ["turn.start"],
        ["reasoning.delta", 0, THINKING],
        ["text.delta", 1, "One moment, please. "],
        ["tool.start", 2, "nap", "Take a nap", {"seconds": 0.0}],
        ["tool.start", 3, "nap", "Take a nap", {"seconds": 0.05}],
        ["tool.end", 2, "ok", "Slept"],
        ["tool.end", 3, "ok", "Slept"],
        ["text.delta", 4, "Done, and rested."],
        [
            "turn.end",
            "done",
            [
                ("reasoning", THINKING, None),
                ("text", "One moment, please. ", None),
                ("tool", None, "ok"),
                ("tool", None, "ok"),
                ("text", "Done, and rested.", None),
            ],
            {"input_tokens": 240, "output_tokens": 25, "cached_tokens": 100},
            None,
        ],
        ["message"],
        ["turn.start"],
        ["text.delta", 0, "I cannot help with that."],
        [
            "turn.end",
            "done",
            [("text", "I cannot help with that.", None)],
            {"input_tokens": 150, "output_tokens": 6},
            None,
        ],
        ["message"],
        ["turn.start"],
        ["turn.end", "failed", [], {"input_tokens": 160, "output_tokens": 0}, {"code": "invalid", "text": DECLINED}],
        ["message"],
        ["turn.start"],
        ["text.delta", 0, "Still here."],
        ["turn.end", "done", [("text", "Still here.", None)], {"input_tokens": 170, "output_tokens": 3}, None],
    ]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (HttpError(401, "Incorrect API key provided: sk-test-not-a-key", code="invalid_api_key"), "should check"),
        (HttpError(404, "The model `m1` does not exist", code="model_not_found"), "Choose another"),
        (HttpError(400, "Input is too long for requested model.", code="context_length_exceeded"), "start a new one"),
        (HttpError(429, "slow down", retry_after=3600), "try again shortly"),
    ],
    ids=["key", "model", "length", "busy"],
)
async def test_what_a_vendor_refuses_is_said_with_what_to_do(
    served: Stage, kind: str, step: HttpError, words: str
) -> None:
    question = f"[{words} {kind}]"
    script(served, question, [step], [Text("Now it works.")])
    async with served.client(kind) as client:
        await client.ask("send", text=question)
        end = await client.until("turn.end")
        assert end["status"] == "failed"
        assert words in end["message"]["error"]["text"]
        assert "sk-test" not in str(end)
        await client.ask("retry", message=end["message"]["id"])
        await client.until("turn.end")
        assert client.text == "Now it works."


async def test_an_error_in_mid_answer_keeps_the_text(served: Stage, kind: str) -> None:
    script(served, f"[mid {kind}]", [Text("So far so good. "), StreamError("Overloaded", "overloaded_error")])
    async with served.client(kind) as client:
        await client.ask("send", text=f"[mid {kind}]")
        end = await client.until("turn.end")
    assert end["status"] == "failed"
    assert parts(end, "text")[0]["text"] == "So far so good. "
    assert "try again" in end["message"]["error"]["text"]
    assert len(requests(served, f"[mid {kind}]")) == 1
