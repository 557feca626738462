"""Where blocks and settings are taken to end when their brackets do not say."""

import pytest

from nfdsl.syntax.cut import Outside, RoughBlock, cut
from nfdsl.syntax.grammar import tokenize


def shown(piece: RoughBlock | Outside) -> str:
    """Returns a piece as one line: settings between |, and · for a brace that is missing."""
    match piece:
        case Outside(tokens):
            return "outside " + " ".join(tokens)
        case RoughBlock(header, opener, settings, closer):
            body = " | ".join(" ".join(setting) for setting in settings)
            return f"{' '.join(header)} {opener or '·'} {body} {closer or '·'}"


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("a b {\n c 1\n d 2\n}\n\ne f from a { g 3 }", ["a b { c 1 | d 2 }", "e f from a { g 3 }"]),
        ("a b {\n c [1,\n 2]\n d 3\n}", ["a b { c [ 1 , 2 ] | d 3 }"]),
        # A bracket that is not closed ends where a setting begins,
        ("a b {\n c [1, 2\n d 3\n}", ["a b { c [ 1 , 2 | d 3 }"]),
        ("a b {\n c {x, {y, (1\n d 3\n}", ["a b { c { x , { y , ( 1 | d 3 }"]),
        ("a b {\n c [1, 2\n d: 3\n}", ["a b { c [ 1 , 2 | d : 3 }"]),
        # and not where a value could.
        ("a b {\n c {\n x: 1\n y: 2\n }\n d 3\n}", ["a b { c { x : 1 y : 2 } | d 3 }"]),
        ("a b {\n c [\n x\n f(1)\n ]\n d 3\n}", ["a b { c [ x f ( 1 ) ] | d 3 }"]),
        # A brace on the left closes the block, whatever else is open; else the innermost grid.
        ("a b {\n c {1, 2\n}\nd e { f 1 }", ["a b { c { 1 , 2 }", "d e { f 1 }"]),
        ("a b {\n c [1, 2\n }\nd e { f 1 }", ["a b { c [ 1 , 2 }", "d e { f 1 }"]),
        ("a b {\n c {\n  1\n }\n d 2\n}", ["a b { c { 1 } | d 2 }"]),
        ("a b { c [1, 2 }\nd e { f 1 }", ["a b { c [ 1 , 2 }", "d e { f 1 }"]),
        # A closer of the wrong kind closes what is open.
        ("a b {\n c [1, 2)\n d 3\n}", ["a b { c [ 1 , 2 ) | d 3 }"]),
        ("a b {\n c [1, 2}\n d 3\n}", ["a b { c [ 1 , 2 } | d 3 }"]),
        ("a b {\n c [(1]\n d 3\n}", ["a b { c [ ( 1 ] | d 3 }"]),
        # A block that is not closed ends where another begins, no further right,
        ("a b {\n c 1\nd e {\n f 2\n}", ["a b { c 1 ·", "d e { f 2 }"]),
        ("a b {\n c [1,\nd e from a {\n f 2\n}", ["a b { c [ 1 , ·", "d e from a { f 2 }"]),
        ("a b {\n c 1\nd {\n f 2\n}", ["a b { c 1 ·", "d { f 2 }"]),
        ("a b {\n c 1", ["a b { c 1 ·"]),
        # and not where a grid does.
        ("a b {\nc d {\n 1, 2\n}\n}", ["a b { c d { 1 , 2 }", "outside }"]),
        ("a b {\n c d {\n e 2\n }\n}", ["a b { c d { | e 2 }", "outside }"]),
        ("a b {\nc d { e, f }\n}", ["a b { c d { e , f } }"]),
        # Its own brace may be missing, or late.
        ("a b\n c 1\n}\nd e { f 2 }", ["a b · c 1 }", "d e { f 2 }"]),
        ("a b from c\n{\n d 1\n}", ["a b from c { d 1 }"]),
        ("a b\nd e {\n f 2\n}", ["a b ·  ·", "d e { f 2 }"]),
        # What is in no block is taken line by line.
        ("x 1\n y {1, 2}\n}\na b { c 1 }", ["outside x 1", "outside y { 1 , 2 }", "outside }", "a b { c 1 }"]),
    ],
)
def test_cutting(text: str, pieces: list[str]):
    assert [shown(piece) for piece in cut(tokenize(text))] == pieces


def test_nothing_but_new_lines_is_left_out():
    text = "}} a [ { x ( 1 ) \n b } c d { \n [ ( } ] e 1 \n f g\n h {\n"
    pieces = list(cut(tokenize(text)))
    assert [token for piece in pieces for token in piece.tokens] == [token for token in tokenize(text) if token != "\n"]
