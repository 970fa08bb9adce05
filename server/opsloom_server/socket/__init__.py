"""The WebSocket at `/ws`: who comes in and who must go (`door`), one connection with its reader and writer (`line`).

Nothing else speaks ASGI's `websocket` messages.
"""

from opsloom_server.socket.door import Sockets

__all__ = ["Sockets"]
