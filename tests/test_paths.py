"""Paths start at the folder of the file that says them, and are held as seen from that of the spec."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.paths import from_spec, is_url, located, nearby

ELSEWHERE = ["/data/images", "gs://corpus/*.array_record", "s3+x://corpus", "~/images", "~"]
NAMES = st.lists(st.sampled_from(["a", "b.c", "..", "*"]), min_size=1, max_size=5).map("/".join)


@pytest.mark.parametrize(
    ("text", "below", "seen"),
    [
        ("images", "", "images"),
        ("./images/", "", "./images/"),
        ("images", "parts", "parts/images"),
        ("./images/", "parts", "parts/images"),
        ("../images", "parts", "images"),
        ("../../images", "parts", "../images"),
        ("../../images", "parts/more", "images"),
        ("../**/*.array_record", "parts/more", "parts/**/*.array_record"),
        ("images/../others", "parts", "parts/images/../others"),  # `images` may be a link
        ("..", "parts", "."),
        ("~images", "parts", "parts/~images"),
    ],
)
def test_a_path_is_held_as_seen_from_the_spec(text: str, below: str, seen: str):
    assert from_spec(text, below) == seen


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((path, "://" in path) for path in ELSEWHERE),
        ("FILE:///corpus", True),
        ("gs:/corpus", False),
        ("a/b://c", False),
    ],
)
def test_a_url_is_told_from_a_path(text: str, expected: bool):
    assert is_url(text) == expected


@pytest.mark.parametrize("path", ELSEWHERE)
def test_what_starts_elsewhere_stays_as_it_is_written(path: str):
    assert from_spec(path, "parts") == path


@given(NAMES, st.sampled_from(["parts", "parts/more", "a/b.c/d"]))
def test_it_is_the_same_place(text: str, below: str):
    seen, said = (os.path.normpath(located(path, "/x/y/z")) for path in (from_spec(text, below), f"{below}/{text}"))
    assert seen == said


def test_it_lies_below_the_folder_of_the_spec_or_elsewhere(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOME", "/home/ada")
    assert located("images", "/specs") == "/specs/images"
    assert located("~images", "/specs") == "/specs/~images"
    placed = [located(path, "/specs") for path in ELSEWHERE]
    assert placed == [*ELSEWHERE[:3], "/home/ada/images", "/home/ada"]


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("pictures/cats", "pictures/cat"),
        ("picturse/cat", "pictures"),
        ("picturse/not/there", "pictures"),
        ("pictures/cat", None),  # is there
        ("pictures/elephants", None),
        ("pictures/c\0t", "pictures/cat"),
        ("pictures/cat/under", None),  # a file
    ],
)
def test_what_is_near_is_what_differs_in_one_name(tmp_path: Path, path: str, near: str | None):
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "cat").touch()
    assert nearby(tmp_path / path) == (None if near is None else str(tmp_path / near))


def test_nothing_is_near_where_nothing_can_be_listed(tmp_path: Path):
    assert nearby(tmp_path / ("x" * 300) / "y") is None
