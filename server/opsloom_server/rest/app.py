"""The REST application, to be mounted at ``/api``.

A mounted application's lifespan is never run, so there is none: the outer one makes ``Services`` and yields
``{"services": services}``, which requests find under ``request.state``.
"""

from fastapi import APIRouter, FastAPI, Request
from starlette.responses import HTMLResponse

from opsloom_server import __version__
from opsloom_server.rest import (
    assistants,
    data_sources,
    documents,
    failures,
    files,
    handbook,
    http_tools,
    identity,
    knowledge,
    mcp_servers,
    offered,
    permissions,
    records,
    secrets,
    sessions,
    sites,
    templates,
    tickets,
    versions,
)
from opsloom_server.rest.limits import BodyLimit

__all__ = ["create_rest"]

_ROUTERS = (
    tickets.router,
    identity.router,
    permissions.router,
    templates.router,
    versions.router,
    assistants.router,
    knowledge.router,
    documents.router,
    sessions.router,
    files.router,
    data_sources.router,
    mcp_servers.router,
    offered.router,
    http_tools.router,
    secrets.router,
    sites.router,
    records.router,
)


def create_rest() -> FastAPI:
    """Build the application. It holds nothing: everything that runs comes with the request."""
    app = FastAPI(
        title="Opsloom",
        version=__version__,
        description="Assistants, knowledge, conversations. Conversations themselves run over the WebSocket at /ws.",
        docs_url=None,
        openapi_url="/openapi.json",
        redoc_url=None,
    )
    failures.install(app)
    app.add_middleware(BodyLimit)
    v1 = APIRouter(prefix="/v1")
    for router in _ROUTERS:
        v1.include_router(router)
    app.include_router(v1)
    app.add_api_route("/docs", _docs, include_in_schema=False, response_class=HTMLResponse)
    return app


async def _docs(request: Request) -> HTMLResponse:
    """The interface, to read."""
    headers = {"Content-Security-Policy": handbook.policy()}
    return HTMLResponse(handbook.page(request.app.openapi()), headers=headers)
