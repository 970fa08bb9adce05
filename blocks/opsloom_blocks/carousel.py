"""`carousel`: blocks side by side, of which a person leafs through."""

from typing import Annotated

from msgspec import Meta

from opsloom_blocks.content import Data
from opsloom_blocks.nesting import Holder, Part


class Carousel(Data, frozen=True, kw_only=True):
    items: Annotated[list[Part], Meta(min_length=1, max_length=20, description="mostly of kind `card` or `image`")]
    title: Annotated[str, Meta(max_length=200)] | None = None


class CarouselKind(Holder[Carousel]):
    kind = "carousel"
    title = "Show several cards"
    about = (
        "Show several things of one sort side by side to leaf through, mostly cards. For comparing, a table is better."
    )
    data = Carousel
    example = Carousel(
        title="Lamps in stock",
        items=[
            Part(
                kind="card",
                data={
                    "title": f"Desk lamp {name}",
                    "text": text,
                    "facts": [{"label": "Price", "value": price}],
                    "items": [],
                    "links": [],
                },
            )
            for name, text, price in (
                ("Lumen", "Bends in three places.", "49.90 EUR"),
                ("Stella", "Clips to a shelf.", "29.90 EUR"),
            )
        ],
    )

    def fallback(self, data: Carousel) -> str:
        return "\n".join([*([data.title] if data.title else []), *self.words(data.items)])


CAROUSEL = CarouselKind()
