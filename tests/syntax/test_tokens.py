"""What tokens tell without the grammar."""

import pytest

from nfdsl.source import Source
from nfdsl.syntax.grammar import tokenize
from nfdsl.syntax.tokens import column, depths, place, significant


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("\n\n# a\na b {\n\n  c 1\n\n  # d\n  e 2\n}\n\n", "a b { ⏎ c 1 ⏎ e 2 ⏎ } ⏎"),
        ("a b {\n c [\n 1,\n 2\n ]\n d {\n e\n }\n}", "a b { ⏎ c [ 1 , 2 ] ⏎ d { e } ⏎ }"),
        ("a b { c 1 }\r\n}\r\n)\r\na", "a b { c 1 } ⏎ } ⏎ ) ⏎ a"),
    ],
)
def test_new_lines_count_between_settings_and_blocks(text: str, kept: str):
    assert " ".join(significant(tokenize(text))).replace("\n", "⏎") == kept


def test_depth_counts_brackets_and_the_operators_since_a_comma():
    tokens = tokenize("x 1 + 2 * [3 - 4, -5] , 6\n-7")
    assert list(zip(map(str, tokens), depths(tokens), strict=True)) == [
        *[("x", 0), ("1", 0), ("+", 1), ("2", 1), ("*", 2), ("[", 3), ("3", 3), ("-", 4), ("4", 4)],
        *[(",", 3), ("-", 4), ("5", 4), ("]", 2), (",", 0), ("6", 0), ("\n", 0), ("-", 1), ("7", 1)],
    ]


def test_depth_survives_closers_without_openers():
    assert list(depths(tokenize(") ] [ }"))) == [0, 0, 1, 0]


def test_places():
    source = Source("a.nfx", "a b {\r\n  é 1 \t+ “x”\n}")
    tokens = tokenize(source.text)
    assert [place(source, token).text for token in tokens] == [str(token) for token in tokens]
    assert [column(token) for token in tokens] == [1, 3, 5, 7, 3, 5, 8, 10, 13, 1]
