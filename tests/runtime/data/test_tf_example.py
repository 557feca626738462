from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.data.tf_example import bytes_value, features, int_value

Writer = Callable[..., bytes]
PIXELS = bytes(range(256)) * 5  # long enough that its length takes two bytes


@pytest.mark.parametrize("packed", [True, False])
def test_reads_what_protobuf_writes(example_bytes: Writer, packed: bool) -> None:
    written = {
        "image/encoded": PIXELS,
        "image/class/label": [300],
        "image/object/bbox": [0.5, 0.25],
        "image/format": b"",
    }
    found = features(example_bytes(written, packed))
    assert found.keys() == written.keys()
    assert bytes_value(found["image/encoded"]) == PIXELS
    assert int_value(found["image/class/label"]) == 300
    assert bytes_value(found["image/format"]) == b""


def test_reads_the_bytes_of_the_specification() -> None:
    """Example { features { feature { key "a" value { int64_list { value 150 } } } } }, by hand."""
    record = bytes.fromhex("0a0d 0a0b 0a0161 1206 1a04 0a02 9601".replace(" ", ""))
    assert int_value(features(record)["a"]) == 150


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("number", [0, 1, 127, 128, 2**31, 2**63 - 1, -1, -(2**63)])
def test_every_int64_comes_back(example_bytes: Writer, number: int, packed: bool) -> None:
    assert int_value(features(example_bytes({"label": [number]}, packed))["label"]) == number


@pytest.mark.parametrize("value", [b"1", [1.0], [1, 2], []])
def test_a_label_is_exactly_one_integer(example_bytes: Writer, value: bytes | list) -> None:
    for packed in (True, False):
        with pytest.raises(ValueError, match="where one is expected"):
            int_value(features(example_bytes({"label": value}, packed))["label"])


@pytest.mark.parametrize("value", [[1], [1.0]])
def test_an_image_is_bytes(example_bytes: Writer, value: list) -> None:
    with pytest.raises(ValueError, match="0 times list of bytes where one is expected"):
        bytes_value(features(example_bytes({"image": value}))["image"])


def test_a_record_cut_short_is_refused(example_bytes: Writer) -> None:
    record = example_bytes({"image/encoded": PIXELS})
    for size in range(1, len(record)):
        with pytest.raises(ValueError, match=r"it ends in the middle of a (field|number)"):
            features(record[:size])


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=60))
def test_garbage_raises_nothing_but_value_errors(record: bytes) -> None:
    try:
        found = features(record)
    except ValueError:
        return
    for feature in found.values():
        for read in (bytes_value, int_value):
            with suppress(ValueError):
                read(feature)
