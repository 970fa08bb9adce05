"""The one place where an error becomes an answer: ``{code, text}`` with a status, and nothing of our insides."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from msgspec import to_builtins
from opsloom_rag.errors import RagError
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse

from opsloom_server.errors import BadFrame, Invalid, NotFound, NotSignedIn, OpsloomError
from opsloom_server.store.engine import unstorable

__all__ = ["answer", "install"]

_log = logging.getLogger("opsloom.rest")

_CODES = {400: "bad_frame", 401: "forbidden", 403: "forbidden", 404: "not_found", 405: "invalid", 413: "too_long"}


def answer(error: OpsloomError) -> JSONResponse:
    """Return the response for a known error."""
    body: dict[str, Any] = {"code": error.code, "text": error.text}
    headers: dict[str, str] = {}
    if isinstance(error, Invalid) and error.reason is not None:
        body["reason"] = error.reason
    if error.retry_ms is not None:
        body["retry_ms"] = error.retry_ms
        headers["Retry-After"] = str(-(-error.retry_ms // 1000))
    if error.issues:
        body["issues"] = to_builtins(error.issues)
    if isinstance(error, NotSignedIn):
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, error.status, headers)


def install(app: FastAPI) -> None:
    """Register the handlers on the API's own application: those of the outer one are not asked."""
    app.add_exception_handler(OpsloomError, _known)
    app.add_exception_handler(RagError, _retrieval)
    app.add_exception_handler(RequestValidationError, _unfit)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(DBAPIError, _database)
    app.add_exception_handler(UnicodeEncodeError, _unstorable)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _unexpected)


async def _known(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, OpsloomError)
    return answer(error)


async def _retrieval(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RagError)
    return answer(NotFound() if error.code == "not_found" else Invalid(error.text))


async def _unfit(_request: Request, error: Exception) -> JSONResponse:
    """FastAPI's ``detail``, without what was sent: it may be a secret, or 20 MiB."""
    assert isinstance(error, RequestValidationError)
    detail = [{key: one[key] for key in ("type", "loc", "msg")} for one in error.errors()]
    return JSONResponse({"code": Invalid.code, "text": Invalid.text, "detail": detail}, 422)


async def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, OpsloomError):  # raised while the body was read, wrapped by FastAPI
        return answer(error.__cause__)
    code = _CODES.get(error.status_code, "internal" if error.status_code >= 500 else "invalid")
    return JSONResponse(
        {"code": code, "text": str(error.detail), "detail": error.detail}, error.status_code, error.headers
    )


async def _database(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)
    return await _unexpected(request, error) if unstorable(error) is None else await _unstorable(request, error)


async def _unstorable(_request: Request, error: Exception) -> JSONResponse:
    told = unstorable(error)
    assert told is not None
    return answer(told)


async def _gone(_request: Request, _error: Exception) -> JSONResponse:
    """Whoever sent it hung up in the middle: nobody reads this, and nothing is wrong with us."""
    return answer(BadFrame("The body ended before it was whole."))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    _log.error("%s %s failed", request.method, request.scope["path"], exc_info=error)
    return answer(OpsloomError())
