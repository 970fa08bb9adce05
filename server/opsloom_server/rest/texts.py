"""Field types that many requests share."""

import json
from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer, StringConstraints

from opsloom_server.store.conversations import rfc3339

__all__ = ["Body", "JsonObject", "LongText", "Moment", "Name", "Slug", "storable"]

_WORDS = "must not hold NUL characters or half of a surrogate pair"
# A look or a model's settings are some hundred bytes.
_OBJECT_BYTES = 65_536


def storable(text: str) -> str:
    if "\x00" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise ValueError(_WORDS)
    return text


def _storable_object(value: dict[str, Any]) -> dict[str, Any]:
    written = json.dumps(value, ensure_ascii=False)
    storable(written)
    if "\\u0000" in written:
        raise ValueError(_WORDS)
    if len(written) > _OBJECT_BYTES:
        raise ValueError(f"must not be longer than {_OBJECT_BYTES} characters as JSON")
    return value


class Body(BaseModel):
    """A request's body: a field that we do not know is a mistake that its sender wants to hear of."""

    model_config = ConfigDict(extra="forbid")


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AfterValidator(storable)]
LongText = Annotated[str, StringConstraints(max_length=200_000), AfterValidator(storable)]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
JsonObject = Annotated[dict[str, Any], AfterValidator(_storable_object)]
Moment = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]
