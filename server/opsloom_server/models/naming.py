"""What somebody meant who wrote a model's name without its provider, or the provider in another way."""

from __future__ import annotations

import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Final

# Names that people know, and where such a model is to be had here; in the order in which they are most likely meant.
_FAMILIES: Final[tuple[tuple[re.Pattern[str], tuple[str, ...]], ...]] = (
    (re.compile(r"gpt-oss", re.I), ("ollama:{}", "openai-chat:{}")),
    (re.compile(r"(gpt|chatgpt|o[1-9])\b|(gpt|chatgpt)-", re.I), ("openai:{}",)),
    (re.compile(r"(us|eu|apac|global)\.|(anthropic|amazon|meta|mistral|cohere|ai21)\.", re.I), ("bedrock:{}",)),
    (re.compile(r"claude", re.I), ("anthropic:{}",)),
    (re.compile(r"nova-|titan-", re.I), ("bedrock:amazon.{}",)),
    (
        re.compile(r"llama|codellama|qwen|mistral|mixtral|gemma|deepseek|phi|smollm|command-r|granite|olmo", re.I),
        ("ollama:{}", "openai-chat:{}"),
    ),
)
# Vendors and programs by their own names, and the provider that reaches them.
_OTHERS: Final = {
    "claude": "anthropic",
    "gpt": "openai",
    "chatgpt": "openai",
    "aws": "bedrock",
    "amazon": "bedrock",
    "llama": "ollama",
    "meta": "ollama",
    "vllm": "openai-chat",
    "llamacpp": "openai-chat",
    "llama.cpp": "openai-chat",
    "lmstudio": "openai-chat",
    "litellm": "openai-chat",
    "openrouter": "openai-chat",
    "groq": "openai-chat",
    "mistral": "openai-chat",
    "deepseek": "openai-chat",
    "together": "openai-chat",
    "gemini": "openai-chat",
    "google": "openai-chat",
    "xai": "openai-chat",
    "azure": "openai-chat",
}
_WHERE: Final = {
    "openai-chat": " (with OPENAI_BASE_URL, a server that speaks Chat Completions)",
    "ollama": " (with OLLAMA_BASE_URL, a machine of your own)",
}


def meant(name: str, providers: Collection[str]) -> str | None:
    """The right spelling of a name whose provider is unknown, as a sentence; None where nobody can tell."""
    provider, colon, model = name.strip().partition(":")
    if colon and provider.lower() not in providers:
        # `llama3.3:70b` is a model with its size; no provider has a number in its name.
        near = [] if re.search(r"\d", provider) else get_close_matches(provider.lower(), providers, 1, 0.7)
        known = _OTHERS.get(provider.lower()) or next(iter(near), "")
        if known in providers and model:
            return f"Did you mean “{known}:{model[:80]}”{_WHERE.get(known, '')}?"
    if colon and provider.lower() in providers:
        return f"Did you mean “{provider.lower()}:{model[:80]}”?"
    whole = name.strip()
    for pattern, spellings in _FAMILIES:
        if pattern.match(whole):
            words = [
                f"“{spelling.format(whole[:80])}”{_WHERE.get(spelling.partition(':')[0], '')}" for spelling in spellings
            ]
            return f"Did you mean {' or '.join(words)}?"
    return None
