"""The pages: the chat at `/`, the widget's at `/embed/{assistant}`, the loader, their assets; nothing inline."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from opsloom_server.hub import Hub
from opsloom_server.store import assistants
from opsloom_server.store.engine import Database
from opsloom_server.store.ids import DEFAULT_WORKSPACE

STATIC: Final = Path(__file__).parent / "static"

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'self'; require-trusted-types-for 'script'; frame-ancestors "
)
# What `/sandbox` and the app inside it, which inherits this, may do. Its scripts are inline; there is no `'self'` in
# it, so not even this server can be asked for anything. `sandbox` takes the page's origin away, whoever frames it, and
# with it Chromium gives the page a process of its own: an endless loop in an app stops nothing else.
_SANDBOX: Final = (
    "sandbox allow-scripts; default-src 'none'; "
    "script-src 'unsafe-inline'{origins}; style-src 'unsafe-inline'{origins}; "
    "img-src data: blob:{origins}; media-src data: blob:{origins}; font-src data:{origins}; connect-src {connect}; "
    "frame-src 'none'; worker-src 'none'; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors *"
)
_POWERS: Final = """
    accelerometer autoplay camera clipboard-read clipboard-write display-capture encrypted-media fullscreen
    gamepad geolocation gyroscope hid idle-detection local-fonts magnetometer microphone midi payment picture-in-picture
    publickey-credentials-get screen-wake-lock serial storage-access usb xr-spatial-tracking
"""
_COMMON: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    # The page names its assets by their content; only the page itself is asked for again.
    "cache-control": "no-cache",
}


def routes() -> list[BaseRoute]:
    """Every page. The client's router owns what follows `/c/`."""
    return [
        Route("/widget.js", loader),
        Route("/embed/{assistant}", embedded),
        Mount("/assets", _Assets(directory=STATIC / "assets", check_dir=False)),
        Route("/extensions/{name}", extension),
        Route("/sandbox", sandbox),
        Route("/favicon.svg", icon),
        Route("/favicon.ico", icon),
        Route("/", page),
        Route("/c/{session:path}", page),
        Route("/login", page),
        Route("/knowledge", page),
    ]


async def page(request: Request) -> Response:
    """The chat. Nobody may frame it."""
    return _file("index.html", frame_ancestors="'none'")


async def embedded(request: Request) -> Response:
    """The widget's page. Pages of the listed sites may frame it; without a list, anybody's."""
    database: Database = request.state.database
    async with database.transact(DEFAULT_WORKSPACE) as connection:
        assistant = await assistants.assistant_by_slug(connection, request.path_params["assistant"])
        if assistant is None or not assistant.public:
            return PlainTextResponse("There is no such public assistant here.", 404, _COMMON)
        listed = await assistants.origins(connection, assistant.id)
    return _file("embed.html", frame_ancestors=" ".join(["'self'", *listed]) if listed else "*")


async def loader(request: Request) -> Response:
    """The widget's loader, for any site."""
    headers = {"access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin"}
    response = _file("widget.js", frame_ancestors="'none'")
    response.headers.update(headers)
    response.headers["cache-control"] = "public, max-age=300"
    return response


async def extension(request: Request) -> Response:
    """The browser's end of a block kind that users added."""
    hub: Hub = request.state.hub
    path = hub.environment.catalogue.scripts.get(request.path_params["name"])
    if path is None:
        return PlainTextResponse("There is no such extension.", 404, _COMMON)
    return FileResponse(path, media_type="text/javascript", headers=_COMMON)


async def sandbox(request: Request) -> Response:
    """The page between the chat and an app. It holds nothing of anybody's, so any page may frame it: the widget's does,
    in a page of another site."""
    hub: Hub = request.state.hub
    response = _file("sandbox.html", frame_ancestors="*")
    response.headers.update(sandbox_headers(hub.environment.settings.app_origins))
    return response


def sandbox_headers(origins: Sequence[str] = ()) -> dict[str, str]:
    """The most that an app may do; `origins` are what the operator lets it reach."""
    listed = "".join(f" {origin}" for origin in origins)
    return {
        "content-security-policy": _SANDBOX.format(origins=listed, connect=listed.strip() or "'none'"),
        # Beyond the policy: name look-ups, connections that only begin, and WebRTC, which asks no policy at all.
        "connection-allowlist": "({})".format(" ".join(f'"{origin}/*"' for origin in origins)),
        "x-dns-prefetch-control": "off",
        "permissions-policy": ", ".join(f"{power}=()" for power in _POWERS.split()),
    }


async def icon(request: Request) -> Response:
    """The mark."""
    return _file("favicon.svg", frame_ancestors="'none'")


def _file(name: str, *, frame_ancestors: str) -> Response:
    headers = {**_COMMON, "content-security-policy": _POLICY + frame_ancestors}
    path = STATIC / name
    if not path.is_file():
        text = "The browser's part is not built. Run `make setup` in the checkout, or install a released wheel."
        return PlainTextResponse(text, 503, headers)
    return FileResponse(path, headers=headers)


class _Assets(StaticFiles):
    """Files whose names hold a hash of their content: they never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if response.status_code == 200:
            response.headers["cache-control"] = "public, max-age=31536000, immutable"
            response.headers["x-content-type-options"] = "nosniff"
            # The widget's page runs in a frame of another site.
            response.headers["cross-origin-resource-policy"] = "cross-origin"
        return response
