"""Reads `tf.train.Example` records without TensorFlow.

    Example { Features features = 1 }    Features { map<string, Feature> feature = 1 }
    Feature { oneof { BytesList bytes_list = 1; FloatList float_list = 2; Int64List int64_list = 3 } }

Each list holds ``repeated value = 1``; a map is repeated messages ``{ key = 1; value = 2 }``.
Source: tensorflow/core/example/{example,feature}.proto; protobuf.dev/programming-guides/encoding.
"""

from collections.abc import Iterator
from typing import TypeVar

_Found = TypeVar("_Found")

_VARINT, _EIGHT_BYTES, _SIZED, _FOUR_BYTES = 0, 1, 2, 5  # wire types


def features(record: bytes) -> dict[str, memoryview]:
    """Returns the features of a serialised Example by name, still encoded.

    Raises:
      ValueError: `record` is no such message.
    """
    found = {}
    for message in _messages(memoryview(record), 1):
        for entry in _messages(message, 1):
            name = _only(_messages(entry, 1), "name")
            found[str(name, "utf-8")] = _only(_messages(entry, 2), "feature of a name")
    return found


def bytes_value(feature: memoryview) -> bytes:
    """Returns the only value of a feature that is a BytesList; raises ValueError if it is none."""
    values = _only(_messages(feature, 1), "list of bytes")
    return bytes(_only(_messages(values, 1), "value"))


def int_value(feature: memoryview) -> int:
    """Returns the only value of a feature that is an Int64List; raises ValueError if it is none."""
    values = _only(_messages(feature, 3), "list of integers")
    value = _only([value for _, value in _fields(values)], "number")
    if isinstance(value, memoryview):  # "packed", as most writers do
        packed = value
        value, end = _varint(packed, 0)
        if end != len(packed):
            raise ValueError("several times number where one is expected")
    return value - 2**64 if value >= 2**63 else value  # two's complement


def _only(found: list[_Found], what: str) -> _Found:
    if len(found) != 1:
        raise ValueError(f"{len(found)} times {what} where one is expected")
    return found[0]


def _messages(message: memoryview, number: int) -> list[memoryview]:
    return [value for field, value in _fields(message) if field == number and isinstance(value, memoryview)]


def _fields(message: memoryview) -> Iterator[tuple[int, int | memoryview]]:
    """Yields each field's number and value."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        kind = tag & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield tag >> 3, value
        else:
            size, at = _size(message, at, kind)
            yield tag >> 3, message[at : at + size]
            at += size


def _size(message: memoryview, at: int, kind: int) -> tuple[int, int]:
    """Returns how long the field at `at` is, and where it begins."""
    if kind == _SIZED:
        size, at = _varint(message, at)
    elif kind in (_FOUR_BYTES, _EIGHT_BYTES):
        size = 4 if kind == _FOUR_BYTES else 8
    else:
        raise ValueError(f"no such wire type: {kind}")
    if at + size > len(message):
        raise ValueError("it ends in the middle of a field")
    return size, at


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """Returns the number that begins at `at`, seven bits a byte, and where it ends."""
    number = shift = 0
    while at < len(message) and shift < 70:
        byte = message[at]
        number |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return number, at
    raise ValueError("it ends in the middle of a number")
