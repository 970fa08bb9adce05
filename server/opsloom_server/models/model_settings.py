"""An assistant's `model_settings`: which names there are, and of what kind their values."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Final

from opsloom_protocol.messages import Issue

_EFFORTS: Final = ("minimal", "low", "medium", "high", "xhigh", "max")
_TIERS: Final = ("auto", "default", "flex", "priority", "scale", "fast")

Rule = tuple[str, Callable[[Any], bool]]


def _number(least: float, most: float) -> Rule:
    return (
        f"a number from {least:g} to {most:g}",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and least <= value <= most,
    )


def _whole(least: int, most: int) -> Rule:
    return (
        f"a whole number from {least:,} to {most:,}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most,
    )


def _one_of(*words: str | bool) -> Rule:
    # 1 equals True, and is no answer to a yes or no.
    fits = {(type(word), word) for word in words}
    named = ", ".join(str(word).lower() for word in words)
    return f"one of {named}", lambda value: isinstance(value, str | bool) and (type(value), value) in fits


_SWITCH: Final[Rule] = ("true or false", lambda value: isinstance(value, bool))
_TEXTS: Final[Rule] = (
    "a list of texts",
    lambda value: isinstance(value, list) and all(isinstance(one, str) and one for one in value),
)
_OBJECT: Final[Rule] = ("an object", lambda value: isinstance(value, dict))

SETTINGS: Final[Mapping[str, Rule]] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "top_k": _whole(1, 1_000),
    "max_tokens": _whole(1, 1_000_000),
    "presence_penalty": _number(-2, 2),
    "frequency_penalty": _number(-2, 2),
    "seed": _whole(0, 2**63 - 1),
    "stop_sequences": _TEXTS,
    "parallel_tool_calls": _SWITCH,
    "thinking": _one_of(True, False, *_EFFORTS),
    "cache": _one_of(True, False, "5m", "30m", "1h", "12h"),
    "service_tier": _one_of(*_TIERS),
    "extra_body": _OBJECT,
}
"""What every vendor's model understands, or passes over where it has no such thing."""
# A vendor's own settings go through as they are: their names begin with the vendor's, and their values are its affair.
_VENDORS: Final = ("openai_", "anthropic_", "bedrock_")


def wrong_settings(settings: Mapping[str, Any]) -> list[Issue]:
    """What is wrong, each with the nearest name or the kind of value that is wanted."""
    issues: list[Issue] = []
    for name, value in settings.items():
        rule = SETTINGS.get(name)
        if rule is not None:
            words, fits = rule
            if not fits(value):
                issues.append(Issue(path=f"/model_settings/{name}", text=f"{name} is {words}."))
        elif not (name.startswith(_VENDORS) and name in vendors_own()):
            near = get_close_matches(name.lower(), [*SETTINGS, *vendors_own()], 1, 0.6)
            words = f"Did you mean “{near[0]}”?" if near else f"There are {', '.join(SETTINGS)}."
            issues.append(
                Issue(path=f"/model_settings/{name}", text=f"There is no model setting “{name[:60]}”. {words}")
            )
    return issues


def vendors_own() -> frozenset[str]:
    """The names of the vendors' own settings, as the installed framework knows them."""
    from pydantic_ai.models.anthropic import AnthropicModelSettings
    from pydantic_ai.models.bedrock import BedrockModelSettings
    from pydantic_ai.models.openai import OpenAIResponsesModelSettings

    kinds = (OpenAIResponsesModelSettings, AnthropicModelSettings, BedrockModelSettings)
    names = {name for kind in kinds for base in kind.__mro__ for name in getattr(base, "__annotations__", ())}
    names |= {name for kind in kinds for name in kind.__optional_keys__ | kind.__required_keys__}
    return frozenset(name for name in names if name.startswith(_VENDORS))
