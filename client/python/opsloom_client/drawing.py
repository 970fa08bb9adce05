"""Blocks as a terminal shows them: tables in columns, charts and progress as bars; other kinds in their own words."""

import unicodedata
from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, Struct, ValidationError, convert
from opsloom_protocol.messages import Block

ROWS: Final = 50
"""Rows and points that are drawn: what came before scrolls away otherwise."""
_CELL: Final = 40
"""Widest column at first, in columns of the terminal; the widest give way where the table does not fit."""
_LEAST: Final = 6
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_STAGES: Final = {"pending": "○", "running": "·", "done": "✓", "failed": "✗"}


class _Column(Struct):
    key: str
    label: str
    type: str = "text"
    unit: str | None = None


class _Table(Struct):
    columns: list[_Column]
    rows: list[dict[str, str | float | bool | None]]
    title: str | None = None
    total: int | None = None


class _Series(Struct):
    name: str
    values: list[float | None]


class _Chart(Struct):
    title: str
    type: str
    labels: list[str | float]
    series: list[_Series]


class _Stage(Struct):
    label: str
    status: str = "pending"
    weight: float | None = None
    done: float | None = None


class _Progress(Struct):
    title: str
    stages: list[_Stage] = []
    done: float | None = None
    total: float | None = None
    note: str | None = None


class _Sql(Struct):
    query: str
    title: str | None = None
    result: _Table | None = None


def drawn(block: Block, width: int) -> str:
    """The block in lines of at most `width` columns where that can be; its fallback where there is nothing to draw."""
    try:
        lines = _draw(block.kind, block.data, width)
        if not lines and block.view is not UNSET:
            lines = _draw(block.view.kind, block.view.data, width)
        return "\n".join(lines) or block.fallback
    except ValidationError:
        return block.fallback  # newer or older data than this program knows


def _draw(kind: str, data: Any, width: int) -> Sequence[str]:
    match kind:
        case "table":
            return _table(convert(data, _Table), width)
        case "chart":
            return _chart(convert(data, _Chart), width)
        case "progress":
            return _progress(convert(data, _Progress), width)
        case "sql" if (query := convert(data, _Sql)).result is not None:
            rows = _table(query.result, width)
            return [*([query.title] if query.title else []), query.query, *rows] if rows else ()
    return ()


def _table(table: _Table, width: int) -> Sequence[str]:
    if not table.columns:
        return ()
    heads = [_one_line(f"{c.label} ({c.unit})" if c.unit else c.label) for c in table.columns]
    cells = [[_cell(row.get(column.key)) for column in table.columns] for row in table.rows[:ROWS]]
    widths = [
        min(max(_width(head), *(_width(row[at]) for row in cells), 1), _CELL) if cells else _width(head)
        for at, head in enumerate(heads)
    ]
    while sum(widths) + 2 * (len(widths) - 1) > width:
        widest = max(widths)
        if widest <= _LEAST:
            return ()  # too many columns to read them side by side
        widths[widths.index(widest)] -= 1
    right = [column.type in ("number", "money") for column in table.columns]

    def line(row: Sequence[str]) -> str:
        return "  ".join(_fit(text, widths[at], right[at]) for at, text in enumerate(row)).rstrip()

    lines = [*([table.title] if table.title else []), line(heads), "  ".join("─" * one for one in widths)]
    lines += [line(row) for row in cells]
    left = max(len(table.rows), table.total or 0) - len(cells)
    return [*lines, f"… and {left} more rows"] if left > 0 else lines


def _chart(chart: _Chart, width: int) -> Sequence[str]:
    if chart.type == "scatter":
        return ()
    if chart.type in ("line", "area"):
        return [chart.title, *_lines(chart, width)]
    labels = [_one_line(label if isinstance(label, str) else _number(label)) for label in chart.labels[:ROWS]]
    figures = [[_number(value) if value is not None else "-" for value in one.values[:ROWS]] for one in chart.series]
    margin = min(max(map(_width, labels), default=0), width // 3)
    figure = max((len(text) for one in figures for text in one), default=1)
    room = width - margin - figure - 2
    most = max((abs(value) for one in chart.series for value in one.values[:ROWS] if value is not None), default=0)
    if room < _LEAST:
        return ()
    lines = [chart.title]
    for one, texts in zip(chart.series, figures, strict=True):
        lines += [f"{one.name}:"] if len(chart.series) > 1 else []
        lines += [
            f"{_fit(label, margin)} {text.rjust(figure)} {_bar(abs(value or 0) / most if most else 0, room)}".rstrip()
            for label, text, value in zip(labels, texts, one.values, strict=False)
        ]
    left = len(chart.labels) - len(labels)
    return [*lines, f"… and {left} more"] if left > 0 else lines


def _lines(chart: _Chart, width: int) -> list[str]:
    """A line for each series: its name, its shape, its first and its last value."""
    margin = min(max((_width(one.name) for one in chart.series), default=0), width // 3)
    held = [value for one in chart.series for value in one.values if value is not None]
    low, high = min(held, default=0), max(held, default=0)
    lines = []
    for one in chart.series:
        known = [value for value in one.values if value is not None]
        ends = f"{_number(known[0])} → {_number(known[-1])}" if known else "-"
        room = max(min(len(one.values), width - margin - len(ends) - 3), 1)
        picked = [one.values[at * len(one.values) // room] for at in range(room)] if one.values else []
        shape = "".join(
            " " if value is None else _LEVELS[round((value - low) / (high - low) * 7) if high > low else 3]
            for value in picked
        )
        lines.append(f"{_fit(one.name, margin)}  {shape} {ends}")
    return lines


def _progress(progress: _Progress, width: int) -> Sequence[str]:
    share = None
    if progress.stages:
        weights = [stage.weight or 1 for stage in progress.stages]
        parts = [1 if stage.status == "done" else stage.done or 0 for stage in progress.stages]
        share = sum(part * weight for part, weight in zip(parts, weights, strict=True)) / sum(weights)
    elif progress.total:
        share = (progress.done or 0) / progress.total
    lines = [progress.title]
    if share is not None:
        room = min(40, width - 8)
        lines.append(f"[{_bar(share, room).ljust(room, '·')}] {round(share * 100)} %")
    lines += [f"{_STAGES.get(stage.status, '○')} {stage.label}" for stage in progress.stages]
    return [*lines, progress.note] if progress.note else lines


def _bar(share: float, room: int) -> str:
    """A bar of up to `room` columns, to an eighth of a column."""
    eighths = round(min(max(share, 0), 1) * room * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _cell(value: str | float | bool | None) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return _number(value)
        case _:
            return _one_line(value)


def _number(value: float) -> str:
    return str(int(value)) if abs(value) < 1e15 and value == int(value) else f"{value:.12g}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two, an accent that stands on another none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _fit(text: str, width: int, right: bool = False) -> str:
    """The text in exactly so many columns, cut or padded."""
    if _width(text) > width:
        while _width(text) > width - 1:
            text = text[:-1]
        text += "…"
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
