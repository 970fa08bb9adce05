"""What the demo model shows: sample data for the kinds of block that come with Opsloom."""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from typing import Any, Final

_MONTHS: Final = ["January", "February", "March", "April", "May", "June"]

_SAMPLES: Final[dict[str, dict[str, Any]]] = {
    "chart": {
        "title": "Questions answered, first half of the year",
        "type": "bar",
        "x": {"label": "Month"},
        "y": {"label": "Questions"},
        "labels": _MONTHS,
        "series": [
            {"name": "Website", "values": [320, 410, 515, 498, 640, 702]},
            {"name": "Intranet", "values": [180, 205, 240, 310, 295, 360]},
        ],
    },
    "table": {
        "title": "Plans compared",
        "columns": [
            {"key": "plan", "label": "Plan"},
            {"key": "seats", "label": "Seats", "type": "number"},
            {"key": "price", "label": "Price a month", "type": "money", "unit": "EUR"},
            {"key": "since", "label": "Since", "type": "date"},
        ],
        "rows": [
            {"plan": "Basic", "seats": 1, "price": 9, "since": "2026-01-01"},
            {"plan": "Team", "seats": 20, "price": 79, "since": "2026-01-01"},
            {"plan": "Company", "seats": 250, "price": 490.5, "since": "2026-06-15"},
        ],
    },
    "choices": {
        "prompt": "Which plan would you like to hear about?",
        "options": [
            {"id": "basic", "label": "Basic", "description": "For one person"},
            {"id": "team", "label": "Team", "description": "Up to 20 people"},
            {"id": "company", "label": "Company", "description": "Everyone, with single sign-on"},
        ],
    },
    "form": {
        "title": "Book a call",
        "fields": [
            {"name": "name", "label": "Your name", "required": True, "max": 100},
            {"name": "email", "label": "E-mail", "type": "email", "required": True, "placeholder": "you@example.com"},
            {"name": "people", "label": "How many people", "type": "number", "min": 1, "max": 20},
            {
                "name": "topic",
                "label": "Topic",
                "type": "select",
                "options": [{"id": "start", "label": "Getting started"}, {"id": "host", "label": "Hosting it"}],
            },
        ],
        "submit": "Book",
    },
    "progress": {
        "title": "Preparing the report",
        "stages": [
            {"label": "Collect the figures", "status": "running"},
            {"label": "Compare with last year"},
            {"label": "Write the summary"},
        ],
        "note": "Reading 3 sources",
    },
}

# How the progress goes on: the ops of each change in place.
STEPS: Final[tuple[tuple[dict[str, Any], ...], ...]] = (
    (
        {"op": "set", "path": "/stages/0/status", "value": "done"},
        {"op": "set", "path": "/stages/1/status", "value": "running"},
        {"op": "set", "path": "/note", "value": "12 of 24 months"},
    ),
    (
        {"op": "set", "path": "/stages/1/status", "value": "done"},
        {"op": "set", "path": "/stages/2/status", "value": "running"},
        {"op": "set", "path": "/note", "value": "Nearly there"},
    ),
    (
        {"op": "set", "path": "/stages/2/status", "value": "done"},
        {"op": "set", "path": "/note", "value": "Ready"},
    ),
)


def sample(kind: str, schema: Mapping[str, Any], question: str = "") -> dict[str, Any] | None:
    """Data for a block of this kind, fitted to the words of the question; None where there is nothing to show.

    A kind that is not ours is shown with the first of its schema's `examples`.
    """
    if kind not in _SAMPLES:
        examples = schema.get("examples")
        example = examples[0] if isinstance(examples, list) and examples else None
        # A file of an example is on no server.
        return dict(example) if isinstance(example, dict) and "file" not in example else None
    data = copy.deepcopy(_SAMPLES[kind])
    if kind == "chart" and (named := re.search(r"\b(line|area|pie)\b", question, re.IGNORECASE)):
        data["type"] = named[1].lower()
        if data["type"] == "pie":
            data["title"] = "Questions by month"
            data["series"] = data["series"][:1]
    if kind == "choices" and re.search(r"\b(several|multiple|many)\b", question, re.IGNORECASE):
        data |= {"prompt": "Which plans would you like to hear about?", "multiple": True}
    return data
