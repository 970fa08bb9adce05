"""What of a file a model takes as it is: pictures, PDF. The rest is told in words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from pydantic_ai.models import Model

PDF: Final = "application/pdf"
PICTURES: Final = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
# Compatible servers and Ollama do not say what their models can see; these are known to read text alone.
_BLIND: Final = re.compile(
    r"gpt-oss|gpt-3\.5|llama-?3(\.[13])?\b(?!.*vision)|llama-?2|deepseek|qwen-?[23](\.5)?\b(?!.*vl)|qwq|phi-?[34]\b(?!.*vision)"
    r"|mistral\b|mixtral|codestral|command-r|gemma-?2|nova-micro|titan-text",
    re.I,
)


class Takes(Struct, frozen=True):
    """What a model reads besides text."""

    pictures: bool
    pdf: bool


def takes(model: Model, name: str) -> Takes:
    """What this model takes; with fallbacks, what all of them do, since any of them may be the one that answers."""
    from pydantic_ai.models.fallback import FallbackModel

    if isinstance(model, FallbackModel):
        each = [takes(one, one.model_name) for one in model.models]
        return Takes(all(one.pictures for one in each), all(one.pdf for one in each))
    if model.system == "demo":
        return Takes(pictures=False, pdf=False)
    blind = _BLIND.search(name) is not None
    profile = model.profile
    documents = profile.get("supported_document_media_types")
    return Takes(
        pictures=profile.get("supports_image_input", True) and not blind,
        pdf=profile.get("supports_document_input", True) and not blind and (documents is None or PDF in documents),
    )
