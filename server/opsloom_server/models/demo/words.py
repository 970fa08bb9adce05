"""What the demo model says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from opsloom_server.models.demo.querying import PREPARED

WHAT_I_AM: Final = (
    "I am Opsloom's **demo model**. I need no key and no network: I search the documents of this assistant and quote "
    "what they say, word for word, with their sources. I do not write answers of my own."
)
SET_A_KEY: Final = (
    "To have a language model answer here, set a vendor's key and start the server again, for example "
    "`OPENAI_API_KEY=… make run` or `ANTHROPIC_API_KEY=… make run`. Any server that speaks OpenAI's interface works "
    "too, with `OPENAI_BASE_URL` and `OPSLOOM_MODEL=openai-chat:name`."
)
FIRST_ANSWER: Final = (
    "*I am the demo model: I quote the documents as they are. With a vendor's key, a language model answers here.*"
)
TRY_QUESTION: Final = "How do I embed the chat on my website?"

# What a person can say to see a kind of block.
TRY_BLOCK: Final[dict[str, str]] = {
    "chart": "Show me a chart",
    "table": "Show me a table",
    "choices": "Give me some choices",
    "form": "Show me a form",
    "progress": "Show me a progress bar",
}


def tries(kinds: Sequence[str], *, searches: bool) -> str:
    """What to try next, as a list."""
    lines = [f"- “{TRY_QUESTION}”"] if searches else []
    shown = [TRY_BLOCK[kind] for kind in kinds if kind in TRY_BLOCK]
    lines += [f"- “{text}”" for text in shown[:3]]
    if kinds:
        lines.append("- “What can you show?”")
    return "You could try:\n\n" + "\n".join(lines) if lines else ""


def greeting(kinds: Sequence[str], *, searches: bool) -> str:
    return _joined("Hello! " + WHAT_I_AM, tries(kinds, searches=searches))


def identity(kinds: Sequence[str], *, searches: bool) -> str:
    return _joined(WHAT_I_AM, SET_A_KEY, tries(kinds, searches=searches))


def thanks(kinds: Sequence[str], *, searches: bool) -> str:
    return "You are welcome. Ask me anything else that the documents may know."


def nothing_found(question: str, kinds: Sequence[str]) -> str:
    asked = f"“{question}”" if 0 < len(question) <= 120 else "that"
    return _joined(
        f"The documents of this assistant say nothing about {asked} that I could find.",
        "I am the demo model and know only what stands in them, so please try other words, or ask about something "
        "that they cover. A language model would answer more freely: it takes the place of this one as soon as a "
        "vendor's key is set (`OPENAI_API_KEY` or `ANTHROPIC_API_KEY`).",
        tries(kinds, searches=True),
    )


def nothing_to_search(kinds: Sequence[str]) -> str:
    return _joined(
        "I cannot answer that. " + WHAT_I_AM,
        "This assistant has no documents yet: give it a knowledge base, and I shall search it.",
        SET_A_KEY,
        tries(kinds, searches=False),
    )


def search_failed(why: str) -> str:
    return _joined(
        "The search did not work this time, so I have nothing to answer from.", why, "Please try again in a moment."
    )


def before_blocks(kinds: Sequence[str], *, everything: bool) -> str:
    if everything:
        return "These are the pieces of interface that an answer can hold, here with sample data."
    named = _listed([_name(kind) for kind in kinds])
    return f"Here is {named}, with sample data."


def after_blocks(kinds: Sequence[str], asks: Sequence[str]) -> str:
    """When everything asked for is shown."""
    said = "An assistant with a language model fills them with what you talk about; a reload shows them just the same."
    if asks:
        said += (
            f" There {'is' if len(asks) == 1 else 'are'} also {_listed([_name(kind) for kind in asks])}: say "
            + _listed([f"“{TRY_BLOCK.get(kind, f'Show me a {_plain(kind)}')}”" for kind in asks], "or")
            + "."
        )
    return said


BEFORE_QUERY: Final = "I ask the demo's shop, a database of made-up orders. The query was written beforehand:"


def after_query(question: str) -> str:
    """When the rows are shown."""
    others = [one.question for one in PREPARED if one.question != question]
    return _joined(
        "These are the rows as the database gave them. Change the query above and run it: it only reads.",
        "As the demo model I know a few prepared questions; an assistant with a language model writes the query for "
        "any question of yours, and says what the figures mean.",
        "You could also try " + _listed([f"“{one}”" for one in others], "or") + ".",
    )


def query_failed(why: str) -> str:
    return _joined("The database did not answer this time.", why.partition(" Correct the query")[0])


BEFORE_ASKING: Final = "This one waits for you; I go on when you have answered."
BLOCK_FAILED: Final = "That could not be shown."
CHANGED: Final = "That was one block, changed in place while the answer ran."


def acted(answer: str) -> str:
    """A person's answer to a block, said back."""
    first, _, rest = answer.strip().partition("\n")
    if first.startswith("Chose: "):
        said = f"You chose **{first.removeprefix('Chose: ').rstrip('.')}**."
    elif rest:
        said = "Thank you. This is what I received:\n\n" + "\n".join(f"- {line}" for line in rest.splitlines() if line)
    else:
        said = f"Thank you. I received: {first}"
    return _joined(said, "An assistant with a language model goes on from here with your answer.")


def not_acted() -> str:
    return "All right, let us leave that open."


_NAMES: Final = {
    "choices": "a choice",
    "progress": "a progress bar",
    "metrics": "a row of figures",
    "tasks": "a list of tasks",
    "code": "a piece of code",
    "sql": "a query",
    "audio": "a recording",
    "tabs": "a set of tabs",
}


def _name(kind: str) -> str:
    word = _plain(kind)
    return _NAMES.get(kind) or f"{'an' if word[0] in 'aeiou' else 'a'} {word}"


def _plain(kind: str) -> str:
    return kind.replace("_", " ")


def _listed(items: Sequence[str], word: str = "and") -> str:
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {word} {items[-1]}"


def _joined(*paragraphs: str) -> str:
    return "\n\n".join(paragraph for paragraph in paragraphs if paragraph)
