"""What a tool that calls a service is made of, and what is wrong with one before anybody relies on it."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType
from opsloom_protocol.messages import Issue

from opsloom_server.errors import Invalid
from opsloom_server.fetching import FetchRefused, target
from opsloom_server.tools.http.template import Template
from opsloom_server.tools.schema_tool import checked_schema, unchecked_patterns
from opsloom_server.tools.tool import Effect

__all__ = ["Body", "Definition", "HttpCall", "Picked", "issues_of"]

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]

# Scheme, host and port stand there for good; only what follows has places.
_URL: Final = re.compile(r"(https?://[^/?#{}\\@\s]+)(/[^?#\\\s]*)?(\?[^#\\\s]*)?", re.I)
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_OURS: Final = ("host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect")
_OURS_TOO: Final = ("keep-alive", "accept-encoding", "proxy-authorization", "proxy-connection")
BODY_DEPTH: Final = 16


class Picked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What of an answer the model is given: what the JSON pointer leads to, up to so many characters."""

    pointer: str = ""
    max_chars: Annotated[int, Meta(ge=100, le=100_000)] = 20_000


class Body(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of these: JSON in which `"{argument}"` is the argument itself; a form; or a JSON object of the arguments that
    are named (where it is true, of all that stand nowhere else)."""

    json: Any = UNSET
    form: dict[str, str] | UnsetType = UNSET
    arguments: list[str] | bool | UnsetType = UNSET


class HttpCall(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The request. `timeout` in seconds."""

    method: Method = "GET"
    url: str
    query: dict[str, str] = {}
    headers: dict[str, str] = {}
    body: Body | None = None
    timeout: Annotated[float, Meta(ge=0.5, le=120)] = 20.0
    result: Picked = Picked()


class Definition(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, dict=True):
    """The tool."""

    title: str
    about: str
    effect: Effect
    danger: bool
    untrusted: bool
    parameters: dict[str, Any]
    http: HttpCall

    @property
    def properties(self) -> list[str]:
        found = self.parameters.get("properties")
        return list(found) if isinstance(found, dict) else []

    @cached_property
    def origin(self) -> str:
        """Scheme, host and port of the address, as they were written."""
        found = _URL.fullmatch(self.http.url)
        return found.group(1) if found else ""

    @cached_property
    def path(self) -> Template:
        found = _URL.fullmatch(self.http.url)
        return Template.of((found.group(2) if found else None) or "/")

    @cached_property
    def search(self) -> Template:
        """The address from its question mark on."""
        found = _URL.fullmatch(self.http.url)
        return Template.of((found.group(3) if found else None) or "")

    @cached_property
    def query(self) -> dict[str, Template]:
        return {name: Template.of(text) for name, text in self.http.query.items()}

    @cached_property
    def headers(self) -> dict[str, Template]:
        return {name: Template.of(text) for name, text in self.http.headers.items()}

    @cached_property
    def form(self) -> dict[str, Template]:
        body = self.http.body
        return {name: Template.of(text) for name, text in (body.form.items() if body is not None and body.form else ())}

    @cached_property
    def templates(self) -> list[tuple[str, Template]]:
        """Every text with places, and the pointer of the field that it stands in."""
        found = [("/http/url", self.path), ("/http/url", self.search)]
        for field, texts in (("query", self.query), ("headers", self.headers), ("body/form", self.form)):
            found += [(f"/http/{field}/{name}", text) for name, text in texts.items()]
        if self.http.body is not None and self.http.body.json is not UNSET:
            texts_of = texts_in(self.http.body.json, "/http/body/json")
            found += [(path, Template.of(text, self.properties)) for path, text in texts_of]
        return found

    @cached_property
    def secrets(self) -> list[str]:
        """The secrets that it names."""
        return list(dict.fromkeys(name for _, text in self.templates for name in text.secrets))

    @cached_property
    def sent_as_json(self) -> list[str] | None:
        """The arguments that make up the body, where it is an object of arguments."""
        body = self.http.body
        if body is None or body.arguments is UNSET or body.arguments is False:
            return None
        if isinstance(body.arguments, list):
            return body.arguments
        placed = {name for _, text in self.templates for name in text.arguments}
        return [name for name in self.properties if name not in placed]


def texts_in(value: Any, path: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """The strings of a JSON template. Raises `Invalid` where it is nested too deep."""
    if depth > BODY_DEPTH:
        raise Invalid(f"The body is nested deeper than {BODY_DEPTH} levels.")
    match value:
        case str():
            yield path, value
        case list():
            for index, item in enumerate(value):
                yield from texts_in(item, f"{path}/{index}", depth + 1)
        case dict():
            for name, item in value.items():
                yield from texts_in(item, f"{path}/{name}", depth + 1)


def issues_of(definition: Definition) -> list[Issue]:
    """What is wrong with it, for whoever wrote it."""
    try:
        checked_schema(definition.parameters)
        found = [
            Issue(path="/parameters", text=f"The pattern {one[:100]!r} looks about or refers back; write it without.")
            for one in unchecked_patterns(definition.parameters)
        ]
        return found + _address(definition) + _headers(definition) + _body(definition) + _places(definition)
    except Invalid as error:
        return [Issue(path="/parameters" if "schema" in error.text else "/http/body", text=error.text)]


def _address(definition: Definition) -> list[Issue]:
    def issue(text: str) -> list[Issue]:
        return [Issue(path="/http/url", text=text)]

    found = _URL.fullmatch(definition.http.url)
    if found is None:
        return issue(
            "Write the address as https://host/path, with {places} in the path or the query only: scheme, host and "
            "port are fixed, and there is no user, backslash, space or # in it."
        )
    literal = definition.path.literal + definition.search.literal
    if "{" in literal or "}" in literal:
        return issue("A brace in an address is a place: write {argument} or {{secret:name}}.")
    try:
        target(definition.origin + "/")
    except FetchRefused as error:
        return issue(error.text)
    optional = [name for name in definition.path.arguments if name not in definition.parameters.get("required", ())]
    if optional:
        return issue(f"The path needs {{{optional[0]}}}: list it under `required` of the parameters.")
    return []


def _headers(definition: Definition) -> list[Issue]:
    found: list[Issue] = []
    for name, text in definition.headers.items():
        path = f"/http/headers/{name}"
        if not _TOKEN.fullmatch(name):
            found.append(Issue(path=path, text="This is no name of a header."))
        elif name.lower() in (*_OURS, *_OURS_TOO):
            found.append(Issue(path=path, text=f"The server sets {name} by itself."))
        elif not (text.literal.isascii() and (text.literal.isprintable() or not text.literal)):
            found.append(Issue(path=path, text="A header takes printable ASCII only."))
    return found


def _body(definition: Definition) -> list[Issue]:
    body = definition.http.body
    if body is None:
        return []
    if definition.http.method == "GET":
        return [Issue(path="/http/body", text="A GET has no body; use `query`.")]
    given = [name for name in ("json", "form", "arguments") if getattr(body, name) is not UNSET]
    if len(given) != 1:
        return [Issue(path="/http/body", text="Give one of `json`, `form` and `arguments`.")]
    unknown = [name for name in definition.sent_as_json or () if name not in definition.properties]
    return [
        Issue(path="/http/body/arguments", text=f"The parameters have no property “{name}”.") for name in unknown[:1]
    ]


def _places(definition: Definition) -> list[Issue]:
    used = {name: path for path, text in reversed(definition.templates) for name in text.arguments}
    unknown = [
        Issue(path=path, text=f"The parameters have no property “{name}”.")
        for name, path in used.items()
        if name not in definition.properties
    ]
    sent = {*used, *(definition.sent_as_json or ())}
    return unknown + [
        Issue(path=f"/parameters/properties/{name}", text=f"“{name}” is sent nowhere: give it a {{place}}.")
        for name in definition.properties
        if name not in sent
    ]


def stored(definition: Definition) -> dict[str, Any]:
    """Plain JSON."""
    made: dict[str, Any] = msgspec.to_builtins(definition)
    return made
