"""Bare Starlette, for memory: it accepts, answers the first message and waits. Run by uvicorn as `bench.bare:app`."""

from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect


async def _talk(websocket: WebSocket) -> None:
    await websocket.accept()
    try:
        while True:
            await websocket.receive_text()
            await websocket.send_text('{"type":"snapshot"}')
    except WebSocketDisconnect:
        return


app = Starlette(routes=[WebSocketRoute("/ws", _talk)])
