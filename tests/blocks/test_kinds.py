"""The rules of each kind: what is refused, what is said, what is kept of an answer."""

from typing import Any

import pytest
from opsloom_blocks import BlockError, NotOpen, act, make_block, patched, validate
from opsloom_blocks.kind import number
from opsloom_protocol.messages import Block, BlockState, PatchOp

OPTIONS = [{"id": "a", "label": "Apples"}, {"id": "b", "label": "Pears"}, {"id": "c", "label": "Plums"}]


def issues(kind: str, data: Any) -> dict[str, str]:
    with pytest.raises(BlockError) as caught:
        validate(kind, data)
    assert all(issue.text.endswith(".") for issue in caught.value.issues)
    return {issue.path: issue.text for issue in caught.value.issues}


def refused(block: Block, action: str, values: Any) -> dict[str, str]:
    with pytest.raises(BlockError) as caught:
        act(block, action, values)
    return {issue.path: issue.text for issue in caught.value.issues}


def choices(**more: Any) -> Block:
    return make_block("choices", {"prompt": "Which?", "options": OPTIONS, **more}, "blk_1")


def form(*fields: dict[str, Any]) -> Block:
    return make_block("form", {"title": "Details", "fields": list(fields)}, "blk_1")


def table(columns: list[dict[str, Any]], rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {"columns": columns, "rows": rows, **more}


# ------------------------------------------------------------------------------------------------------ choices


def test_one_choice() -> None:
    done = act(choices(), "choose", {"choices": ["b"]})
    assert done.state == BlockState(status="answered", action="choose", values={"choices": ["b"]})
    assert done.summary == "Chose: Pears."


def test_several_choices_come_in_the_options_order_and_once() -> None:
    done = act(choices(multiple=True, min=0), "choose", {"choices": ["c", "a", "c"]})
    assert done.state.values == {"choices": ["a", "c"]}
    assert done.summary == "Chose: Apples, Plums."
    assert act(choices(multiple=True, min=0), "choose", {"choices": []}).summary == "Chose nothing."


@pytest.mark.parametrize(
    ("more", "picked", "path", "words"),
    [
        ({}, [], "/choices", "Pick 1."),
        ({}, ["a", "b"], "/choices", "Pick 1."),
        ({}, ["a", "x"], "/choices/1", "There is no such option."),
        ({"multiple": True, "min": 2}, ["a"], "/choices", "Pick at least 2 and at most 3."),
        ({"multiple": True, "min": 0, "max": 1}, ["a", "b"], "/choices", "Pick at most 1."),
    ],
)
def test_a_choice_that_does_not_fit(more: dict[str, Any], picked: list[str], path: str, words: str) -> None:
    assert refused(choices(**more), "choose", {"choices": picked}) == {path: words}


def test_choices_that_contradict_themselves() -> None:
    twice = [{"id": "a", "label": "A"}, {"id": "a", "label": "B"}]
    assert issues("choices", {"prompt": "?", "options": twice}) == {"/options/1/id": "Another option has this id."}
    assert "/multiple" in issues("choices", {"prompt": "?", "options": OPTIONS, "max": 2})
    assert "/min" in issues("choices", {"prompt": "?", "options": OPTIONS, "multiple": True, "min": 4})
    assert "/options" in issues("choices", {"prompt": "?", "options": []})


def test_only_an_open_block_takes_an_action() -> None:
    block = choices()
    assert "There is nothing to do here." in str(
        _closed(make_block("table", table([{"key": "a", "label": "A"}], []), "b"))
    )
    for status, words in (("answered", "answered already"), ("withdrawn", "withdrawn already"), ("expired", "expired")):
        state = act(block, "choose", {"choices": ["a"]}).state
        gone = Block(id="b", kind="choices", version=1, data=block.data, fallback="x", state=_with(state, status))
        assert words in str(_closed(gone))
    assert "no action 'submit'" in refused(block, "submit", {})[""]
    assert refused(block, "choose", None) == {"/choices": "Pick 1."}  # no values are empty ones


def _with(state: BlockState, status: Any) -> BlockState:
    return BlockState(status=status, action=state.action, values=state.values)


def _closed(block: Block) -> NotOpen:
    with pytest.raises(NotOpen) as caught:
        act(block, "choose", {"choices": ["a"]})
    return caught.value


def test_an_answer_of_ones_own_counts_as_a_pick() -> None:
    own = act(choices(free_text=True), "choose", {"text": " Quinces "})
    assert own.state.values == {"choices": [], "text": "Quinces"}
    assert own.summary == "Wrote: Quinces"
    both = act(choices(free_text=True, multiple=True), "choose", {"choices": ["a", "b", "c"], "text": "Quinces"})
    assert both.summary == "Chose: Apples, Pears, Plums. Wrote: Quinces"
    assert choices(free_text=True).fallback.endswith("- or an answer of your own")
    assert refused(choices(free_text=True), "choose", {"choices": ["a"], "text": "x"}) == {"/choices": "Pick 1."}
    assert refused(choices(free_text=True), "choose", {"text": "  "}) == {"/choices": "Pick 1."}
    assert list(refused(choices(), "choose", {"choices": ["a"], "text": "x"})) == ["/text"]


# --------------------------------------------------------------------------------------------------------- form

NAME = {"name": "name", "label": "Your name", "required": True, "max": 10}
AGE = {"name": "age", "label": "Age", "type": "number", "min": 18, "max": 99.5}
MAIL = {"name": "mail", "label": "E-mail", "type": "email"}
DAY = {"name": "day", "label": "Day", "type": "date", "min": "2026-01-01", "max": "2026-12-31"}
PLAN = {"name": "plan", "label": "Plan", "type": "select", "options": OPTIONS}
TERMS = {"name": "terms", "label": "I agree", "type": "checkbox", "required": True}
NEWS = {"name": "news", "label": "News", "type": "checkbox"}
SHARE = {"name": "share", "label": "Share", "type": "slider", "min": 0, "max": 100, "step": 10}
STARS = {"name": "stars", "label": "Stars", "type": "rating"}
PAPER = {"name": "paper", "label": "Paper", "type": "file", "accept": ["application/pdf", "image/*", ".csv"]}


def test_a_form_filled_in() -> None:
    given = {"name": " Ada ", "age": 36, "mail": "", "day": None, "plan": "b", "terms": True, "news": False}
    done = act(form(NAME, AGE, MAIL, DAY, PLAN, TERMS, NEWS), "submit", {"values": given})
    assert done.state.values == {"values": {"name": "Ada", "age": 36, "plan": "b", "terms": True, "news": False}}
    assert done.summary == "Details: filled in.\nYour name: Ada\nAge: 36\nPlan: Pears\nI agree: yes\nNews: no"


def test_sliders_stars_and_files() -> None:
    paper = "fil_" + "0a" * 16
    done = act(form(SHARE, STARS, PAPER), "submit", {"values": {"share": 70, "stars": 4, "paper": paper}})
    assert done.summary == f"Details: filled in.\nShare: 70\nStars: 4 of 5\nPaper: {paper}"
    assert act(form({**STARS, "max": 10}), "submit", {"values": {"stars": 10}}).summary.endswith("Stars: 10 of 10")


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        (NAME, None, "Please fill in “Your name”."),
        (NAME, "   ", "Please fill in “Your name”."),
        (NAME, 5, "Text is expected here."),
        (NAME, "x" * 11, "At most 10 characters, please; this has 11."),
        ({**NAME, "min": 3}, "ab", "At least 3 characters, please."),
        ({"name": "name", "label": "Long", "type": "textarea"}, "x" * 10_001, "At most 10000 characters"),
        (AGE, "36", "A number is expected here."),
        (AGE, True, "A number is expected here."),
        (AGE, 17.9, "At least 18, please."),
        (AGE, 100, "At most 99.5, please."),
        (MAIL, "ada", "This is not an e-mail address."),
        (MAIL, "a@b", "This is not an e-mail address."),
        (MAIL, "a b@example.com", "This is not an e-mail address."),
        (MAIL, f"{'a' * 300}@example.com", "This is not an e-mail address."),
        (DAY, "tomorrow", "A date is expected here"),
        (DAY, "2026-02-30", "A date is expected here"),
        (DAY, "20260203", "A date is expected here"),
        (DAY, "2026-W06-1", "A date is expected here"),
        (DAY, "2025-12-31", "Not before 2026-01-01, please."),
        (DAY, "2027-01-01", "Not after 2026-12-31, please."),
        (PLAN, "z", "Pick one of the options."),
        (PLAN, 1, "Pick one of the options."),
        (TERMS, False, "Please tick “I agree”."),
        (TERMS, "yes", "Tick it or leave it empty."),
        ({**AGE, "step": 0.5}, 18.25, "In steps of 0.5 from 18, please."),
        ({"name": "n", "label": "N", "type": "number", "step": 0.1}, 1e308, "In steps of 0.1, please."),
        (SHARE, 105, "At most 100, please."),
        (SHARE, 55, "In steps of 10, please."),
        (STARS, 0, "Pick from 1 to 5."),
        (STARS, 4.5, "Pick from 1 to 5."),
        (STARS, True, "Pick from 1 to 5."),
        (PAPER, "contract.pdf", "Send a file first."),
        (PAPER, "fil_0123", "Send a file first."),
    ],
)
def test_a_value_that_does_not_fit(field: dict[str, Any], value: Any, words: str) -> None:
    found = refused(form(field), "submit", {"values": {field["name"]: value}})
    assert list(found) == [f"/values/{field['name']}"]
    assert words in found[f"/values/{field['name']}"]


