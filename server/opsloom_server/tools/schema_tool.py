"""Tools whose arguments are described by JSON Schema alone, as it came from outside: no struct, no code.

The schema is somebody's text. So it fetches nothing (`$ref` stays inside), its patterns take time in proportion to what
they are held against, and what it says is checked before anybody relies on it.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import msgspec
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from jsonschema.exceptions import SchemaError, ValidationError  # type: ignore[import-untyped]
from jsonschema.validators import extend  # type: ignore[import-untyped]
from msgspec import Struct
from opsloom_blocks import BlockError
from opsloom_blocks.content import storable
from opsloom_protocol.messages import Issue
from pydantic_core import SchemaError as PatternError
from pydantic_core import SchemaValidator, core_schema
from pydantic_core import ValidationError as Mismatch
from referencing import Registry
from referencing.exceptions import Unresolvable

from opsloom_server.errors import Invalid
from opsloom_server.tools.tool import Tool

SCHEMA_BYTES: Final = 65_536
"""Largest schema, bytes of JSON: some 16,000 tokens that every answer would begin with."""
SCHEMA_DEPTH: Final = 32
ISSUES: Final = 8
"""As many as a model is told at once."""
WORDS: Final = 300

_UNCHECKED: Final = ("patternProperties", "additionalProperties", "unevaluatedProperties")


class Nothing(Struct):
    """Stands where a struct would."""


class SchemaTool(Tool):
    """Its `run` gets the arguments as a dict of plain values that fit the schema."""

    arguments = Nothing

    def __init__(self, schema: Mapping[str, Any]) -> None:
        """Raises `Invalid` with words for whoever wrote the schema."""
        self._schema, self._validator = checked_schema(schema)

    def schema(self) -> dict[str, Any]:
        return self._schema

    def read(self, raw: dict[str, Any]) -> dict[str, Any]:
        args: dict[str, Any] = msgspec.json.decode(storable(raw))
        try:
            errors = [error for _, error in zip(range(ISSUES), self._validator.iter_errors(args), strict=False)]
        except (RecursionError, Unresolvable):
            raise BlockError(
                [Issue(path="", text="They could not be checked: the tool's schema is at fault.")]
            ) from None
        if errors:
            raise BlockError([_issue(error) for error in errors])
        return args


def checked_schema(given: Mapping[str, Any]) -> tuple[dict[str, Any], Draft202012Validator]:
    """The schema as models are told of it, and what checks arguments. Raises `Invalid`."""
    try:
        encoded = storable(dict(given))
    except BlockError as error:
        raise Invalid(f"The schema of the arguments cannot be used. {error.text}") from None
    if len(encoded) > SCHEMA_BYTES:
        raise Invalid(f"The schema of the arguments is larger than {SCHEMA_BYTES} bytes.")
    schema: dict[str, Any] = {"type": "object", "properties": {}} | msgspec.json.decode(encoded)
    if schema["type"] != "object":
        raise Invalid('The schema of the arguments must describe an object: {"type": "object", "properties": {…}}.')
    rules = _rules(schema, 0)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise Invalid(f"The schema of the arguments is not JSON Schema: {_issue(error).text}") from None
    return schema, _Validator(rules, registry=Registry())


def unchecked_patterns(schema: Any) -> list[str]:
    """The patterns of a schema that arguments are not held against, because that could take for ever."""
    found: list[str] = []
    if isinstance(schema, dict) and isinstance(pattern := schema.get("pattern"), str) and _fits(pattern) is None:
        found.append(pattern)
    inner = schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ()
    for one in inner:
        found += unchecked_patterns(one)
    return found


def _rules(value: Any, depth: int) -> Any:
    """The schema as it is checked: without what goes by Python's own patterns, which may take for ever."""
    if depth > SCHEMA_DEPTH:
        raise Invalid(f"The schema of the arguments is nested deeper than {SCHEMA_DEPTH} levels.")
    if isinstance(value, list):
        return [_rules(item, depth + 1) for item in value]
    if not isinstance(value, dict):
        return value
    for name in ("$ref", "$dynamicRef"):
        if isinstance(value.get(name), str) and not value[name].startswith("#"):
            raise Invalid(f"The schema of the arguments refers to {value[name][:100]!r}; refer to its own $defs (#/…).")
    drop = _UNCHECKED if isinstance(value.get("patternProperties"), dict) else ()
    return {name: _rules(item, depth + 1) for name, item in value.items() if name not in drop}


@lru_cache(maxsize=512)
def _fits(pattern: str) -> Callable[[str], bool] | None:
    """What holds a text against a pattern in linear time; None for one that looks about or refers back."""
    try:
        validator = SchemaValidator(core_schema.str_schema(pattern=pattern, regex_engine="rust-regex"))
    except PatternError:
        return None

    def fits(text: str) -> bool:
        try:
            validator.validate_python(text)
        except Mismatch:
            return False
        return True

    return fits


def _check_pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Any:
    if isinstance(instance, str) and (fits := _fits(pattern)) is not None and not fits(instance):
        yield ValidationError(f"{instance[:100]!r} does not match {pattern!r}")


_Validator: Final = extend(Draft202012Validator, {"pattern": _check_pattern})


def _issue(error: ValidationError | SchemaError) -> Issue:
    text = error.message if len(error.message) <= WORDS else error.message[: WORDS - 1] + "…"
    return Issue(path="".join(f"/{step}" for step in error.absolute_path), text=text)
