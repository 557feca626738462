"""Places as an editor counts them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.editor.positions import Encoding, Place, Positions

TEXTS = st.text(st.sampled_from("a\u00e9\u4e2d\U0001f600\n\r\t\u2028\x0c"), max_size=30)
ENCODINGS: list[Encoding] = ["utf-8", "utf-16", "utf-32"]
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}


@given(TEXTS, st.data(), st.sampled_from(ENCODINGS))
def test_an_offset_and_its_place_name_each_other(text: str, data: st.DataObject, encoding: Encoding):
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n":
        return  # between the two halves of one line end no editor puts a cursor
    positions = Positions(text, encoding)
    assert positions.offset(positions.place(offset)) == offset


@given(TEXTS, st.data(), st.sampled_from(ENCODINGS))
def test_a_line_is_counted_in_units_of_the_encoding(text: str, data: st.DataObject, encoding: Encoding):
    offset = data.draw(st.integers(0, len(text)))
    place = Positions(text, encoding).place(offset)
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n") if text[offset : offset + 1] != "\n" else None
    if before is not None:
        codec, size = CODECS[encoding]
        *lines, last = before.split("\n")
        assert place == Place(len(lines), len(last.encode(codec)) // size)


@pytest.mark.parametrize(
    ("place", "offset"),
    [
        (Place(0, 0), 0),
        (Place(0, 2), 2),
        (Place(0, 3), 2),  # inside of the surrogate pair
        (Place(0, 4), 3),
        (Place(0, 99), 4),
        (Place(1, 0), 6),
        (Place(99, 0), 7),
        (Place(-1, 5), 0),
    ],
)
def test_places_that_are_in_no_text_mean_the_nearest(place: Place, offset: int):
    assert Positions("ab\U0001f600c\r\nd", "utf-16").offset(place) == offset


def test_only_line_ends_of_the_protocol_end_lines():
    assert Positions("a\u2028b\x0cc\rd").place(6) == Place(1, 0)
