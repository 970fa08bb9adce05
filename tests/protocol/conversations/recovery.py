"""Breaks, repeats, holes, strangers: what a client does with a wire that is not perfect."""

from opsloom_protocol.frames import (
    BlockPatch,
    ReasoningDelta,
    ServerFrame,
    SourceAdded,
    TextDelta,
    ToolEnd,
    ToolProgress,
)
from opsloom_protocol.messages import FeedbackMark, PatchOp, SourcePart

from protocol.conversations.shapes import (
    Conversation,
    Lost,
    added,
    after,
    answer,
    begins,
    ends,
    fresh,
    person,
    running,
    says,
    snapshot,
    source,
    text,
    updated,
    welcome,
)

Q1 = person("msg_1", "One?")
A1 = answer("msg_2", "msg_1", text("First."))
HALF = after(snapshot(1, Q1), begins(2, "msg_2", "msg_1"), *says(["Fi", "rs"]))

ANSWER: tuple[ServerFrame, ...] = (added(1, Q1), begins(2, "msg_2", "msg_1"), *says(["Fi", "rst."]))

RECOVERY = (
    Conversation(
        name="resume-by-cursor",
        about="Back after a break with a cursor: what was missed follows, live and durable interleaved as it happened.",
        start=HALF,
        steps=[
            welcome(rev=4, resumed=True),
            *says(["t"], seq=3),
            added(3, person("msg_3", "Two?", status="queued")),
            *says(["."], seq=4),
            updated(4, "msg_2", feedback=FeedbackMark(value=1)),
            fresh(
                4,
                Q1,
                person("msg_3", "Two?", status="queued"),
                turn=running("trn_1", answer("msg_2", "msg_1", text("First."), feedback=FeedbackMark(value=1)), seq=4),
            ),
        ],
    ),
    Conversation(
        name="resume-after-the-end",
        about="The answer ended inside the gap and the next turn runs: the end comes whole, then the new turn.",
        start=HALF,
        steps=[
            welcome(rev=5, resumed=True),
            ends(3, A1),
            added(4, person("msg_3", "Two?", "msg_2")),
            begins(5, "msg_4", "msg_3", turn="trn_2"),
            *says(["Se"]),
        ],
    ),
    Conversation(
        name="resume-by-snapshot",
        about="Too far behind: a snapshot with the running answer as of its seq, then live from there.",
        start=HALF,
        steps=[
            welcome(rev=4),
            snapshot(4, Q1, A1, turn=None),
            added(5, person("msg_3", "Two?", "msg_2")),
            snapshot(
                6,
                Q1,
                A1,
                person("msg_3", "Two?", "msg_2"),
                turn=running("trn_2", answer("msg_4", "msg_3", text("Sec")), seq=40, epoch=3),
            ),
            *says(["ond."], seq=41),
        ],
    ),
    Conversation(
        name="slow-reader",
        about="A reader that fell off gets a snapshot in mid-stream; older frames that still arrive change nothing.",
        start=HALF,
        steps=[
            snapshot(2, Q1, turn=running("trn_1", answer("msg_2", "msg_1", text("First and fore")), seq=9)),
            *says(["t"], seq=3),
            *says(["e"], seq=9),
            *says(["most."], seq=10),
        ],
    ),
    Conversation(
        name="duplicates",
        about="Every frame twice: the second changes nothing.",
        steps=[
            snapshot(0),
            *[frame for frame in ANSWER for _ in range(2)],
            ends(3, A1),
            ends(3, A1),
            begins(2, "msg_2", "msg_1"),
            added(1, Q1),
        ],
    ),
    Conversation(
        name="holes",
        about="A revision or a step is missing, or a step without a turn: the state stays, a snapshot is asked for.",
        steps=[
            snapshot(1, Q1),
            Lost(TextDelta(seq=1, part=0, text="x")),
            Lost(ends(3, A1)),
            begins(2, "msg_2", "msg_1"),
            Lost(TextDelta(seq=2, part=0, text="x")),
            *says(["Fi"]),
            Lost(TextDelta(seq=3, part=0, text="x")),
            Lost(added(4, person("msg_3", "Two?", status="queued"))),
            *says(["rst."], seq=2),
            ends(3, A1),
            Lost(TextDelta(seq=3, part=0, text="x")),
        ],
    ),
    Conversation(
        name="parts-that-do-not-fit",
        about="A frame for a part of another type, or beyond the next one: the state stays, a snapshot is asked for.",
        start=HALF,
        steps=[
            Lost(ReasoningDelta(seq=3, part=0, text="hm")),
            Lost(ToolProgress(seq=3, part=0, done=1)),
            Lost(ToolEnd(seq=3, part=1, status="ok", ms=1)),
            Lost(BlockPatch(seq=3, part=0, version=2, ops=(PatchOp(op="set", path="", value=1),))),
            Lost(BlockPatch(seq=3, part=1, version=2, ops=())),
            Lost(SourceAdded(seq=3, part=0, source=source(1, "q"))),
            Lost(TextDelta(seq=3, part=2, text="x")),
            Lost(TextDelta(seq=3, part=-1, text="x")),
            SourceAdded(seq=3, part=1, source=source(1, "q")),
            fresh(
                2,
                Q1,
                turn=running("trn_1", answer("msg_2", "msg_1", text("Firs"), SourcePart(source=source(1, "q"))), seq=3),
            ),
        ],
    ),
    Conversation(
        name="newer-server",
        about="Types that this version does not know are skipped, fields too.",
        start=HALF,
        steps=[
            {"type": "mood.change", "mood": "sunny", "seq": 3},
            {"type": "text.delta", "seq": 3, "part": 0, "text": "t.", "language": "en", "marks": [{"bold": [0, 2]}]},
            {"type": "presence", "rev": 99, "people": []},
            {"type": "session.update", "rev": 3, "title": "T", "colour": "red"},
        ],
    ),
    Conversation(
        name="open-another",
        about="`open` attaches to another session: nothing of the first stays.",
        start=HALF,
        steps=[
            welcome("ses_2", 3, ref="r2"),
            snapshot(3, person("msg_91", "Elsewhere", None), session="ses_2", title="Other"),
            added(4, person("msg_92", "More", "msg_91")),
        ],
    ),
    Conversation(
        name="welcome-without-a-state",
        about="The very first frames: an empty state of the welcomed session, replaced by the snapshot.",
        steps=[welcome(rev=7), snapshot(7, Q1, A1, more=True), welcome(rev=7, resumed=True)],
    ),
)
