"""Pieces of interface: shown, changed in place, acted on, waited for."""

from typing import Any, Literal

from opsloom_protocol.frames import (
    BlockChange,
    BlockPatch,
    BlockRender,
    BlockUpdate,
    ServerFrame,
    ToolEnd,
    ToolProgress,
    ToolStart,
)
from opsloom_protocol.messages import Block, BlockPart, BlockState, Grown, Message, PatchOp, Progress, ToolPart, View

from protocol.conversations.shapes import (
    NOW,
    Conversation,
    Lost,
    Same,
    added,
    answer,
    begins,
    block,
    ends,
    fresh,
    person,
    running,
    says,
    snapshot,
    text,
    updated,
)

ASKED = person("msg_1", "Show me sales.")
CHART = block("blk_1", "chart", {"title": "Sales", "series": [{"name": "a", "points": [1, 2]}]}, "Sales: a 1, 2")
OPEN = BlockState(status="open")
FORM = block("blk_2", "form", {"fields": [{"name": "email"}]}, "Please give your e-mail.", state=OPEN)
ANSWERED = BlockState(status="answered", action="submit", values={"email": "a@b.example"}, by="usr_1", at=NOW)
QUERY = block("blk_4", "sql", {"query": "SELECT 1", "rows": []}, "SELECT 1", state=OPEN)
RAN = BlockState(status="open", action="run", values={"query": "SELECT 1"}, by="usr_1", at=NOW)
FORMED = answer("msg_2", "msg_1", text("Where to?"), BlockPart(block=FORM), status="waiting")


def ran(count: int) -> Message:
    """The answer after its query ran that often."""
    shown = block("blk_4", "sql", {"query": "SELECT 1", "rows": [count]}, "SELECT 1", count, RAN)
    line = ToolPart(
        call="blk_4",
        tool="sql.run",
        title="Run the query",
        status="ok",
        progress=Progress(done=0, note="Asking"),
        summary="1 row",
        ms=count,
    )
    return answer("msg_2", "msg_1", BlockPart(block=shown), line)


def with_state(held: Block, state: BlockState) -> Block:
    return block(held.id, held.kind, held.data, held.fallback, held.version, state)


def change(rev: int, name: str, state: BlockState, message: str = "msg_2", ref: str | None = None) -> BlockUpdate:
    return BlockUpdate(rev=rev, message=message, block=BlockChange(id=name, state=state), ref=ref)


def patches(seq: int, version: int, *ops: PatchOp, part: int = 0) -> BlockPatch:
    return BlockPatch(seq=seq, part=part, version=version, ops=ops)


def op(kind: Literal["set", "append", "remove"], path: str, *value: Any) -> PatchOp:
    return PatchOp(op=kind, path=path, value=value[0]) if value else PatchOp(op=kind, path=path)


NAME = {"name": "who", "label": "Name"}
WHOLE = block(
    "blk_3", "form", {"title": "Who?", "fields": [NAME, NAME], "submit": "Send"}, "Who?\n- Name\n- Name", 5, OPEN
)


def growing(data: Any, version: int) -> Block:
    return Block(id="blk_3", kind="form", version=version, data=data, fallback="Who?", growing=True)


def viewed(words: str, version: int) -> Block:
    view = View(kind="notice", data={"text": words, "tone": "info"})
    return Block(id="blk_4", kind="weather", version=version, data={"now": words}, fallback=words, view=view)


def grows(shown: Block) -> Message:
    return answer("msg_2", "msg_1", BlockPart(block=shown), status="running")


def showing(data: Any) -> list[ServerFrame]:
    """A running answer that shows one table with this data, at seq 1."""
    shown = BlockRender(seq=1, part=0, block=block("blk_1", "table", data, "A table"))
    return [snapshot(1, ASKED), begins(2, "msg_2", "msg_1"), shown]


def shows(data: Any, seq: int, version: int) -> Same:
    """The same answer as a fresh snapshot would have it."""
    table = BlockPart(block=block("blk_1", "table", data, "A table", version))
    return fresh(2, ASKED, turn=running("trn_1", answer("msg_2", "msg_1", table), seq))


