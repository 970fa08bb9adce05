"""Secrets of a workspace, by name: written once, read by the server alone, taken out of whatever comes back."""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, quote_plus

from opsloom_server.errors import Invalid
from opsloom_server.sources.sealing import Seal
from opsloom_server.store import secrets as store
from opsloom_server.store.engine import Database
from opsloom_server.store.secrets import SecretRow

__all__ = ["NAME", "Redaction", "Secrets"]

NAME: Final = r"[a-z][a-z0-9_-]{0,59}"
HIDDEN: Final = "[secret]"
SHORTEST: Final = 4
"""A shorter one would take half of an ordinary text out; and it is none."""

_LOST: Final = "A secret of this workspace cannot be read: OPSLOOM_SECRET is another one now. Put the secret again."


class Secrets:
    """Made by the composition root."""

    def __init__(self, database: Database, secret: bytes) -> None:
        self._database = database
        self._seal = Seal(secret, "secrets of tools", _LOST)

    def sealed(self, workspace: str, name: str, value: str) -> bytes:
        """A secret as it is stored."""
        return self._seal.close(value, workspace, name)

    async def listed(self, workspace: str) -> list[SecretRow]:
        """Names and dates."""
        async with self._database.transact(workspace) as connection:
            return await store.listed(connection)

    async def values(self, workspace: str, names: Sequence[str]) -> Mapping[str, str]:
        """These secrets. Raises Invalid for one that is gone or cannot be opened."""
        if not names:
            return {}
        async with self._database.transact(workspace) as connection:
            found = await store.sealed(connection, names)
        if missing := [name for name in names if name not in found]:
            raise Invalid(f"There is no secret “{missing[0]}” any more. An admin has to put it again.")
        return {name: self._seal.open(sealed, workspace, name) for name, sealed in found.items()}


class Redaction:
    """Takes these secrets out of what a service answers, which may repeat what it was sent."""

    def __init__(self, values: Iterable[str]) -> None:
        forms = {form for value in values for form in _forms(value) if len(form) >= SHORTEST}
        longest_first = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if forms else None

    def __call__(self, value: Any) -> Any:
        """Plain JSON values without them."""
        if self._pattern is None:
            return value
        match value:
            case str():
                return self._pattern.sub(HIDDEN, value)
            case list():
                return [self(item) for item in value]
            case dict():
                return {self(key): self(item) for key, item in value.items()}
            case int() | float() if self._pattern.fullmatch(str(value)):
                return HIDDEN
            case _:
                return value


def _forms(value: str) -> set[str]:
    """How it may be written: as it is, in an address, in Base64, each line by itself."""
    lines = {value, value.strip(), *value.splitlines()}
    written = {form for line in lines for form in (line, quote(line, safe=""), quote_plus(line), quote(line))}
    encoded = (base64.b64encode(value.encode()).decode(), base64.urlsafe_b64encode(value.encode()).decode())
    return written | {form.rstrip("=") for form in encoded}