def test_every_wrong_field_is_named_at_once() -> None:
    found = refused(form(NAME, AGE), "submit", {"values": {"age": 3, "a/b": 1}})
    assert set(found) == {"/values/name", "/values/age", "/values/a~1b"}
    assert list(refused(form(NAME), "submit", {"values": {"name": ["x"]}})) == ["/values/*"]


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ({"name": "1st", "label": "x"}, "/fields/0/name"),
        ({"name": "first\n", "label": "x"}, "/fields/0/name"),
        ({"name": "__proto__", "label": "x"}, "/fields/0/name"),
        ({"name": "x", "label": "x", "type": "select"}, "/fields/0/options"),
        ({"name": "x", "label": "x", "options": OPTIONS}, "/fields/0/options"),
        ({"name": "x", "label": "x", "type": "select", "options": [OPTIONS[0], OPTIONS[0]]}, "/fields/0/options/1/id"),
        ({"name": "x", "label": "x", "type": "checkbox", "max": 1}, "/fields/0/max"),
        ({"name": "x", "label": "x", "type": "number", "min": "2026-01-01"}, "/fields/0/min"),
        ({"name": "x", "label": "x", "type": "number", "min": 5, "max": 4}, "/fields/0/min"),
        ({"name": "x", "label": "x", "type": "date", "min": 5}, "/fields/0/min"),
        ({"name": "x", "label": "x", "type": "date", "max": "2026-13-01"}, "/fields/0/max"),
        ({"name": "x", "label": "x", "type": "password"}, "/fields/0/type"),
        ({"name": "x", "label": "x", "type": "slider", "max": 5}, "/fields/0/min"),
        ({"name": "x", "label": "x", "type": "slider", "min": 5}, "/fields/0/max"),
        ({"name": "x", "label": "x", "type": "rating", "max": 11}, "/fields/0/max"),
        ({"name": "x", "label": "x", "type": "rating", "max": 4.5}, "/fields/0/max"),
        ({"name": "x", "label": "x", "type": "rating", "min": 1}, "/fields/0/min"),
        ({"name": "x", "label": "x", "type": "text", "step": 1}, "/fields/0/step"),
        ({"name": "x", "label": "x", "type": "number", "step": 0}, "/fields/0/step"),
        ({"name": "x", "label": "x", "type": "text", "accept": [".csv"]}, "/fields/0/accept"),
        ({"name": "x", "label": "x", "type": "file", "accept": [".csv", "a pdf"]}, "/fields/0/accept/1"),
        ({"name": "x", "label": "x", "type": "file", "max": 5}, "/fields/0/max"),
    ],
)
def test_a_field_that_contradicts_itself(field: dict[str, Any], path: str) -> None:
    assert list(issues("form", {"title": "t", "fields": [field]})) == [path]


