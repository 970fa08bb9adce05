"""``/api/docs``: the interface as one page, written from its OpenAPI document.

FastAPI's own page loads a program from somebody else's server; this one needs no script and nothing from elsewhere.
"""

import base64
import hashlib
import json
from collections.abc import Iterator
from html import escape
from typing import Any

__all__ = ["page", "policy"]

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --accent: #0f766e; }
@media (prefers-color-scheme: dark) { :root { --accent: #2dd4bf; } }
body { font: 16px/26px system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
a { color: var(--accent); } code, pre { font: 14px/22px ui-monospace, monospace; }
details { border: 1px solid var(--line); border-radius: 8px; margin: .5rem 0; padding: .4rem .8rem; }
summary { cursor: pointer; } summary b { display: inline-block; min-width: 4.5rem; color: var(--accent); }
pre { overflow: auto; padding: .6rem; border: 1px solid var(--line); border-radius: 8px; }
table { border-collapse: collapse; } td, th { text-align: start; padding: .2rem 1rem .2rem 0; vertical-align: top; }
"""


def policy() -> str:
    """Return the page's Content-Security-Policy: its own style and nothing else."""
    digest = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


def page(document: dict[str, Any]) -> str:
    """Write the page: resources by tag, each operation with its parameters, body and answers."""
    info = document["info"]
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            tag = (operation.get("tags") or ["other"])[0]
            by_tag.setdefault(tag, []).append("".join(_operation(method, path, operation)))
    sections = "".join(f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(each)}' for tag, each in by_tag.items())
    schemas = "".join(
        f'<details id="schema-{escape(name)}"><summary><code>{escape(name)}</code> {escape(_first(schema))}</summary>'
        f"<pre>{escape(json.dumps(schema, indent=2, ensure_ascii=False))}</pre></details>"
        for name, schema in sorted(document.get("components", {}).get("schemas", {}).items())
    )
    contents = " · ".join(f'<a href="#{escape(tag)}">{escape(tag)}</a>' for tag in (*by_tag, "schemas"))
    title = f"{escape(info['title'])} REST {escape(info['version'])}"
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{title}</title><style>{_STYLE}</style><h1>{title}</h1><p>{escape(info.get('description', ''))}</p>"
        "<p>Send <code>Authorization: Bearer KEY</code>. Machines read "
        '<a href="openapi.json">openapi.json</a>.</p>'
        f'<p>{contents}</p>{sections}<h2 id="schemas">schemas</h2>{schemas}</html>'
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> Iterator[str]:
    yield f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> "
    yield f"{escape(operation['summary'])}</summary>"
    yield f"<p>{escape(operation.get('description', ''))}</p>"
    rows = [
        f"<tr><td><code>{escape(one['name'])}</code><td>{escape(one['in'])}<td>{_shape(one.get('schema', {}))}"
        f"<td>{escape(one.get('description', ''))}"
        for one in operation.get("parameters", [])
    ]
    if rows:
        yield f"<table><tr><th>Parameter<th>In<th>Type<th>{''.join(rows)}</table>"
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body <code>{escape(kind)}</code>: {_shape(content.get('schema', {}))}</p>"
    for status, answer in operation.get("responses", {}).items():
        shapes = [_shape(one["schema"]) for one in answer.get("content", {}).values() if "schema" in one]
        yield f"<p><b>{escape(status)}</b> {escape(answer.get('description', ''))} {' '.join(shapes)}</p>"
    yield "</details>"


def _shape(schema: dict[str, Any]) -> str:
    """Name a schema in a few characters, with a link where it has a place of its own."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f'<a href="#schema-{escape(name)}">{escape(name)}</a>'
    for several in ("anyOf", "oneOf"):
        if several in schema:
            return " or ".join(_shape(one) for one in schema[several])
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    if "enum" in schema:
        return " | ".join(f"<code>{escape(json.dumps(one))}</code>" for one in schema["enum"])
    return escape(str(schema.get("title") if schema.get("type") == "object" else schema.get("type", "anything")))


def _first(schema: dict[str, Any]) -> str:
    return str(schema.get("description", "")).partition("\n")[0].replace("``", "")
