"""Who asks: an API key or a visitor's secret as Bearer, or a signed-in browser's cookie."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.security import HTTPBearer

from opsloom_server.auth import Principal, Role, cookies, keys, logins, visitors
from opsloom_server.auth.cookies import CookieRules
from opsloom_server.auth.origins import is_own
from opsloom_server.errors import Forbidden, NotSignedIn
from opsloom_server.rest.services import Services, services_of

__all__ = ["Admin", "Anyone", "Member", "Owner", "Served", "SignedIn", "cookie_rules", "demand_own_page", "own_page"]

Served = Annotated[Services, Depends(services_of)]

_SAFE = {"GET", "HEAD", "OPTIONS"}
_EXPIRED = "You are no longer signed in. Sign in again."

# For the documentation: the check itself is `anyone`.
_bearer = HTTPBearer(auto_error=False, description="An API key, or a visitor's secret")


def cookie_rules(request: Request, services: Services) -> CookieRules:
    """Return how the cookie is named and sent to this request's browser."""
    public = services.settings.public_url
    return CookieRules(secure=public.startswith("https://") if public else request.url.scheme == "https")


def own_page(request: Request, services: Services) -> bool:
    """Whether the request comes from a page of ours, as far as the browser says; a program says nothing."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    return is_own(origin, request.headers.get("host"), services.settings.public_url)


def demand_own_page(request: Request, services: Services) -> None:
    """Raise Forbidden for a write that another site's page sent."""
    if not own_page(request, services):
        raise Forbidden("This page may not do that here. If the address is right, set OPSLOOM_PUBLIC_URL to it.")


async def anyone(
    request: Request, services: Served, _shown: Annotated[object, Security(_bearer)] = None
) -> Principal | None:
    """Return who asks; None without credentials. Raises NotSignedIn for credentials that do not hold."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    if scheme:
        if scheme.lower() != "bearer":
            raise NotSignedIn("Send the API key as `Authorization: Bearer …`.")
        credential = credential.strip()
        visitor = await visitors.check(services.database, credential)
        return visitor or await keys.check(services.database, credential)
    cookie = request.cookies.get(cookie_rules(request, services).name)
    if cookie is None:
        return None
    principal = await logins.check(services.database, cookie)
    if principal is not None and request.method not in _SAFE:
        demand_own_page(request, services)
        if not cookies.csrf_holds(services.secret, cookie, request.headers.get("x-csrf-token")):
            raise Forbidden("The page is out of date. Load it again. (Writes need the X-CSRF-Token that /me gives.)")
    return principal


Anyone = Annotated[Principal | None, Depends(anyone)]


def _demanding(role: Role) -> Callable[..., Principal]:
    def demand(principal: Anyone, request: Request) -> Principal:
        if principal is None:
            raise NotSignedIn(_EXPIRED if "cookie" in request.headers else None)
        principal.demand(role)
        return principal

    return demand


SignedIn = Annotated[Principal, Depends(_demanding("visitor"))]
Member = Annotated[Principal, Depends(_demanding("member"))]
Admin = Annotated[Principal, Depends(_demanding("admin"))]
Owner = Annotated[Principal, Depends(_demanding("owner"))]
