"""What REST works with. The composition root makes it; requests find it under ``request.state.services``."""

from pathlib import Path
from typing import Protocol, Self

from fastapi import Request
from msgspec import Struct
from opsloom_protocol.messages import FeedbackMark
from opsloom_rag.knowledge import Knowledge

from opsloom_server.auth.pace import Pace
from opsloom_server.errors import RateLimited
from opsloom_server.mcp import McpServers
from opsloom_server.settings import Limits, Settings
from opsloom_server.sources import DataSources
from opsloom_server.store.engine import Database
from opsloom_server.tools.attached import Attached
from opsloom_server.tools.http import HttpTools
from opsloom_server.tools.registry import Catalogue
from opsloom_server.tools.secrets import Secrets

__all__ = ["Paces", "Services", "SessionEvents", "Worker", "demand_pace", "services_of"]


class SessionEvents(Protocol):
    """What changes a conversation from outside a connection: written and told to every connection, as frames are."""

    async def rename(self, workspace: str, session: str, title: str) -> None:
        """Give a stored session a title. Raises NotFound."""

    async def feedback(self, workspace: str, session: str, message: str, mark: FeedbackMark) -> None:
        """Mark an answer. Raises NotFound."""

    async def deleted(self, workspace: str, session: str) -> None:
        """The session is gone from the lists: end its turn and its connections."""


class Worker(Protocol):
    """Whoever works off the queue of documents."""

    def wake(self, workspace: str) -> None:
        """Say that this workspace has documents waiting."""


class Paces(Struct, frozen=True):
    """How often one address may ask for what needs no credentials."""

    tickets: Pace
    visitors: Pace
    logins: Pace

    @classmethod
    def of(cls, limits: Limits) -> Self:
        """As often as a socket may be opened, since a ticket opens one; the rest by the minute."""
        return cls(
            Pace(limits.connects_per_second, 1.0),
            Pace(limits.visitors_per_minute, 60.0),
            Pace(limits.logins_per_minute, 60.0),
        )


class Services(Struct, frozen=True, kw_only=True):
    """The running parts that requests reach. ``secret`` is OPSLOOM_SECRET's 32 bytes, ``files`` the uploads' folder."""

    settings: Settings
    database: Database
    secret: bytes
    files: Path
    knowledge: Knowledge
    sources: DataSources
    mcp: McpServers
    catalogue: Catalogue
    attached: Attached
    http_tools: HttpTools
    secrets: Secrets
    hub: SessionEvents
    worker: Worker
    paces: Paces


def services_of(request: Request) -> Services:
    """Return the services that the outer application's lifespan made."""
    services: Services = request.state.services
    return services


def demand_pace(request: Request, pace: Pace) -> None:
    """Count a request of this address. Raises RateLimited; behind a trusted proxy the address is the forwarded one."""
    wait = pace.wait(request.client.host if request.client is not None else "")
    if wait:
        raise RateLimited(retry_ms=int(wait * 1000) + 1)
