"""Is it alive, is it ready, and what is it doing."""

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from opsloom_server.hub import Hub
from opsloom_server.store.engine import Database


def routes() -> list[BaseRoute]:
    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


async def live(request: Request) -> Response:
    """The process answers."""
    return JSONResponse({"status": "live"})


async def ready(request: Request) -> Response:
    """Migrated, the demo's knowledge searchable, sockets accepted, the database there; else 503 with the reason."""
    hub: Hub = request.state.hub
    database: Database = request.state.database
    if hub.draining:
        return JSONResponse({"status": "stopping"}, 503)
    try:
        async with database.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except (DBAPIError, OSError, TimeoutError):
        return JSONResponse({"status": "the database does not answer"}, 503)
    return JSONResponse({"status": "ready"})


async def metrics(request: Request) -> Response:
    """Gauges in Prometheus' text format."""
    hub: Hub = request.state.hub
    figures = {
        "opsloom_connections": ("Sockets attached to a session", hub.connections),
        "opsloom_running_turns": ("Answers under way on this node", hub.running),
        "opsloom_live_sessions": ("Sessions held in memory on this node", hub.sessions),
        "opsloom_hot_log": ("Whether frames are written to Redis", int(hub.environment.hot.live)),
    }
    lines = [
        f"# HELP {name} {about}\n# TYPE {name} gauge\n{name} {value}\n" for name, (about, value) in figures.items()
    ]
    return PlainTextResponse("".join(lines), media_type="text/plain; version=0.0.4")
