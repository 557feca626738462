import pytest

from nfdsl.study.fields import Fields, Malformed
from nfdsl.study.lists import objects, texts, texts_by_name


def test_lists_and_dictionaries_are_read_with_their_types():
    fields = Fields({"o": [{"a": 1}, {}], "t": ["x", "y"], "n": {"k": "v"}})
    assert [item.values for item in objects(fields, "o")] == [{"a": 1}, {}]
    assert texts(fields, "t") == ("x", "y")
    assert texts_by_name(fields, "n") == {"k": "v"}


@pytest.mark.parametrize("value", [None, 1, "text", [1], {"k": 1}])
@pytest.mark.parametrize("read", [objects, texts, texts_by_name])
def test_anything_else_is_refused_by_name(read, value):
    with pytest.raises(Malformed, match=r'"(key|k)"'):
        read(Fields({"key": value}), "key")


@pytest.mark.parametrize("read", [objects, texts, texts_by_name])
def test_what_is_missing_is_refused_by_name(read):
    with pytest.raises(Malformed, match='"key"'):
        read(Fields({}), "key")