def test_two_fields_of_one_name() -> None:
    assert list(issues("form", {"title": "t", "fields": [NAME, NAME]})) == ["/fields/1/name"]


# ------------------------------------------------------------------------------------------------ table and chart


def test_cells_fit_their_columns() -> None:
    columns = [
        {"key": "n", "label": "N", "type": "number"},
        {"key": "d", "label": "D", "type": "date"},
        {"key": "m", "label": "M", "type": "money"},
    ]
    rows: list[dict[str, Any]] = [{"n": 1, "d": "2026-01-31", "m": 1.5}, {"n": None, "d": "2026-01-31T10:00:00Z"}, {}]
    assert validate("table", table(columns, rows))
    wrong = [{"n": "1", "d": "31.1.2026", "m": True, "x/y": 1}]
    assert set(issues("table", table(columns, wrong))) == {"/rows/0/n", "/rows/0/d", "/rows/0/m", "/rows/0/x~1y"}
    assert len(issues("table", table(columns, [{"n": "1"}] * 500))) < 30
    more = [{"key": "b", "label": "B", "type": "boolean"}, {"key": "u", "label": "U", "type": "link"}]
    assert validate("table", table(more, [{"b": False, "u": "https://example.com/a?b=c#d"}, {"b": None, "u": None}]))
    for address in ("javascript:alert(1)", "//example.com", "https://", "https://a@b.example/", 5):
        assert set(issues("table", table(more, [{"b": 1, "u": address}]))) == {"/rows/0/b", "/rows/0/u"}
    assert list(issues("table", table([columns[0], columns[0]], []))) == ["/columns/1/key"]
    assert list(issues("table", table(columns, rows, total=2))) == ["/total"]


