"""One question, one answer, and the ways in which it can come and end."""

from opsloom_protocol.frames import (
    Ack,
    ErrorFrame,
    GoingAway,
    Pong,
    ReasoningDelta,
    ServerFrame,
    SessionUpdate,
    SourceAdded,
    ToolEnd,
    ToolProgress,
    ToolStart,
)
from opsloom_protocol.messages import (
    Author,
    FeedbackMark,
    FilePart,
    FileRef,
    Issue,
    MessageError,
    Progress,
    ReasoningPart,
    SourcePart,
    ToolPart,
    Usage,
)

from protocol.conversations.shapes import (
    Conversation,
    added,
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

OPERATOR = Author(id="usr_9", name="Ada", kind="operator")
ASKED = person("msg_1", "How do I embed the chat?")
HELLO: tuple[ServerFrame, ...] = (welcome(), snapshot(0))
WITH_FILE = person(
    "msg_1",
    "What is this?",
    parts=(
        text("What is this?"),
        FilePart(file=FileRef(id="fil_1", name="a.pdf", media_type="application/pdf", bytes=1200)),
    ),
)

PLAIN = answer(
    "msg_2", "msg_1", text("Put one script on the page."), usage=Usage(input_tokens=12, output_tokens=7, cost=0.0001)
)

TOOLED = answer(
    "msg_2",
    "msg_1",
    ReasoningPart(text="They want the widget."),
    ToolPart(
        call="call_1",
        tool="search_knowledge",
        title="Searching the documents",
        status="ok",
        input={"query": "embed"},
        progress=Progress(done=2, total=2, note="ranking"),
        summary="2 passages",
        ms=31,
    ),
    ToolPart(
        call="call_2", tool="weather", title="Asking for the weather", status="error", summary="No such city", ms=4
    ),
    text("One script [1]."),
    SourcePart(source=source(1, "Paste the script", url="https://docs.example/embed", start=10, end=26)),
    SourcePart(source=source(2, "before </body>", page=3)),
)

ANSWERS = (
    Conversation(
        name="plain-answer",
        about="A new session: a message, a turn, three deltas, the end, a title.",
        steps=[
            *HELLO,
            added(1, ASKED, ref="r1"),
            begins(2, "msg_2", "msg_1"),
            *says(["Put one ", "script ", "on the page."]),
            ends(3, PLAIN),
            SessionUpdate(rev=4, title="Embedding the chat"),
            fresh(4, ASKED, PLAIN, title="Embedding the chat"),
        ],
    ),
    Conversation(
        name="files",
        about="A message that carries a file keeps its parts.",
        steps=[*HELLO, added(1, WITH_FILE, ref="r1"), snapshot(1, WITH_FILE)],
    ),
    Conversation(
        name="reasoning-tools-sources",
        about="Reasoning, a tool that moves, a tool that fails, text, two sources; parts count in order of first use.",
        steps=[
            *HELLO,
            added(1, ASKED, ref="r1"),
            begins(2, "msg_2", "msg_1"),
            ReasoningDelta(seq=1, part=0, text="They want "),
            ReasoningDelta(seq=2, part=0, text="the widget."),
            ToolStart(
                seq=3,
                part=1,
                call="call_1",
                tool="search_knowledge",
                title="Searching the documents",
                input={"query": "embed"},
            ),
            ToolProgress(seq=4, part=1, done=1, total=2),
            ToolStart(seq=5, part=2, call="call_2", tool="weather", title="Asking for the weather"),
            ToolProgress(seq=6, part=1, done=2, note="ranking"),
            ToolEnd(seq=7, part=2, status="error", summary="No such city", ms=4),
            ToolEnd(seq=8, part=1, status="ok", summary="2 passages", ms=31),
            *says(["One ", "script [1]."], seq=9, part=3),
            SourceAdded(
                seq=11, part=4, source=source(1, "Paste the script", url="https://docs.example/embed", start=10, end=26)
            ),
            SourceAdded(seq=12, part=5, source=source(2, "before </body>", page=3)),
            fresh(2, ASKED, turn=running("trn_1", TOOLED, seq=12)),
            ends(3, TOOLED),
            fresh(3, ASKED, TOOLED),
        ],
    ),
    Conversation(
        name="two-turns",
        about="A second question under the first answer; `seq` starts again with each turn.",
        steps=[
            *HELLO,
            added(1, ASKED, ref="r1"),
            begins(2, "msg_2", "msg_1"),
            *says(["Put one script on the page."]),
            ends(3, PLAIN),
            added(4, person("msg_3", "Thanks!", "msg_2"), ref="r2"),
            begins(5, "msg_4", "msg_3", turn="trn_2"),
            *says(["You are ", "welcome."]),
            ends(6, answer("msg_4", "msg_3", text("You are welcome.")), turn="trn_2"),
            fresh(
                6, ASKED, PLAIN, person("msg_3", "Thanks!", "msg_2"), answer("msg_4", "msg_3", text("You are welcome."))
            ),
        ],
    ),
    Conversation(
        name="stopped",
        about="`stop` is acknowledged, then the turn ends with the text so far.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            *says(["Put one ", "scr"]),
            Ack(ref="r2"),
            ends(3, answer("msg_2", "msg_1", text("Put one scr"), status="stopped")),
            fresh(3, ASKED, answer("msg_2", "msg_1", text("Put one scr"), status="stopped")),
        ],
    ),
    Conversation(
        name="failed",
        about="The model breaks in mid-answer: the text is kept and the message says why; what hung is closed.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            *says(["Put one "]),
            ToolStart(seq=2, part=1, call="call_1", tool="search_knowledge", title="Searching"),
            ToolEnd(seq=3, part=1, status="stopped", ms=9),
            ends(
                3,
                answer(
                    "msg_2",
                    "msg_1",
                    text("Put one "),
                    ToolPart(call="call_1", tool="search_knowledge", title="Searching", status="stopped", ms=9),
                    status="failed",
                    error=MessageError(code="unavailable", text="The model's provider does not answer."),
                ),
            ),
        ],
    ),
    Conversation(
        name="failed-before-a-word",
        about="A turn that fails at once leaves an answer without parts.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            ends(
                3,
                answer(
                    "msg_2",
                    "msg_1",
                    status="failed",
                    error=MessageError(code="budget", text="The allowance for this is used up."),
                ),
            ),
        ],
    ),
    Conversation(
        name="interrupted-and-run-again",
        about="The turn's owner died: its answer ends as interrupted; a new turn of a later epoch answers again.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            *says(["Put one "]),
            ends(3, answer("msg_2", "msg_1", text("Put one "), status="interrupted")),
            begins(4, "msg_3", "msg_1", turn="trn_2", epoch=2, siblings=("msg_2",)),
            *says(["Put it there."]),
            ends(5, answer("msg_3", "msg_1", text("Put it there."), siblings=("msg_2",), place=1), turn="trn_2"),
            fresh(5, ASKED, answer("msg_3", "msg_1", text("Put it there."), siblings=("msg_2",), place=1)),
        ],
    ),
    Conversation(
        name="feedback",
        about="On the running answer, on an old one, taken back, and on one outside the window.",
        steps=[
            snapshot(9, ASKED, PLAIN, person("msg_3", "More?", "msg_2"), more=True),
            begins(10, "msg_4", "msg_3"),
            updated(11, "msg_4", feedback=FeedbackMark(value=1)),
            *says(["Yes."]),
            updated(12, "msg_2", ref="r3", feedback=FeedbackMark(value=-1, comment="Too short")),
            updated(13, "msg_0", feedback=FeedbackMark(value=1)),
            ends(14, answer("msg_4", "msg_3", text("Yes."), feedback=FeedbackMark(value=1))),
            updated(15, "msg_2", ref="r4", feedback=FeedbackMark(value=0)),
        ],
    ),
    Conversation(
        name="signals",
        about="What carries neither `rev` nor `seq` changes nothing.",
        steps=[
            snapshot(1, ASKED),
            begins(2, "msg_2", "msg_1"),
            *says(["Put one "]),
            Ack(ref="r2"),
            Pong(ref="r3"),
            ErrorFrame(
                code="invalid", text="Please look again.", ref="r4", issues=[Issue(path="/email", text="Missing.")]
            ),
            ErrorFrame(code="rate_limited", text="Too much at once.", retry_ms=1500),
            GoingAway(retry_ms=700),
            *says(["script."], seq=2),
        ],
    ),
    Conversation(
        name="operator-joins",
        about="A person of the house writes into the conversation; the visitor then goes on.",
        steps=[
            snapshot(1, ASKED),
            added(2, person("msg_2", "I can help.", "msg_1", author=OPERATOR)),
            added(3, person("msg_3", "Great.", "msg_2"), ref="r2"),
            SessionUpdate(rev=4, title="With Ada", ref=None),
        ],
    ),
)
