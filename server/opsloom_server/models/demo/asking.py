"""What a person wants of the demo model: rules over their words, nothing more."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final, Literal

from msgspec import Struct

Want = Literal["greeting", "identity", "thanks", "blocks", "answer"]

_GREETING: Final = re.compile(
    r"(hi|hello|hey|hallo|hiya|howdy|moin|servus|good (morning|day|afternoon|evening)|greetings)"
    r"( (there|all|everyone|opsloom|demo|bot|you))?[\s!.,?]*",
    re.IGNORECASE,
)
_THANKS: Final = re.compile(
    r"((many )?thanks|thank you|thx|ty|great|perfect|cool|nice|super|awesome|ok|okay|got it|bye|goodbye|see you)"
    r"( (a lot|so much|very much|then|for (that|your help|the help)|that helps|!))*[\s!.,]*",
    re.IGNORECASE,
)
_IDENTITY: Final = re.compile(
    r"\b(who|what) (are|r) (you|u)\b|\bwho am i (talking|speaking|chatting) (to|with)\b|\bwhat('s| is) your name\b"
    r"|\bare you (an? )?(real|human|person|robot|bot|ai|llm|gpt|chatgpt|claude|language model)\b"
    r"|\b(what|which) (ai |language )?model (are|is|do) (you|this)\b|\bwhat can you do\b|\bintroduce yourself\b"
    r"|\bhow (do you work|can you help)\b|\bwhat can (i|you) (ask|help)\b|^\s*help[\s!?.]*$",
    re.IGNORECASE,
)
_SHOWING: Final = re.compile(
    r"^((please|can you|could you|would you|will you|i want to|i('d| would) (like|love) to|let me) )*"
    r"(show|display|draw|render|plot|make|create|give|demo|demonstrate|test|try|ask|let|see|present|build)?\b",
    re.IGNORECASE,
)
_ALL: Final = re.compile(
    r"\bwhat (else )?(can|could) you show\b|\b(what|which) (kinds? of )?blocks\b"
    r"|^(please )?show (me )?(all|everything|what you (can|have|got))\b"
    r"|\bshow (me )?((all|the|your|some|of) )*blocks\b",
    re.IGNORECASE,
)
# Words for a kind beside its own name.
_ALSO: Final[dict[str, str]] = {
    "chart": r"charts?|graphs?|plots?|diagrams?|pie",
    "table": r"tables?|grid|spreadsheet",
    "choices": r"choices?|choose|options?|buttons?|pick",
    "form": r"forms?|fields|questionnaire|survey",
    "progress": r"progress( bars?)?|loading bar",
}
# What may stand beside the kind without making the sentence about anything.
_FILLER_WORDS: Final = """
a an and any area as at bar bars block blocks can could data demo display do draw example examples few figures fill for
from give i in interactive it kind let like line make me multiple my now nice numbers of on one out please pie plain
present quick random render sample samples see several show simple small some sort test that the this to too try two us
want with working would you your
"""
_STOP_WORDS: Final = """
a about an and any are as at be been but by can could did do does for from get had has have how i if in into is it its
just may me might my no not of off on or our out please shall should so some tell than that the their them then there
these they this those to up us use used using was we were what when where which while who why will with would you your
don't doesn't
"""
_FILLER: Final = frozenset(_FILLER_WORDS.split())
_STOP: Final = frozenset(_STOP_WORDS.split())
_WORD: Final = re.compile(r"[\w][\w'-]*")
_SUFFIXES: Final = ("ations", "ation", "ments", "ment", "ings", "ing", "ers", "ies", "ed", "es", "er", "s", "e")


class Wanted(Struct, frozen=True):
    """What is wanted; with `blocks`, of which kinds, in the order of the tools."""

    what: Want
    kinds: tuple[str, ...] = ()
    everything: bool = False


def wanted(text: str, kinds: Collection[str]) -> Wanted:
    """What this message wants, where blocks of these kinds could be shown."""
    said = " ".join(text.split())
    if _GREETING.fullmatch(said):
        return Wanted("greeting")
    if _THANKS.fullmatch(said):
        return Wanted("thanks")
    if kinds and len(said) <= 200:
        if _ALL.search(said):
            return Wanted("blocks", tuple(kinds), everything=True)
        if asked := _kinds_asked(said, kinds):
            return Wanted("blocks", asked)
    if _IDENTITY.search(said) and len(stems(said)) <= 4:
        return Wanted("identity")
    return Wanted("answer")


def _kinds_asked(said: str, kinds: Collection[str]) -> tuple[str, ...]:
    """The kinds that the message asks to see; none where it asks about them ("how do I add a chart?")."""
    words = [word.lower() for word in _WORD.findall(said)]
    if not words or words[0] in ("how", "what", "why", "when", "where", "which", "is", "are", "does") or "how" in words:
        return ()
    if _SHOWING.match(said) is None:
        return ()
    named = {kind: re.compile(rf"\b({_ALSO.get(kind, re.escape(kind.replace('_', ' ')))})\b", re.I) for kind in kinds}
    asked = tuple(kind for kind, pattern in named.items() if pattern.search(said))
    rest = said
    for kind in asked:
        rest = named[kind].sub(" ", rest)
    about = [word for word in _WORD.findall(rest.lower()) if word not in _FILLER and word != "ask"]
    # "Show me a table of all limits" asks for what the documents say, not for a sample.
    return asked if len(about) <= 1 else ()


def stems(text: str) -> frozenset[str]:
    """The words that carry the meaning, without their endings."""
    return frozenset(_stem(word) for word in _WORD.findall(text.lower()) if word not in _STOP and len(word) > 1)


def _stem(word: str) -> str:
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return word[: -len(suffix)]
    return word


def is_how_to(text: str) -> bool:
    """Whether the question asks for steps or code rather than for a fact."""
    return (
        re.search(
            r"\bhow (do|can|could|should|would|to|does)\b|\b(command|code|snippet|example|install|set ?up|configure)\b",
            text,
            re.I,
        )
        is not None
    )


def query(question: str, before: str) -> str:
    """What to search for: the question, with the one before it where it hardly stands alone ("and on a phone?")."""
    leans = re.match(r"\s*(and|but|also|what about|how about|so|then)\b", question, re.I) or re.search(
        r"\b(it|its|that|this|they|them|those|these|there)\b", question, re.I
    )
    if before and leans and len(stems(question)) <= 3:
        return f"{before} {question}"[:1000]
    return question[:1000]
