"""REST beside the socket: a FastAPI application mounted at /api, a router a resource."""

from opsloom_server.rest.app import create_rest
from opsloom_server.rest.services import Services

__all__ = ["Services", "create_rest"]