BLOCKS = (
    Conversation(
        name="block-shown-and-patched",
        about="A chart appears, its data changes in place three times, its state stays.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            *says(["Here: "]),
            BlockRender(seq=2, part=1, block=CHART),
            patches(3, 2, op("set", "/title", "Sales 2026"), part=1),
            patches(4, 3, op("append", "/series/0/points", 3), part=1),
            patches(5, 4, op("append", "/title", "!"), op("append", "/series", [{"name": "b", "points": []}]), part=1),
            *says(["Done."], seq=6, part=2),
            ends(
                3,
                answer(
                    "msg_2",
                    "msg_1",
                    text("Here: "),
                    BlockPart(
                        block=block(
                            "blk_1",
                            "chart",
                            {
                                "title": "Sales 2026!",
                                "series": [{"name": "a", "points": [1, 2, 3]}, {"name": "b", "points": []}],
                            },
                            "Sales: a 1, 2",
                            4,
                        )
                    ),
                    text("Done."),
                ),
            ),
        ],
    ),
    Conversation(
        name="block-rendered-again",
        about="The same part rendered again replaces the block whole.",
        steps=[
            *showing({"rows": [1]}),
            BlockRender(seq=2, part=0, block=block("blk_1", "table", {"rows": [9]}, "A table", 2)),
            shows({"rows": [9]}, 2, 2),
        ],
    ),
    Conversation(
        name="block-that-grows",
        about="A form is seen while it is written; got wrong, it is written anew in its place; then it is whole.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            BlockRender(seq=1, part=0, block=growing({"title": "Wh", "fields": []}, 1)),
            patches(2, 2, op("append", "/title", "o?")),
            fresh(2, ASKED, turn=running("trn_1", grows(growing({"title": "Who?", "fields": []}, 2)), 2)),
            BlockRender(seq=3, part=0, block=growing({"title": "Who?", "fields": [NAME]}, 3)),
            patches(4, 4, op("append", "/fields", [NAME, NAME])),
            BlockPatch(
                seq=5,
                part=0,
                version=5,
                ops=(op("remove", "/fields/2"), op("set", "/submit", "Send")),
                grown=Grown(fallback="Who?\n- Name\n- Name", state=OPEN),
            ),
            fresh(2, ASKED, turn=running("trn_1", grows(WHOLE), 5)),
            patches(6, 6, op("set", "/title", "Who are you?")),
            BlockPatch(seq=7, part=0, version=6, ops=(), grown=Grown(fallback="Who are you?")),
            says(["Fill it in."], seq=8, part=1)[0],
        ],
    ),
    Conversation(
        name="block-with-a-view",
        about="A block that another kind draws: the view stays with it, and is another when the block is shown anew.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            BlockRender(seq=1, part=0, block=viewed("4 °C", 1)),
            BlockRender(seq=2, part=0, block=viewed("5 °C", 2)),
            fresh(
                2,
                ASKED,
                turn=running("trn_1", answer("msg_2", "msg_1", BlockPart(block=viewed("5 °C", 2))), 2),
            ),
        ],
    ),
    Conversation(
        name="patch-pointers",
        about="Paths: the empty one, escapes, empty keys, list places and `-`; remove; null is a value.",
        steps=[
            *showing({"a/b": 1, "m~n": 2, "": {"": 3}, "list": ["x", "y", "z"], "deep": {"er": {"est": None}}}),
            patches(2, 2, op("set", "/a~1b", 10), op("set", "/m~0n", 20), op("set", "//", 30)),
            patches(3, 3, op("set", "/list/1", "Y"), op("remove", "/list/0"), op("set", "/list/-", "end")),
            patches(4, 4, op("set", "/deep/er/new", {"k": [True]}), op("set", "/deep/er/est", 1.5)),
            patches(5, 5, op("remove", "/deep/er"), op("remove", "/absent"), op("set", "/null", None)),
            patches(6, 6, op("append", "/list", None), op("append", "/list", [])),
            shows(
                {"a/b": 10, "m~n": 20, "": {"": 30}, "list": ["Y", "z", "end", None], "deep": {}, "null": None}, 6, 6
            ),
            patches(7, 7, op("set", "", ["all", "new"])),
            patches(8, 8, op("append", "", ["!"])),
            patches(9, 9, op("remove", "")),
            shows(None, 9, 9),
        ],
    ),
    Conversation(
        name="patch-that-does-not-fit",
        about="A path that leads nowhere, a list place that is none, an append to a number: ask for a snapshot.",
        steps=[
            *showing({"n": 1, "list": ["x"]}),
            Lost(patches(2, 2, op("set", "/absent/deeper", 1))),
            Lost(patches(2, 2, op("append", "/absent", 1))),
            Lost(patches(2, 2, op("append", "/n", 1))),
            Lost(patches(2, 2, op("set", "/list/1", "y"))),
            Lost(patches(2, 2, op("set", "/list/-1", "y"))),
            Lost(patches(2, 2, op("set", "/list/x", "y"))),
            Lost(patches(2, 2, op("remove", "/list/-"))),
            Lost(patches(2, 2, op("set", "/n/deeper", 1))),
            Lost(patches(2, 2, op("set", "no-slash", 1))),
            Lost(patches(2, 2, op("set", "/n"))),
            Lost(patches(2, 2, op("append", "/list"))),
            Lost(patches(2, 2, op("set", "/n", 2), op("append", "/n", 1))),
            shows({"n": 1, "list": ["x"]}, 1, 1),
        ],
    ),
    Conversation(
        name="waiting-act-goes-on",
        about="A form waits; it is answered; a new turn goes on with the same answer, its parts count on.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            *says(["Where to?"]),
            BlockRender(seq=2, part=1, block=FORM),
            ends(3, FORMED),
            fresh(3, ASKED, FORMED),
            change(4, "blk_2", ANSWERED, ref="r2"),
            begins(5, "msg_2", "msg_1", turn="trn_2"),
            *says(["Sent to ", "a@b.example."], part=2),
            fresh(
                5,
                ASKED,
                turn=running(
                    "trn_2",
                    answer(
                        "msg_2",
                        "msg_1",
                        text("Where to?"),
                        BlockPart(block=with_state(FORM, ANSWERED)),
                        text("Sent to a@b.example."),
                    ),
                    seq=2,
                ),
            ),
            ends(
                6,
                answer(
                    "msg_2",
                    "msg_1",
                    text("Where to?"),
                    BlockPart(block=with_state(FORM, ANSWERED)),
                    text("Sent to a@b.example."),
                ),
                turn="trn_2",
            ),
        ],
    ),
    Conversation(
        name="waiting-then-send",
        about="Instead of answering the form the person writes: the form is withdrawn, the answer done, a turn runs.",
        steps=[
            snapshot(3, ASKED, FORMED),
            change(4, "blk_2", BlockState(status="withdrawn", at=NOW)),
            updated(5, "msg_2", status="done"),
            added(6, person("msg_3", "Never mind.", "msg_2"), ref="r2"),
            begins(7, "msg_4", "msg_3", turn="trn_2"),
            *says(["Fine."]),
            ends(8, answer("msg_4", "msg_3", text("Fine.")), turn="trn_2"),
            fresh(
                8,
                ASKED,
                answer(
                    "msg_2",
                    "msg_1",
                    text("Where to?"),
                    BlockPart(block=with_state(FORM, BlockState(status="withdrawn", at=NOW))),
                ),
                person("msg_3", "Never mind.", "msg_2"),
                answer("msg_4", "msg_3", text("Fine.")),
            ),
        ],
    ),
    Conversation(
        name="act-while-running",
        about="A block of the running answer is answered, one of an old answer expires, a third is outside the window.",
        steps=[
            snapshot(
                3,
                ASKED,
                answer("msg_2", "msg_1", BlockPart(block=with_state(CHART, OPEN))),
                person("msg_3", "Mail it", "msg_2"),
                more=True,
            ),
            begins(4, "msg_4", "msg_3"),
            BlockRender(seq=1, part=0, block=FORM),
            change(5, "blk_2", ANSWERED, message="msg_4", ref="r2"),
            change(6, "blk_1", BlockState(status="expired", at=NOW)),
            change(7, "blk_0", BlockState(status="expired", at=NOW), message="msg_0"),
            change(8, "blk_unknown", OPEN, message="msg_4"),
            patches(2, 2, op("set", "/fields", [])),
            ends(
                9,
                answer(
                    "msg_4",
                    "msg_3",
                    BlockPart(block=block("blk_2", "form", {"fields": []}, FORM.fallback, 2, ANSWERED)),
                ),
            ),
        ],
    ),
    Conversation(
        name="waits-twice",
        about="An answer that waits, goes on, waits again with another block, and goes on to its end.",
        steps=[
            snapshot(3, ASKED, FORMED),
            change(4, "blk_2", ANSWERED),
            begins(5, "msg_2", "msg_1", turn="trn_2"),
            BlockRender(seq=1, part=2, block=block("blk_3", "choices", {"options": ["a"]}, "a?", state=OPEN)),
            ends(
                6,
                answer(
                    "msg_2",
                    "msg_1",
                    text("Where to?"),
                    BlockPart(block=with_state(FORM, ANSWERED)),
                    BlockPart(block=block("blk_3", "choices", {"options": ["a"]}, "a?", state=OPEN)),
                    status="waiting",
                ),
                turn="trn_2",
            ),
            change(7, "blk_3", BlockState(status="answered", action="choose", values=["a"], by="usr_1", at=NOW)),
            begins(8, "msg_2", "msg_1", turn="trn_3"),
            *says(["a it is."], part=3),
        ],
    ),
    Conversation(
        name="runs-again",
        about="A block of an answer that is done does something twice: it changes in place, its line stands once.",
        steps=[
            snapshot(3, ASKED, answer("msg_2", "msg_1", BlockPart(block=QUERY))),
            *(
                step
                for rev, turn, count in ((4, "trn_2", 2), (7, "trn_3", 3))
                for step in (
                    change(rev, "blk_4", RAN),
                    begins(rev + 1, "msg_2", "msg_1", turn=turn),
                    ToolStart(seq=1, part=1, call="blk_4", tool="sql.run", title="Run the query"),
                    ToolProgress(seq=2, part=1, note="Asking"),
                    patches(3, count, op("set", "/rows", [count])),
                    ToolEnd(seq=4, part=1, status="ok", summary="1 row", ms=count),
                    ends(rev + 2, ran(count), turn=turn),
                    fresh(rev + 2, ASKED, ran(count)),
                )
            ),
        ],
    ),
)
