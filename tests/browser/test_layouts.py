"""Every kind of block in every state looks as it did: where things stand, their colours, their letters."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from browser.layouts import KEPT, differences, layouts

pytestmark = pytest.mark.browser

CASE = "notice/success"


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8"))
    return found


def test_everything_looks_as_it_did(browser: Browser, gallery: str) -> None:
    changed = differences(kept(), layouts(browser, gallery))
    assert changed == [], "where this is meant: PYTHONPATH=tests python -m browser.layouts"


def move(found: dict[str, Any]) -> None:
    found["390"][CASE][1][2] += 12


def widen(found: dict[str, Any]) -> None:
    found["1280"][CASE][0][3] *= 1.1


def tint(found: dict[str, Any]) -> None:
    found["1280"][CASE][0][5] = "muted - -"


def enlarge(found: dict[str, Any]) -> None:
    found["390"][CASE][-1][6] = "18/400"


def lose(found: dict[str, Any]) -> None:
    found["390"][CASE].pop()


@pytest.mark.parametrize("change", [move, widen, tint, enlarge, lose])
def test_a_change_is_said_with_its_place(change: Callable[[dict[str, Any]], None]) -> None:
    found = copy.deepcopy(kept())
    change(found)
    (said,) = differences(kept(), found)
    assert said.startswith(CASE)


def test_another_theme_and_another_case_are_said() -> None:
    found = copy.deepcopy(kept())
    found["dark"]["ink"] = "oklch(0.5 0 0)"
    del found["390"][CASE]
    assert [said.split(" was")[0] for said in differences(kept(), found)] == ["dark: --ink", f"{CASE} at 390: gone"]


def test_what_another_machine_rounds_otherwise_is_no_change() -> None:
    found = copy.deepcopy(kept())
    for width in ("1280", "390"):
        for boxes in found[width].values():
            for box in boxes:
                box[1:5] = [place + 3 for place in box[1:5]]
    assert differences(kept(), found) == []
