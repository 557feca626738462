"""Places in a text, and reading the text from a file."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.source import Position, Source, Span, Unreadable, read

TEXT = "model a {\n  depth 1\r\n}\n"


@pytest.mark.parametrize(
    ("offset", "line", "column"),
    [(0, 1, 1), (9, 1, 10), (10, 2, 1), (12, 2, 3), (20, 2, 11), (21, 3, 1), (len(TEXT), 4, 1)],
)
def test_positions_count_from_one(offset: int, line: int, column: int):
    assert Source("a.nfx", TEXT).position(offset) == Position(line, column)


def test_lines_come_without_their_ends():
    assert [Source("a.nfx", TEXT).line(number) for number in (1, 2, 3, 4)] == ["model a {", "  depth 1", "}", ""]


@given(st.text("ab\n", max_size=40))
def test_a_position_leads_back_to_its_character(text: str):
    source = Source("a.nfx", text)
    for offset, character in enumerate(text):
        place = source.position(offset)
        assert (source.line(place.line) + "\n")[place.column - 1] == character


def test_a_span_is_shown_as_its_place():
    source = Source("studies/a.nfx", TEXT)
    span = Span(source, 12, 17)
    assert (str(span), span.text) == ("studies/a.nfx:2:3", "depth")
    assert span.to(Span(source, 18, 19)).text == "depth 1"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", ""),
        (b"model a {}\n", "model a {}\n"),
        (b"\xef\xbb\xbfmodel a {}\n", "model a {}\n"),
        (b"model a {}\r\n", "model a {}\r\n"),
        ("# größe".encode(), "# größe"),
    ],
    ids=["empty", "plain", "byte order mark", "windows", "non-ascii"],
)
def test_a_file_is_read_under_its_name(tmp_path: Path, data: bytes, text: str):
    path = tmp_path / "a.nfx"
    path.write_bytes(data)
    source = read(str(path))
    assert (source.name, source.text) == (str(path), text)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"model \xff", r"it is not UTF-8 text \(byte 0xff at offset 6\)"),
        (b"\xef\xbb\xbfab\xff", r"it is not UTF-8 text \(byte 0xff at offset 5\)"),
        (b"mod\0el", r"it is not UTF-8 text \(byte 0x00 at offset 3\)"),
        ("model".encode("utf-16"), r"it is not UTF-8 text \(byte 0x00 at offset 3\)"),
    ],
    ids=["stray byte", "after a byte order mark", "nul", "utf-16"],
)
def test_a_file_without_text_is_refused(tmp_path: Path, data: bytes, reason: str):
    path = tmp_path / "a.nfx"
    path.write_bytes(data)
    with pytest.raises(Unreadable, match=rf"^cannot read .*a\.nfx: {reason}$"):
        read(str(path))


def test_what_is_no_file_is_refused(tmp_path: Path):
    with pytest.raises(Unreadable, match="there is no such file"):
        read(str(tmp_path / "missing.nfx"))
    with pytest.raises(Unreadable, match="it is a folder"):
        read(str(tmp_path))
    with pytest.raises(Unreadable, match="null"):
        read("a\0.nfx")
    with pytest.raises(Unreadable, match="File name too long"):
        read(str(tmp_path / ("a" * 5000)))


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is forbidden to root")
def test_a_forbidden_file_is_refused(tmp_path: Path):
    path = tmp_path / "a.nfx"
    path.write_text("")
    path.chmod(0)
    with pytest.raises(Unreadable, match="permission denied"):
        read(str(path))
