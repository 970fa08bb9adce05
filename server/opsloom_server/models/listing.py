"""What a vendor, or a server of one's own, says that it offers: asked only when somebody wants to know."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from opsloom_server.models.clients import Clients

SECONDS: Final = 5.0
SHOWN: Final = 500


class Offer(Struct, frozen=True):
    """The names of its models, or in words why there are none."""

    models: tuple[str, ...] = ()
    failed: str | None = None


async def offered(provider: str, clients: Clients) -> Offer | None:
    """Ask a provider for its models; None where it has no list that can be asked for."""
    import httpx2

    asked = _request(provider, clients)
    if asked is None:
        return None
    url, headers = asked
    try:
        response = await clients.http(provider, url).get(url, headers=headers, timeout=SECONDS)
        if response.status_code in (401, 403):
            return Offer(failed="it refuses the key")
        if response.status_code != 200:
            return Offer(failed=f"its list of models answers with {response.status_code}")
        items = response.json()["data"]
        names = tuple(str(one["id"]) for one in items if isinstance(one, dict) and one.get("id"))
    except httpx2.TimeoutException:
        return Offer(failed=f"nothing came from {_host(url)} within {SECONDS:g} s")
    except httpx2.HTTPError as error:
        return Offer(failed=f"{_host(url)} cannot be reached ({type(error).__name__})")
    except (ValueError, KeyError, TypeError):
        return Offer(failed=f"what answers at {_host(url)} is no list of models; look at the address's path")
    return Offer(models=tuple(sorted(names))[:SHOWN])


def _request(provider: str, clients: Clients) -> tuple[str, dict[str, str]] | None:
    settings = clients.settings
    match provider:
        case "openai" | "openai-chat":
            key = settings.openai_api_key.get_secret_value() if settings.openai_api_key else "none"
            base = settings.openai_base_url or "https://api.openai.com/v1"
            return f"{base.rstrip('/')}/models", {"Authorization": f"Bearer {key}"}
        case "anthropic":
            key = settings.anthropic_api_key.get_secret_value() if settings.anthropic_api_key else "none"
            base = settings.anthropic_base_url or "https://api.anthropic.com"
            headers = {"x-api-key": key, "anthropic-version": "2023-06-01"}
            return f"{base.rstrip('/')}/v1/models?limit=1000", headers
        case "ollama" if settings.ollama_base_url is not None:
            base = settings.ollama_base_url.rstrip("/").removesuffix("/v1")
            return f"{base}/v1/models", {}
        case _:
            return None


def _host(url: str) -> str:
    """Where it was asked, without a login that may stand in the address."""
    import httpx2

    parsed: Any = httpx2.URL(url)
    return f"{parsed.host}:{parsed.port}" if parsed.port else str(parsed.host)
