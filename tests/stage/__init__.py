"""A real server for tests: uvicorn, the socket, the hub and PostgreSQL, with a model that the test scripts."""

from stage.client import RawClient
from stage.server import Stage

__all__ = ["RawClient", "Stage"]
