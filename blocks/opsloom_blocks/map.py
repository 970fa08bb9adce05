"""`map`: points of the earth. Clients draw them on an outline of their own; no tiles come from anywhere."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind, number

FALLBACK_POINTS = 50
"""Points that the plain text holds."""


class Point(Data, frozen=True, kw_only=True):
    lat: Annotated[float, Meta(ge=-90, le=90, description="degrees north of the equator, negative south")]
    lon: Annotated[float, Meta(ge=-180, le=180, description="degrees east of Greenwich, negative west")]
    label: Annotated[str, Meta(min_length=1, max_length=200)]
    description: Annotated[str, Meta(max_length=500)] | None = None
    value: Annotated[float, Meta(ge=0, description="makes it larger; the same measure for all points")] | None = None


class Map(Data, frozen=True, kw_only=True):
    points: Annotated[list[Point], Meta(min_length=1, max_length=500)]
    title: Annotated[str, Meta(max_length=200)] | None = None
    unit: Annotated[str, Meta(max_length=16, description="of the points' values")] | None = None


class MapKind(BlockKind[Map]):
    kind = "map"
    title = "Show a map"
    about = "Show where things are, as points on a map. Only places whose coordinates you know."
    data = Map
    example = Map(
        title="Our shops",
        points=[
            Point(lat=52.52, lon=13.405, label="Berlin", description="Open until 20:00", value=12),
            Point(lat=48.1372, lon=11.5755, label="Munich", value=7),
            Point(lat=-33.8688, lon=151.2093, label="Sydney"),
        ],
        unit="staff",
    )

    def fallback(self, data: Map) -> str:
        lines = [data.title] if data.title else []
        for point in data.points[:FALLBACK_POINTS]:
            line = f"- {point.label} ({_degrees(point.lat, 'N', 'S')}, {_degrees(point.lon, 'E', 'W')})"
            if point.value is not None:
                line += f", {number(point.value)}" + (f" {data.unit}" if data.unit else "")
            lines.append(line + (f": {point.description}" if point.description else ""))
        left = len(data.points) - FALLBACK_POINTS
        return "\n".join([*lines, f"… and {left} more points"] if left > 0 else lines)


def _degrees(value: float, positive: str, negative: str) -> str:
    return f"{number(round(abs(value), 4))}° {negative if value < 0 else positive}"


MAP = MapKind()
