"""The demo model: needs no key and no network. It searches, quotes what it finds, and shows the blocks it has.

`conversation` reads what was said and called, `asking` what a person wants, `answering` writes an answer from
passages, `samples` and `words` are what it shows and says; `deciding` puts them together. `model` is the only file
that knows pydantic-ai's streams.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsloom_server.models.clients import Clients
from opsloom_server.settings import Settings

if TYPE_CHECKING:
    from pydantic_ai.models import Model


class Demo:
    name = "demo"
    models = ("",)  # there is one; its name is the provider's
    is_default_with_key = False

    def missing(self, settings: Settings) -> str | None:
        return None

    def model(self, name: str, clients: Clients) -> Model:
        from opsloom_server.models.demo.model import DemoModel

        return DemoModel(clients.settings.demo_words_per_second)


provider = Demo()
