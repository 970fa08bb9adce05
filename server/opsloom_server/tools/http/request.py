"""What is sent: a definition with the arguments of one call and the secrets put in. No I/O.

A value cannot leave its place: in an address it is percent-encoded and cannot be or make a step up, in a header it
cannot end the line, in a form it is encoded, in JSON it stays a value.
"""

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

import msgspec
from msgspec import UNSET

from opsloom_server.errors import Invalid
from opsloom_server.fetching import Call, FetchRefused, target
from opsloom_server.tools.http.definition import Definition
from opsloom_server.tools.http.template import Template, as_text

__all__ = ["request"]

_ABSENT: Final = object()
_STEPS: Final = re.compile(r"[/\\]")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
# However often a server on the way decodes what it was sent.
_DECODINGS: Final = 3
_LEADS: Final = "The address cannot be made from these arguments: {why}."


def request(definition: Definition, args: Mapping[str, Any], secrets: Mapping[str, str]) -> Call:
    """Raises `Invalid` in words for the model, without a secret in them."""
    content, kind = _body(definition, args, secrets)
    headers = {"accept": "application/json, text/*;q=0.8, */*;q=0.5", "user-agent": "Opsloom"}
    headers |= {"content-type": kind} if kind is not None else {}
    for name, text in definition.headers.items():
        value = text.fill(args, secrets)
        if value is None:
            continue
        if not value.isascii() or _CONTROL.search(value):
            raise Invalid(f"The header {name} takes printable ASCII without line breaks only.")
        headers[name.lower()] = value.strip()
    return Call(
        method=definition.http.method,
        url=_url(definition, args, secrets),
        headers=headers,
        content=content,
        confidential=bool(definition.secrets),
    )


def _url(definition: Definition, args: Mapping[str, Any], secrets: Mapping[str, str]) -> str:
    for name in definition.path.arguments:
        if _CONTROL.search(text := as_text(args.get(name, ""))) or not text:
            raise Invalid(_LEADS.format(why=f"`{name}` is empty or holds a line break"))
    path = definition.path.fill(args, secrets, _encoded) or "/"
    if _steps_up(path):
        raise Invalid(_LEADS.format(why="a part of the path would be “.” or “..”"))
    search = definition.search.fill(args, secrets, _encoded)
    if search is None:
        raise Invalid(_LEADS.format(why=f"it needs {' and '.join(definition.search.arguments)}"))
    more = urlencode(_pairs(definition.query, args, secrets), quote_via=quote, safe="")
    joined = search + (("&" if len(search) > 1 else "" if search else "?") + more if more else "")
    url = definition.origin + path + joined
    try:
        made, fixed = target(url), target(definition.origin + "/")
    except FetchRefused as error:
        raise Invalid(error.text) from None
    # It cannot differ; if it ever did, a secret would go to another host.
    if (made.url.scheme, made.host, made.port) != (fixed.url.scheme, fixed.host, fixed.port):
        raise Invalid(_LEADS.format(why="it would lead to another host"))
    return url


def _encoded(value: str) -> str:
    return quote(value, safe="")


def _steps_up(path: str) -> bool:
    for _ in range(_DECODINGS):
        if any(step.partition(";")[0] in (".", "..") for step in _STEPS.split(path)):
            return True
        path = unquote(path)
    return False


def _pairs(texts: Mapping[str, Template], args: Mapping[str, Any], secrets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Names and values; an argument that is a list gives its name several times, one that is not given none."""
    found: list[tuple[str, str]] = []
    for name, text in texts.items():
        if text.only is not None and isinstance(held := args.get(text.only), list):
            found += [(name, as_text(item)) for item in held]
        elif (value := text.fill(args, secrets)) is not None:
            found.append((name, value))
    return found


def _body(
    definition: Definition, args: Mapping[str, Any], secrets: Mapping[str, str]
) -> tuple[bytes | None, str | None]:
    """The body and its type."""
    body = definition.http.body
    if body is None:
        return (None, None) if definition.http.method in ("GET", "DELETE") else (b"", None)
    if body.form is not UNSET:
        return urlencode(_pairs(definition.form, args, secrets)).encode(), "application/x-www-form-urlencoded"
    if (names := definition.sent_as_json) is not None:
        made: Any = {name: args[name] for name in names if name in args}
    else:
        made = _filled(body.json, definition, args, secrets)
        made = None if made is _ABSENT else made
    return msgspec.json.encode(made), "application/json"


def _filled(value: Any, definition: Definition, args: Mapping[str, Any], secrets: Mapping[str, str]) -> Any:
    """A JSON template with its places filled. What an argument that is not given would fill is left out."""
    match value:
        case str():
            text = Template.of(value, definition.properties)
            if text.only is not None:
                return args.get(text.only, _ABSENT)
            filled = text.fill(args, secrets)
            return _ABSENT if filled is None else filled
        case list():
            items = [_filled(item, definition, args, secrets) for item in value]
            return [item for item in items if item is not _ABSENT]
        case dict():
            held = {name: _filled(item, definition, args, secrets) for name, item in value.items()}
            return {name: item for name, item in held.items() if item is not _ABSENT}
        case _:
            return value
