"""An independent writer of `tf.train.Example`: protobuf itself, given the message types."""

from collections.abc import Callable

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_FIELD = descriptor_pb2.FieldDescriptorProto
_MESSAGES = {
    "BytesList": [("value", 1, _FIELD.TYPE_BYTES, True)],
    "FloatList": [("value", 1, _FIELD.TYPE_FLOAT, True)],
    "Int64List": [("value", 1, _FIELD.TYPE_INT64, True)],
    "Feature": [
        ("bytes_list", 1, "BytesList", False),
        ("float_list", 2, "FloatList", False),
        ("int64_list", 3, "Int64List", False),
    ],
    "Entry": [("key", 1, _FIELD.TYPE_STRING, False), ("value", 2, "Feature", False)],
    "Features": [("feature", 1, "Entry", True)],
    "Example": [("features", 1, "Features", False)],
}


def _message(name: str, packed: bool) -> descriptor_pb2.DescriptorProto:
    message = descriptor_pb2.DescriptorProto(name=name)
    for field, number, kind, repeated in _MESSAGES[name]:
        label = _FIELD.LABEL_REPEATED if repeated else _FIELD.LABEL_OPTIONAL
        added = message.field.add(name=field, number=number, label=label)
        if isinstance(kind, str):
            added.type, added.type_name = _FIELD.TYPE_MESSAGE, kind
        else:
            added.type = kind
        if repeated and kind in (_FIELD.TYPE_INT64, _FIELD.TYPE_FLOAT):
            added.options.packed = packed
    return message


def _example_class(packed: bool) -> type:
    messages = [_message(name, packed) for name in _MESSAGES]
    file = descriptor_pb2.FileDescriptorProto(name=f"example_{packed}.proto", message_type=messages)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Example"))


@pytest.fixture(scope="session")
def example_bytes() -> Callable[..., bytes]:
    """Returns a function from features (bytes, or lists of ints or floats) to a serialised Example."""
    classes = {packed: _example_class(packed) for packed in (False, True)}

    def serialise(features: dict[str, bytes | list[int] | list[float]], packed: bool = True) -> bytes:
        example = classes[packed]()
        for name, value in features.items():
            entry = example.features.feature.add(key=name)
            if isinstance(value, bytes):
                entry.value.bytes_list.value.append(value)
            elif all(isinstance(number, int) for number in value):
                entry.value.int64_list.value.extend(value)
            else:
                entry.value.float_list.value.extend(value)
        return example.SerializeToString()

    return serialise
