"""JSON that comes in pieces -> a value that grows, as changes of what was there before.

No I/O and no clock. Each character is looked at once: what is open is kept as an open list or object, never read anew,
so that the cost is linear in the text however it is cut. The parser is an ordinary recursive descent of generators,
each of which waits (`yield`) where the text ends.
"""

import re
from collections.abc import Callable, Generator
from typing import Any, Final

import msgspec
from opsloom_protocol.messages import PatchOp

from opsloom_blocks.content import plain
from opsloom_blocks.growing.plan import Fields, Inner, Items, Plan, Text, Whole, shape_plan
from opsloom_blocks.kind import Kinds
from opsloom_blocks.making import validate
from opsloom_blocks.nesting import DEPTH

Steps = Generator[None, None, None]

_BLANK: Final = re.compile(r"[ \t\n\r]*")
_SCALAR: Final = re.compile(r"[^\s,:\]}\[{\"]*")
# Inside a string, up to its end or to an escape that is not all there.
_LETTERS: Final = re.compile(r'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
# The same for text that is shown as it comes: one half of a surrogate pair waits for the other.
_SHOWN: Final = re.compile(
    r'[^"\\]*(?:\\(?:[^u]|u[dD][89abAB][0-9a-fA-F]{2}\\u[0-9a-fA-F]{4}|u(?![dD][89abAB])[0-9a-fA-F]{4})[^"\\]*)*',
    re.DOTALL,
)
# Between two brackets: anything with no string that is cut off.
_BETWEEN: Final = re.compile(r'(?:[^"{}\[\]]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
# A surrogate pair's two escapes; a tail this long that is still no escape is none.
_ESCAPE_CHARS: Final = 12


class Unfit(Exception):
    """What came can become nothing that fits: it is not looked at any further."""


class Open:
    """A list or an object that is not closed yet, and where it will stand. `missing` is what it needs to be seen."""

    __slots__ = ("attached", "holder", "key", "missing", "value")

    def __init__(self, value: Any, holder: "Open | None", key: Any, missing: frozenset[str]) -> None:
        self.value = value
        self.holder = holder
        self.key = key
        self.missing = set(missing)
        self.attached = False


class Reading:
    """One value as its JSON is read. `write` any piece of it, then `take` what changed.

    `value` is what may be seen so far; `ready` whether it is anything yet, `whole` whether its last character has come,
    and `unfit` whether it will never be right: then what is there stays, and nothing more comes. What is seen has
    passed its types, so whoever draws it need not fear a number in the place of a list.
    """

    def __init__(self, plan: Fields, kinds: Kinds) -> None:
        self.ready = self.whole = self.unfit = False
        self._kinds = kinds
        self._shown = False
        self._ops: list[PatchOp] = []
        self._text = ""
        self._at = 0
        self._root = Open({}, None, None, plan.required)
        self._steps = self._top(plan)

    @property
    def value(self) -> Any:
        return self._root.value

    def write(self, text: str) -> None:
        """Read on."""
        if self.unfit:
            return
        self._text = self._text[self._at :] + text
        self._at = 0
        try:
            next(self._steps)
        except (Unfit, msgspec.MsgspecError, ValueError, RecursionError):
            self.unfit = True
            self._text = ""

    def show(self) -> Any:
        """A copy of what there is; from here on `take` says what comes to it."""
        self._shown = True
        self._ops.clear()
        return _copied(self.value)

    def take(self) -> list[PatchOp]:
        """What has come since the last call, or since `show`."""
        ops, self._ops = self._ops, []
        return ops

    # ------------------------------------------------------------------------------------------ the grammar

    def _top(self, plan: Fields) -> Steps:
        yield from self._object(self._root, plan, 1)
        self.whole = True
        while True:
            if (yield from self._peek()):
                raise Unfit

    def _object(self, node: Open, plan: Fields, level: int) -> Steps:
        if not node.missing:
            self._attach(node)
        yield from self._expect("{")
        while (char := (yield from self._peek())) != "}":
            if char == ",":
                self._at += 1
                continue
            key = yield from self._key(node)
            if (field := plan.fields.get(key)) is not None:
                yield from self._value(node, key, field.plan, level)
            elif plan.strict:
                raise Unfit
            else:
                yield from self._raw()
        self._at += 1
        if not node.attached:
            raise Unfit

    def _inner(self, node: Open, level: int) -> Steps:
        """A part: `{kind, data}`, in any order; its data grow where the kind is known before."""
        late = ""
        yield from self._expect("{")
        while (char := (yield from self._peek())) != "}":
            if char == ",":
                self._at += 1
                continue
            key = yield from self._key(node)
            if key == "kind":
                self._put(node, key, msgspec.json.decode((yield from self._raw()), type=str))
            elif key != "data":
                raise Unfit
            elif (name := node.value.get("kind")) is None:
                late = yield from self._raw()
            else:
                data = Open({}, node, "data", self._plan(name, level).required)
                yield from self._object(data, self._plan(name, level), level + 1)
        self._at += 1
        if late and (name := node.value.get("kind")) is not None:
            self._plan(name, level)
            self._put(node, "data", _valid(name, _sound(msgspec.json.decode, late), self._kinds))
        if not node.attached:
            raise Unfit

    def _plan(self, name: str, level: int) -> Fields:
        kind = self._kinds.get(name)
        if kind is None or kind.actions or level > DEPTH:
            raise Unfit
        return shape_plan(kind.data)

    def _value(self, holder: Open, key: Any, plan: Plan, level: int) -> Steps:
        char = yield from self._peek()
        match plan:
            case Text() if char == '"':
                yield from self._letters(holder, key)
            case Items() if char == "[":
                yield from self._items(Open([], holder, key, frozenset(("",) if plan.needed else ())), plan, level)
            case Fields() if char == "{":
                yield from self._object(Open({}, holder, key, plan.required), plan, level)
            case Inner() if char == "{":
                yield from self._inner(Open({}, holder, key, frozenset(("kind", "data"))), level)
            case Whole():
                value = _read(plan, (yield from self._raw()))
                if value is not None or key is None or key in holder.missing:
                    self._put(holder, key, value)
            case _:
                if (yield from self._raw()) != "null" or key is None or key in holder.missing:
                    raise Unfit

    def _items(self, node: Open, plan: Items, level: int) -> Steps:
        if not node.missing:
            self._attach(node)
        yield from self._expect("[")
        while (char := (yield from self._peek())) != "]":
            if char == ",":
                self._at += 1
            else:
                yield from self._value(node, None, plan.item, level)
        self._at += 1
        if not node.attached:
            raise Unfit

    def _letters(self, holder: Open, key: Any) -> Steps:
        """A text that is seen as it comes."""
        self._at += 1
        begun = False
        while True:
            end = _SHOWN.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches the empty text
            closed = self._text.startswith('"', end)
            if end > self._at or (closed and not begun):
                piece = _letters(self._text[self._at : end])
                self._at = end
                if begun:
                    holder.value[key] += piece
                    self._tell(holder, key, "append", piece)
                else:
                    self._put(holder, key, piece)
                    begun = True
            if closed:
                self._at += 1
                return
            if len(self._text) - end >= _ESCAPE_CHARS:
                raise Unfit
            yield

    # ------------------------------------------------------------------------------------------ what is seen

    def _put(self, holder: Open, key: Any, value: Any) -> None:
        """A value has come for its place."""
        if isinstance(holder.value, list):
            holder.value.append(value)
        else:
            holder.value[key] = value
        self._came(holder, key, value)

    def _attach(self, node: Open) -> None:
        """An open list or object is something now: it takes its place."""
        node.attached = True
        if node.holder is None:
            self.ready = True
            return
        if isinstance(node.holder.value, list):
            node.key = len(node.holder.value)
            node.holder.value.append(node.value)
        else:
            node.holder.value[node.key] = node.value
        self._came(node.holder, node.key, node.value, is_open=True)

    def _came(self, holder: Open, key: Any, value: Any, *, is_open: bool = False) -> None:
        if isinstance(holder.value, list):
            self._tell(holder, None, "append", value, is_open=is_open)
            holder.missing.clear()
        else:
            self._tell(holder, key, "set", value, is_open=is_open)
            holder.missing.discard(key)
        if not holder.attached and not holder.missing:
            self._attach(holder)

    def _tell(self, holder: Open, key: Any, op: Any, value: Any, *, is_open: bool = False) -> None:
        """Note a change of what is seen; one that goes on where the last one stopped is one with it."""
        if not self._shown:
            return
        steps = [] if key is None else [key]
        node: Open | None = holder
        while node is not None:
            if not node.attached:
                return
            if node.holder is not None:
                steps.append(node.key)
            node = node.holder
        path = "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in reversed(steps))
        value = _copied(value) if is_open else value
        if op == "append" and key is None:
            value = [value]
        last = self._ops[-1] if self._ops else None
        if op == "append" and last is not None and last.path == path and last.op == "append":
            if isinstance(value, list):
                last.value.extend(value)
            else:
                self._ops[-1] = PatchOp(op="append", path=path, value=last.value + value)
        else:
            self._ops.append(PatchOp(op=op, path=path, value=value))

    # ------------------------------------------------------------------------------------------ characters

    def _peek(self) -> Generator[None, None, str]:
        """The next character that is no blank, not taken yet."""
        while True:
            self._at = _BLANK.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches the empty text
            if self._at < len(self._text):
                return self._text[self._at]
            yield

    def _expect(self, char: str) -> Steps:
        if (yield from self._peek()) != char:
            raise Unfit
        self._at += 1

    def _key(self, node: Open) -> Generator[None, None, str]:
        if (yield from self._peek()) != '"':
            raise Unfit
        key = msgspec.json.decode((yield from self._raw()), type=str)
        if key in node.value:
            raise Unfit
        yield from self._expect(":")
        return key

    def _raw(self) -> Generator[None, None, str]:
        """The next value's own text, when it is whole."""
        first = yield from self._peek()
        parts: list[str] = []
        if first in "{[":
            yield from self._brackets(parts)
        elif first == '"':
            yield from self._quoted(parts)
        else:
            while True:
                self._take(parts, _SCALAR)
                if self._at < len(self._text):
                    break
                yield
        if not (raw := "".join(parts)):
            raise Unfit
        return raw

    def _brackets(self, parts: list[str]) -> Steps:
        depth = 0
        while True:
            self._take(parts, _BETWEEN)
            if self._at == len(self._text):
                yield
                continue
            char = self._text[self._at]
            if char == '"':
                yield from self._quoted(parts)
                continue
            parts.append(char)
            self._at += 1
            depth += 1 if char in "{[" else -1
            if depth == 0:
                return

    def _quoted(self, parts: list[str]) -> Steps:
        parts.append('"')
        self._at += 1
        while True:
            self._take(parts, _LETTERS)
            if self._text.startswith('"', self._at):
                parts.append('"')
                self._at += 1
                return
            yield

    def _take(self, parts: list[str], pattern: re.Pattern[str]) -> None:
        end = pattern.match(self._text, self._at).end()  # type: ignore[union-attr]  # they match the empty text
        parts.append(self._text[self._at : end])
        self._at = end


def _read(plan: Whole, raw: str) -> Any:
    """A value that came whole, as it will travel when all is whole."""
    return plain(_sound(plan.decoder.decode, raw))


def _sound(decode: Callable[[str], Any], raw: str) -> Any:
    # PostgreSQL stores no NUL; two backslashes before it are a backslash in the text.
    if "\\u0000" in raw and "\\u0000" in raw.replace("\\\\", ""):
        raise Unfit
    return decode(raw)


def _valid(kind: str, data: Any, kinds: Kinds) -> Any:
    """A part's data that came whole."""
    try:
        return plain(validate(kind, data, kinds))
    except Exception as error:  # a kind's own check may be anybody's
        raise Unfit from error


def _letters(raw: str) -> str:
    text = msgspec.json.decode(f'"{raw}"', type=str)
    if "\0" in text:
        raise Unfit
    return text


def _copied(value: Any) -> Any:
    """Lists and objects of one's own: what is open goes on changing."""
    match value:
        case dict():
            return {key: _copied(item) for key, item in value.items()}
        case list():
            return [_copied(item) for item in value]
        case _:
            return value
