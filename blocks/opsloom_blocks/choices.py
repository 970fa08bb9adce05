"""`choices`: options as buttons, one or several of which a person picks."""

from typing import Annotated, Any

from msgspec import Meta, field
from opsloom_protocol.messages import Issue

from opsloom_blocks.content import Data
from opsloom_blocks.kind import BlockKind, duplicates

Id = Annotated[str, Meta(min_length=1, max_length=64, description="short and unique, like `yes` or `plan_b`")]


class Option(Data, frozen=True, kw_only=True):
    id: Id
    label: Annotated[str, Meta(min_length=1, max_length=200, description="what the person reads")]
    description: Annotated[str, Meta(max_length=500)] | None = None


class Choices(Data, frozen=True, kw_only=True):
    prompt: Annotated[str, Meta(min_length=1, max_length=1000, description="the question")]
    options: Annotated[list[Option], Meta(min_length=1, max_length=50)]
    multiple: Annotated[bool, Meta(description="whether several may be picked")] = False
    min: Annotated[int, Meta(ge=0, le=50, description="fewest picks")] = 1
    max: Annotated[int, Meta(ge=1, le=50, description="most picks; left out: one, or all if `multiple`")] | None = None
    free_text: Annotated[
        bool, Meta(description="whether the person may write an answer of their own; it counts as a pick")
    ] = False


class Choose(Data, frozen=True, kw_only=True):
    """The ids of the options that were picked, and what was written beside or instead of them."""

    choices: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=50)] = field(default_factory=list)
    text: Annotated[str, Meta(max_length=2000)] | None = None


class ChoicesKind(BlockKind[Choices]):
    kind = "choices"
    title = "Ask for a choice"
    about = (
        "Ask the person to pick from options that are shown as buttons. Use it when there are clear alternatives; "
        "the answer comes back as the labels that were picked."
    )
    data = Choices
    example = Choices(
        prompt="Which plan do you want to hear about?",
        options=[
            Option(id="basic", label="Basic", description="For one person"),
            Option(id="team", label="Team", description="Up to 20 people"),
        ],
    )
    actions = {"choose": Choose}  # noqa: RUF012
    waits = True

    def fallback(self, data: Choices) -> str:
        options = [f"- {o.label}" + (f": {o.description}" if o.description else "") for o in data.options]
        return "\n".join([data.prompt, *options, *(["- or an answer of your own"] if data.free_text else [])])

    def check(self, data: Choices) -> list[Issue]:
        issues = [
            Issue(path=f"/options/{at}/id", text="Another option has this id.")
            for at in duplicates([option.id for option in data.options])
        ]
        least, most = bounds(data)
        if not data.multiple and (data.min > 1 or (data.max or 1) > 1):
            issues.append(Issue(path="/multiple", text="More than one pick needs `multiple`: true."))
        elif least > most:
            issues.append(Issue(path="/min", text=f"At most {most} can be picked, so `min` cannot be {least}."))
        return issues

    def check_action(self, data: Choices, action: str, values: Choose) -> tuple[Choose, list[Issue]]:
        known = [option.id for option in data.options]
        issues = [
            Issue(path=f"/choices/{at}", text="There is no such option.")
            for at, picked in enumerate(values.choices)
            if picked not in known
        ]
        text = (values.text or "").strip() or None
        if text is not None and not data.free_text:
            issues.append(Issue(path="/text", text="Pick from the options; there is no other answer."))
        picks = Choose(choices=[option for option in known if option in values.choices], text=text)
        least, most = bounds(data)
        if not issues and not least <= len(picks.choices) + (text is not None) <= most:
            issues.append(Issue(path="/choices", text=_how_many(least, most)))
        return picks, issues

    def summary(self, data: Choices, action: str, values: Any) -> str:
        labels = [option.label for option in data.options if option.id in values.choices]
        if values.text is not None:
            return f"Chose: {', '.join(labels)}. Wrote: {values.text}" if labels else f"Wrote: {values.text}"
        return f"Chose: {', '.join(labels)}." if labels else "Chose nothing."


def bounds(data: Choices) -> tuple[int, int]:
    """Fewest and most picks."""
    return data.min, data.max or (len(data.options) + data.free_text if data.multiple else 1)


def _how_many(least: int, most: int) -> str:
    if least == most:
        return f"Pick {least}."
    return f"Pick at least {least} and at most {most}." if least else f"Pick at most {most}."


CHOICES = ChoicesKind()
