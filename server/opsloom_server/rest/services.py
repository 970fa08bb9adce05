"""What REST works with. The composition root makes it; requests find it under ``request.state.services``."""

from pathlib import Path
from typing import Protocol

from fastapi import Request
from msgspec import Struct
from opsloom_protocol.messages import FeedbackMark
from opsloom_rag.knowledge import Knowledge

from opsloom_server.settings import Settings
from opsloom_server.store.engine import Database
from opsloom_server.tools.registry import Catalogue

__all__ = ["Services", "SessionEvents", "Worker", "services_of"]


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


class Services(Struct, frozen=True, kw_only=True):
    """The running parts that requests reach. ``secret`` is OPSLOOM_SECRET's 32 bytes, ``files`` the uploads' folder."""

    settings: Settings
    database: Database
    secret: bytes
    files: Path
    knowledge: Knowledge
    catalogue: Catalogue
    hub: SessionEvents
    worker: Worker


def services_of(request: Request) -> Services:
    """Return the services that the outer application's lifespan made."""
    services: Services = request.state.services
    return services