def test_a_long_table_is_cut_in_plain_text_and_says_so() -> None:
    block = make_block("table", table([{"key": "n", "label": "N"}], [{"n": n} for n in range(60)], total=80), "b")
    assert block.fallback.splitlines()[-2:] == ["49", "… and 30 more rows"]
    short = make_block("table", table([{"key": "n", "label": "N"}], [{"n": True}, {"n": "a\n b"}, {}]), "b")
    assert short.fallback == "N\nyes\na b\n-"


def test_charts_that_contradict_themselves() -> None:
    chart: dict[str, Any] = {
        "title": "t",
        "type": "line",
        "labels": ["a", "b"],
        "series": [{"name": "s", "values": [1, None]}],
    }
    assert validate("chart", chart)
    assert list(issues("chart", {**chart, "labels": ["a"]})) == ["/series/0/values"]
    assert list(issues("chart", {**chart, "series": chart["series"] * 2})) == ["/series/1/name"]
    assert list(issues("chart", {**chart, "type": "pie"})) == ["/series/0/values"]
    assert list(issues("chart", {**chart, "type": "scatter"})) == ["/labels/0", "/labels/1"]
    two = [{"name": "s", "values": [1, 2]}, {"name": "t", "values": [1, 2]}]
    assert list(issues("chart", {**chart, "type": "pie", "series": two})) == ["/series"]
    assert "stacked bar chart" in make_block("chart", {**chart, "type": "stacked_bar"}, "b").fallback
    scatter = {**chart, "type": "scatter", "labels": [0.1, 2]}
    assert make_block("chart", scatter, "b").fallback == "t (scatter chart)\ns: 0.1 1, 2 -"


def test_a_long_series_is_cut_in_plain_text_and_says_so() -> None:
    values = list(range(60))
    chart = {"title": "t", "type": "line", "labels": values, "series": [{"name": "s", "values": values}]}
    assert make_block("chart", chart, "b").fallback.endswith("49 49, … and 10 more")


@pytest.mark.parametrize(
    ("value", "text"),
    [(5, "5"), (5.0, "5"), (0.1 + 0.2, "0.3"), (-1.25, "-1.25"), (10**14, "1" + "0" * 14), (1e300, "1e+300")],
)
def test_numbers_as_words(value: float, text: str) -> None:
    assert number(value) == text


# ----------------------------------------------------------------------------------------------------- progress


def test_progress_in_words() -> None:
    stages = [{"label": "Read", "status": "done"}, {"label": "Write", "status": "running", "weight": 3, "done": 0.5}]
    assert make_block("progress", {"title": "Work", "stages": stages, "note": "Page 2"}, "b").fallback == (
        "Work: 62 %\n- Read: done\n- Write: running, 50 %\nPage 2"
    )
    assert make_block("progress", {"title": "Work", "done": 3, "total": 4}, "b").fallback == "Work: 75 %\n3 of 4 done"
    assert make_block("progress", {"title": "Work", "done": 3}, "b").fallback == "Work\n3 done"
    assert make_block("progress", {"title": "Work", "seconds_left": 90}, "b").fallback == "Work\n1:30 left"
    assert list(issues("progress", {"title": "Work", "done": 5, "total": 4})) == ["/done"]


def test_a_patch_changes_data_exactly_as_a_client_does() -> None:
    block = make_block("progress", {"title": "Work", "stages": [{"label": "Read"}]}, "b")
    ops = [PatchOp(op="set", path="/note", value=None), PatchOp(op="set", path="/stages/0/status", value="done")]
    after = patched(block, ops)
    assert after.version == 2
    assert after.data == {"title": "Work", "stages": [{"label": "Read", "status": "done"}], "note": None}
    assert after.fallback == "Work: 100 %\n- Read: done"
    assert block.data["stages"][0]["status"] == "pending"
