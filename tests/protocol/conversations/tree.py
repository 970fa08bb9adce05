"""The tree of messages: queue, withdraw, retry, edit, choose."""

from opsloom_protocol.frames import Ack, SessionUpdate

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
    text,
    updated,
)

Q1 = person("msg_1", "One?")
A1 = answer("msg_2", "msg_1", text("First."))
Q2 = person("msg_3", "Two?", "msg_2")
A2 = answer("msg_4", "msg_3", text("Second."))
Q3 = person("msg_5", "Three?", "msg_4")
A3 = answer("msg_6", "msg_5", text("Third."))
TALK = (Q1, A1, Q2, A2, Q3, A3)

FIRST_EDITED = person("msg_7", "Uno?", None, siblings=("msg_1",), place=1)
MIDDLE_EDITED = person("msg_7", "Dos?", "msg_2", siblings=("msg_3",), place=1)

TREE = (
    Conversation(
        name="queue",
        about="Two messages wait behind a running turn; each takes its place when the turn before it has ended.",
        steps=[
            snapshot(1, Q1),
            begins(2, "msg_2", "msg_1"),
            *says(["Fir"]),
            added(3, person("msg_3", "Two?", status="queued"), ref="r2"),
            *says(["st."], seq=2),
            added(4, person("msg_5", "Three?", status="queued"), ref="r3"),
            fresh(
                4,
                Q1,
                person("msg_3", "Two?", status="queued"),
                person("msg_5", "Three?", status="queued"),
                turn=running("trn_1", A1, seq=2),
            ),
            ends(5, A1),
            updated(6, "msg_3", status="done", parent="msg_2", siblings=(), place=0),
            begins(7, "msg_4", "msg_3", turn="trn_2"),
            *says(["Second."]),
            fresh(7, Q1, A1, Q2, person("msg_5", "Three?", status="queued"), turn=running("trn_2", A2, seq=1)),
            ends(8, A2, turn="trn_2"),
            updated(9, "msg_5", status="done", parent="msg_4", siblings=(), place=0),
            begins(10, "msg_6", "msg_5", turn="trn_3"),
            *says(["Third."]),
            ends(11, A3, turn="trn_3"),
            fresh(11, *TALK),
        ],
    ),
    Conversation(
        name="withdraw",
        about="A queued message is taken back: it leaves the view; the one behind it moves up.",
        steps=[
            snapshot(2, Q1, turn=running("trn_1", answer("msg_2", "msg_1"))),
            added(3, person("msg_8", "Oops", status="queued"), ref="r2"),
            added(4, person("msg_3", "Two?", status="queued"), ref="r3"),
            updated(5, "msg_8", status="withdrawn", ref="r4"),
            fresh(5, Q1, person("msg_3", "Two?", status="queued"), turn=running("trn_1", answer("msg_2", "msg_1"))),
            *says(["First."]),
            ends(6, A1),
            updated(7, "msg_3", status="done", parent="msg_2", siblings=(), place=0),
            fresh(7, Q1, A1, Q2),
        ],
    ),
    Conversation(
        name="retry-last",
        about="The last answer again, twice: each new one is a sibling of the old ones.",
        steps=[
            snapshot(2, Q1, A1),
            Ack(ref="r2"),
            begins(3, "msg_8", "msg_1", turn="trn_2", siblings=("msg_2",)),
            *says(["1st."]),
            ends(4, answer("msg_8", "msg_1", text("1st."), siblings=("msg_2",), place=1), turn="trn_2"),
            Ack(ref="r3"),
            begins(5, "msg_9", "msg_1", turn="trn_3", siblings=("msg_2", "msg_8")),
            fresh(
                5,
                Q1,
                turn=running("trn_3", answer("msg_9", "msg_1", siblings=("msg_2", "msg_8"), place=2)),
            ),
            *says(["Number one."]),
            ends(6, answer("msg_9", "msg_1", text("Number one."), siblings=("msg_2", "msg_8"), place=2), turn="trn_3"),
            fresh(6, Q1, answer("msg_9", "msg_1", text("Number one."), siblings=("msg_2", "msg_8"), place=2)),
        ],
    ),
    Conversation(
        name="retry-middle",
        about="An answer in the middle again: what stood below it leaves the view.",
        steps=[
            snapshot(6, *TALK),
            Ack(ref="r2"),
            begins(7, "msg_8", "msg_3", turn="trn_4", siblings=("msg_4",)),
            fresh(7, Q1, A1, Q2, turn=running("trn_4", answer("msg_8", "msg_3", siblings=("msg_4",), place=1))),
            *says(["2nd."]),
            ends(8, answer("msg_8", "msg_3", text("2nd."), siblings=("msg_4",), place=1), turn="trn_4"),
        ],
    ),
    Conversation(
        name="retry-of-an-older-sibling",
        about="The person looks at the first of three answers and asks again: the new one is the fourth.",
        steps=[
            snapshot(9, Q1, answer("msg_2", "msg_1", text("First."), siblings=("msg_8", "msg_9"), place=0)),
            begins(10, "msg_10", "msg_1", turn="trn_4", siblings=("msg_2", "msg_8", "msg_9")),
            ends(
                11,
                answer("msg_10", "msg_1", text("4th."), siblings=("msg_2", "msg_8", "msg_9"), place=3),
                turn="trn_4",
            ),
        ],
    ),
    Conversation(
        name="edit-middle",
        about="One's own message in the middle is written anew: a sibling takes its place, a turn runs under it.",
        steps=[
            snapshot(6, *TALK),
            added(7, MIDDLE_EDITED, ref="r2"),
            fresh(7, Q1, A1, MIDDLE_EDITED),
            begins(8, "msg_8", "msg_7", turn="trn_4"),
            *says(["Segundo."]),
            ends(9, answer("msg_8", "msg_7", text("Segundo.")), turn="trn_4"),
            fresh(9, Q1, A1, MIDDLE_EDITED, answer("msg_8", "msg_7", text("Segundo."))),
        ],
    ),
    Conversation(
        name="edit-first",
        about="The very first message is written anew: a second root, nothing of the old path stays in view.",
        steps=[
            snapshot(6, *TALK),
            added(7, FIRST_EDITED, ref="r2"),
            fresh(7, FIRST_EDITED),
            begins(8, "msg_8", "msg_7", turn="trn_4"),
            *says(["Primero."]),
            ends(9, answer("msg_8", "msg_7", text("Primero.")), turn="trn_4"),
        ],
    ),
    Conversation(
        name="edit-queued-behind",
        about="An edit while another message waits: the queue stays behind the path.",
        steps=[
            snapshot(6, *TALK, person("msg_9", "Four?", status="queued")),
            added(7, MIDDLE_EDITED, ref="r2"),
            fresh(7, Q1, A1, MIDDLE_EDITED, person("msg_9", "Four?", status="queued")),
        ],
    ),
    Conversation(
        name="send-with-parent",
        about="A message under an older answer: it becomes the leaf beside what stood there.",
        steps=[
            snapshot(6, *TALK),
            added(7, person("msg_7", "Another?", "msg_2", siblings=("msg_3",), place=1), ref="r2"),
            fresh(7, Q1, A1, person("msg_7", "Another?", "msg_2", siblings=("msg_3",), place=1)),
        ],
    ),
    Conversation(
        name="choose",
        about="The other sibling is chosen: the new leaf, then the whole path as a snapshot.",
        steps=[
            snapshot(9, Q1, A1, MIDDLE_EDITED, answer("msg_8", "msg_7", text("Segundo."))),
            SessionUpdate(rev=10, leaf="msg_6", ref="r2"),
            snapshot(
                10,
                Q1,
                A1,
                person("msg_3", "Two?", "msg_2", siblings=("msg_7",), place=0),
                A2,
                Q3,
                A3,
            ),
        ],
    ),
    Conversation(
        name="edit-outside-the-window",
        about="The edited message's place is older than the window: only the new message stays in view, `more` stands.",
        steps=[
            snapshot(6, *TALK[4:], more=True),
            added(7, MIDDLE_EDITED, ref="r2"),
            begins(8, "msg_8", "msg_7", turn="trn_4"),
            *says(["Segundo."]),
            ends(9, answer("msg_8", "msg_7", text("Segundo.")), turn="trn_4"),
        ],
    ),
    Conversation(
        name="edit-first-outside-the-window",
        about="A new first message leaves nothing older to fetch: `more` falls.",
        steps=[
            snapshot(6, *TALK[4:], more=True),
            added(7, FIRST_EDITED, ref="r2"),
            fresh(7, FIRST_EDITED),
        ],
    ),
    Conversation(
        name="retry-outside-the-window",
        about="The answer's place is older than the window: the running answer stands alone, its siblings are told.",
        steps=[
            snapshot(6, *TALK[4:], more=True),
            begins(7, "msg_8", "msg_1", turn="trn_4", siblings=("msg_2",)),
            *says(["1st."]),
            ends(8, answer("msg_8", "msg_1", text("1st."), siblings=("msg_2",), place=1), turn="trn_4"),
            fresh(8, answer("msg_8", "msg_1", text("1st."), siblings=("msg_2",), place=1), more=True),
        ],
    ),
    Conversation(
        name="title",
        about="A new title changes nothing else; a session.update without anything only counts.",
        steps=[
            snapshot(2, Q1, A1, title="Old"),
            SessionUpdate(rev=3, title="New", ref="r2"),
            SessionUpdate(rev=4),
            fresh(4, Q1, A1, title="New"),
        ],
    ),
)
