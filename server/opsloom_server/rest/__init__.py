"""REST beside the socket: a FastAPI application mounted at /api, a router a resource."""

from opsloom_server.rest.app import create_rest
from opsloom_server.rest.services import Paces, Services

__all__ = ["Paces", "Services", "create_rest"]
