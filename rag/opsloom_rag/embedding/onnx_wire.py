"""The few messages of ONNX's file format that our graph needs, written by hand.

The `onnx` package would be a run-time dependency of 17 MB for writing 10 kB. The format is protocol buffers: a key
(field number and wire type) and a value, nested messages as bytes. Field numbers are onnx.proto3's and never change.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence

FLOAT, INT32, INT64 = 1, 6, 7  # TensorProto.DataType
_ATTRIBUTE_FLOAT, _ATTRIBUTE_INT, _ATTRIBUTE_INTS = 1, 2, 7  # AttributeProto.AttributeType
_EXTERNAL = 1  # TensorProto.DataLocation

Attribute = int | float | Sequence[int]
Shape = Sequence[int | str]


def node(op: str, inputs: Sequence[str], outputs: Sequence[str], domain: str = "", **attributes: Attribute) -> bytes:
    """One NodeProto; an empty name in `inputs` leaves out an optional input."""
    return b"".join(
        [
            *(_text(1, name) for name in inputs),
            *(_text(2, name) for name in outputs),
            _text(3, outputs[0]),
            _text(4, op),
            *(_bytes(5, _attribute(name, value)) for name, value in attributes.items()),
            _text(7, domain),
        ]
    )


def external_tensor(name: str, shape: Sequence[int], dtype: int = FLOAT) -> bytes:
    """A TensorProto whose numbers are handed to the runtime beside the graph, under its name."""
    entry = _text(1, "location") + _text(2, "memory")
    return b"".join(
        [*(_int(1, size) for size in shape), _int(2, dtype), _text(8, name), _bytes(13, entry), _int(14, _EXTERNAL)]
    )


def int64_tensor(name: str, values: Sequence[int]) -> bytes:
    """A small one-dimensional TensorProto that carries its own values."""
    return _int(1, len(values)) + _int(2, INT64) + _text(8, name) + _bytes(9, struct.pack(f"<{len(values)}q", *values))


def value(name: str, dtype: int, shape: Shape) -> bytes:
    """A ValueInfoProto: a named input or output; a string in `shape` is a free dimension."""
    sizes = b"".join(_bytes(1, _text(2, size) if isinstance(size, str) else _int(1, size)) for size in shape)
    return _text(1, name) + _bytes(2, _bytes(1, _int(1, dtype) + _bytes(2, sizes)))


def model(
    nodes: Iterable[bytes],
    tensors: Iterable[bytes],
    inputs: Iterable[bytes],
    outputs: Iterable[bytes],
    opsets: Mapping[str, int],
) -> bytes:
    """A whole ModelProto, ready for `onnxruntime.InferenceSession`."""
    graph = b"".join(
        [
            *(_bytes(1, each) for each in nodes),
            _text(2, "graph"),
            *(_bytes(5, each) for each in tensors),
            *(_bytes(11, each) for each in inputs),
            *(_bytes(12, each) for each in outputs),
        ]
    )
    sets = b"".join(_bytes(8, _text(1, domain) + _int(2, version)) for domain, version in opsets.items())
    return _int(1, 8) + _text(2, "opsloom") + _bytes(7, graph) + sets


def _attribute(name: str, value: Attribute) -> bytes:
    if isinstance(value, int):
        return _text(1, name) + _int(3, value) + _int(20, _ATTRIBUTE_INT)
    if isinstance(value, float):
        return _text(1, name) + _key(2, 5) + struct.pack("<f", value) + _int(20, _ATTRIBUTE_FLOAT)
    return _text(1, name) + b"".join(_int(8, each) for each in value) + _int(20, _ATTRIBUTE_INTS)


def _key(field: int, wire: int) -> bytes:
    return _varint(field << 3 | wire)


def _int(field: int, number: int) -> bytes:
    return _key(field, 0) + _varint(number)


def _text(field: int, text: str) -> bytes:
    return _bytes(field, text.encode())


def _bytes(field: int, data: bytes) -> bytes:
    return _key(field, 2) + _varint(len(data)) + data


def _varint(number: int) -> bytes:
    number &= (1 << 64) - 1  # negative numbers travel as 64 bits
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
