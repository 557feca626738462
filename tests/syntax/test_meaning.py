"""What counts as saying the same."""

import pytest

from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.meaning import same_meaning
from nfdsl.syntax.parse import parse


def file(text: str) -> ast.File:
    parsed = parse(Source("a.nfx", text))
    assert not parsed.diagnostics
    return parsed.file


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lr 0.1", "lr   1e-1  # tenth"),
        ("batch 5k images", "batch 5_000 images"),
        ("depth [1, 2]", "depth [\n 1,\n 2,\n]"),
        ("depth (1 + 2)", "depth 1+2"),
        ("size train 1px, eval 2px", "size train 1px eval 2px"),
    ],
)
def test_spelling_is_not_meaning(one: str, other: str):
    assert same_meaning(file(f"model a {{ {one} }}"), file(f"model a {{ {other}\n}}"))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("lr 0.1", "lr 0.2"),
        ("lr 0.1", "rl 0.1"),
        ("lr 1", 'lr "1"'),
        ("batch 1 image", "batch 1 images"),
        ("batch 1 images", "batch 1"),
        ("depth [1, 2]", "depth [1, 2, 3]"),
        ("depth [1]", "depth {1}"),
        ("depth {1}", "depth {F0: 1}"),
        ("depth 1 - 2 - 3", "depth 1 - (2 - 3)"),
        ("lr 1 .. 4 by x2", "lr 1 .. 4 by +2"),
        ("lr 1\n lr 2", "lr 2\n lr 1"),
    ],
)
def test_meaning(one: str, other: str):
    assert not same_meaning(file(f"model a {{ {one}\n}}"), file(f"model a {{ {other}\n}}"))


@pytest.mark.parametrize("other", ["", '"b"', '"a"\nmodel m from n {}', '"a"\nmodel m {}\nmodel m {}'])
def test_the_whole_file_counts(other: str):
    assert not same_meaning(file('"a"\nmodel m {}'), file(other))
