"""One block of each kind, as a model would ask for it."""

from typing import Any, Final

CHOICES: Final[dict[str, Any]] = {
    "prompt": "Which plan suits you?",
    "options": [
        {"id": "solo", "label": "Solo", "description": "One person, one assistant"},
        {"id": "team", "label": "Team", "description": "Up to 20 people, shared knowledge"},
        {"id": "company", "label": "Company", "description": "Any number, with your own sign-in"},
    ],
}

FORM: Final[dict[str, Any]] = {
    "title": "Book a call",
    "fields": [
        {"name": "name", "label": "Your name", "type": "text", "required": True, "placeholder": "Ada Lovelace"},
        {"name": "people", "label": "People", "type": "number", "required": True, "min": 1, "max": 50},
        {
            "name": "language",
            "label": "Language",
            "type": "select",
            "required": False,
            "options": [{"id": "en", "label": "English"}, {"id": "de", "label": "Deutsch"}],
        },
        {"name": "notes", "label": "What is it about?", "type": "textarea", "required": False},
    ],
    "submit": "Book the call",
}

TABLE: Final[dict[str, Any]] = {
    "title": "Offices",
    "columns": [
        {"key": "city", "label": "City", "type": "text"},
        {"key": "people", "label": "People", "type": "number"},
        {"key": "opened", "label": "Opened", "type": "date"},
        {"key": "revenue", "label": "Revenue", "type": "money", "unit": "EUR"},
    ],
    "rows": [
        {"city": "Lisbon", "people": 34, "opened": "2021-03-01", "revenue": 1840000},
        {"city": "Oslo", "people": 12, "opened": "2023-09-15", "revenue": 610500},
        {"city": "Kyoto", "people": 21, "opened": "2019-06-20", "revenue": 1275300},
    ],
}

CHART: Final[dict[str, Any]] = {
    "title": "Questions answered",
    "type": "bar",
    "labels": ["June", "July", "August", "September"],
    "series": [
        {"name": "By the assistant", "values": [412, 530, 611, 742]},
        {"name": "By a person", "values": [131, 118, 96, 71]},
    ],
    "y": {"label": "Questions"},
}

PROGRESS: Final[dict[str, Any]] = {
    "title": "Reading the documents",
    "stages": [
        {"label": "Collect", "status": "running"},
        {"label": "Split", "status": "pending"},
        {"label": "Embed", "status": "pending"},
    ],
}

CONFIRM: Final[dict[str, Any]] = {
    "title": "Cancel order 1042",
    "tool": "cancel_order",
    "arguments": {"order": 1042, "notify": ["ada@example.com"]},
    "consequence": "The money goes back. This cannot be undone.",
    "danger": True,
}

LAYOUT: Final[dict[str, Any]] = {
    "title": "The shop today",
    "items": [
        {"kind": "notice", "data": {"text": "Closed on *Friday*.", "tone": "warning"}},
        {
            "kind": "layout",
            "data": {
                "direction": "row",
                "weights": [1, 2],
                "items": [
                    {"kind": "metrics", "data": {"metrics": [{"label": "Orders", "value": 124, "change": 12}]}},
                    {"kind": "chart", "data": CHART},
                ],
            },
        },
    ],
}
