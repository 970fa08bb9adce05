"""uvicorn's two protocols, with an end for whoever does not read and a limit for what costs us more than them."""

from opsloom_server.transport.websocket import EXTENSION, LINGER_SECONDS, Wire, protocol

__all__ = ["EXTENSION", "LINGER_SECONDS", "Wire", "protocol"]
