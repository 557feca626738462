"""The word that was most likely meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nfdsl.nearest import is_one_edit, nearest


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("depht", "depth"),
        ("dpeth", "depth"),
        ("dept", "depth"),
        ("l", "lr"),
        ("lx", "lr"),
        ("LR", "lr"),
        ("Depth", "depth"),
        ("schedul", "schedule"),
        ("learning_schedule", "schedule"),
        ("x", None),
        ("resolution", None),
    ],
)
def test_the_word_meant(word: str, meant: str | None):
    assert nearest(word, ["lr", "depth", "schedule", "data"]) == meant


def test_one_edit_comes_before_any_likeness():
    assert nearest("ab", ["abcabc", "b"]) == "b"


def test_a_word_is_no_edit_of_itself_nor_of_one_without_a_letter_of_it():
    assert not is_one_edit("lr", "lr")
    assert not is_one_edit("a", "b")
    assert not is_one_edit("", "b")


@given(st.text("abc", min_size=2, max_size=5), st.data())
def test_any_one_edit_is_found(word: str, data: st.DataObject):
    place = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcx"))
    edits = [
        word[:place] + word[place + 1 :],
        word[:place] + letter + word[place:],
        word[:place] + letter + word[place + 1 :],
        word[:place] + word[place + 1 : place + 2] + word[place : place + 1] + word[place + 2 :],
    ]
    for edited in edits:
        assert is_one_edit(edited, word) == (edited != word and bool(set(edited) & set(word)))
        assert is_one_edit(word, edited) == is_one_edit(edited, word)


@given(st.sampled_from(["scaling_17", "scaling_171", "net"]), st.integers(0, 9), st.sampled_from("abc_"))
def test_one_edit_is_found_among_any_number_of_names(name: str, place: int, letter: str):
    known = [*(f"scaling_{number}" for number in range(2000)), "net"]
    edited = name[:place] + letter + name[place:]
    assert is_one_edit(edited, nearest(edited, known) or "")


def test_words_of_any_length_have_an_answer():
    assert nearest("a" * 100_001, ["a" * 100_000, "b" * 100_000]) == "a" * 100_000
    assert nearest("a" * 100_000, ["ab" * 50_000]) is None
