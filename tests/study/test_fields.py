"""JSON of another process: what is there is typed, what is not is named."""

from collections.abc import Callable

import pytest

from nfdsl.study.fields import Fields, Malformed, parse


def test_values_come_with_their_types():
    fields = parse(b'{"text": "x", "whole": 3, "number": 2, "flag": true, "nothing": null, "nan": NaN}')
    assert fields.text("text") == "x"
    assert fields.whole("whole") == 3
    assert fields.number("number") == 2.0
    assert fields.flag("flag") is True
    assert fields.measurement("number") == 2.0
    assert fields.measurement("nothing") is None
    assert fields.measurement("nan") is None


@pytest.mark.parametrize("text", ["", "{", "[1]", "3", b"\xff\xfe", '{"a": 1'])
def test_text_that_is_no_object_is_malformed(text: str | bytes):
    with pytest.raises(Malformed, match="not"):
        parse(text)


@pytest.mark.parametrize("read", [Fields.text, Fields.whole, Fields.number, Fields.flag, Fields.measurement])
@pytest.mark.parametrize("text", ["{}", '{"key": {}}', '{"key": []}'])
def test_what_is_missing_or_of_another_type_is_named(read: Callable[[Fields, str], object], text: str):
    with pytest.raises(Malformed, match='"key"'):
        read(parse(text), "key")


def test_true_is_not_a_number():
    fields = parse('{"key": true}')
    for read in (fields.whole, fields.number):
        with pytest.raises(Malformed, match="number"):
            read("key")
