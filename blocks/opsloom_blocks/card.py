"""`card`: one thing with its picture, facts and links."""

from typing import Annotated

from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data, plain
from opsloom_blocks.metrics import METRICS
from opsloom_blocks.nesting import Holder, Part, Parts
from opsloom_blocks.references import Address, Picture, wrong_address


class Fact(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=100)]
    value: Annotated[str, Meta(max_length=500)]


class CardLink(Data, frozen=True, kw_only=True):
    label: Annotated[str, Meta(min_length=1, max_length=100)]
    url: Address


class Card(Data, frozen=True, kw_only=True):
    title: Annotated[str, Meta(min_length=1, max_length=200)]
    subtitle: Annotated[str, Meta(max_length=200)] | None = None
    image: Picture | None = None
    text: Annotated[str, Meta(max_length=4000)] | None = None
    facts: Annotated[list[Fact], Meta(max_length=20)] = field(default_factory=list)
    items: Annotated[Parts, Meta(description="other blocks inside it")] = field(default_factory=list)
    links: Annotated[list[CardLink], Meta(max_length=5)] = field(default_factory=list)


class CardKind(Holder[Card]):
    kind = "card"
    title = "Show a card"
    about = "Show one thing (a product, a person, a place, a result) with its text, facts and links."
    data = Card
    example = Card(
        title="Desk lamp Lumen",
        subtitle="In stock",
        text="Bends in three places; light from warm to cold.",
        facts=[Fact(label="Price", value="49.90 EUR"), Fact(label="Height", value="42 cm")],
        items=[Part(kind="metrics", data=plain(METRICS.example))],
        links=[CardLink(label="Data sheet", url="https://example.com/lumen")],
    )

    def fallback(self, data: Card) -> str:
        lines = [data.title + (f" ({data.subtitle})" if data.subtitle else "")]
        if data.image and data.image.alt:
            lines.append(f"Picture: {data.image.alt}")
        lines += [data.text] if data.text else []
        lines += [f"{fact.label}: {fact.value}" for fact in data.facts]
        lines += self.words(data.items)
        return "\n".join([*lines, *(f"{link.label}: {link.url}" for link in data.links)])

    def rules(self, data: Card) -> list[Issue]:
        return [
            Issue(path=f"/links/{at}/url", text=text)
            for at, link in enumerate(data.links)
            if (text := wrong_address(link.url))
        ]


CARD = CardKind()
