"""What `opsloom doctor` says of the model providers, a line each."""

from collections.abc import AsyncIterator
from typing import Literal, NamedTuple

from opsloom_server.models.clients import Clients
from opsloom_server.models.listing import offered
from opsloom_server.models.registry import default_model, providers
from opsloom_server.settings import Settings

SHOWN = 12


class Line(NamedTuple):
    """One provider: can it be used, and what is missing where it cannot."""

    name: str
    state: Literal["ok", "hint", "bad"]
    words: str
    remedy: str = ""


async def lines(settings: Settings, *, online: bool) -> AsyncIterator[Line]:
    """Look at each provider; `online` asks it for its models. Only the default's faults are bad."""
    default = default_model(settings)
    used = default.partition(":")[0]
    clients = Clients(settings)
    try:
        for name, provider in providers(settings.extensions).items():
            if name == "demo":
                continue
            missing = provider.missing(settings)
            if missing is not None:
                yield Line(name, "bad" if name == used else "hint", "not set up", missing)
                continue
            offer = await offered(name, clients) if online else None
            if offer is None:
                yield Line(name, "ok", "set up" if not online else "set up; it has no list to ask for")
            elif offer.failed is not None:
                remedy = "Check its address, its key and the network between."
                yield Line(name, "bad" if name == used else "hint", offer.failed, remedy)
            elif name == used and _is_absent(default.partition(":")[2], offer.models):
                words = f"it answers, but has no model {default.partition(':')[2]}"
                yield Line(name, "bad", words, f"It has {_some(offer.models)}.")
            else:
                yield Line(name, "ok", f"answers; it has {_some(offer.models)}")
    finally:
        await clients.close()


def _is_absent(model: str, models: tuple[str, ...]) -> bool:
    """Ollama lists `qwen3:latest` for what is asked for as `qwen3`; vendors list full names for short ones."""
    return bool(models) and not any(one == model or one.startswith((f"{model}:", f"{model}-")) for one in models)


def _some(models: tuple[str, ...]) -> str:
    if not models:
        return "no models"
    more = len(models) - SHOWN
    return ", ".join(models[:SHOWN]) + (f" and {more} more" if more > 0 else "")
