"""Quick fixes, as they are offered and as they mend."""

from collections.abc import Callable

import pytest

from nfdsl.editor.document import Document
from nfdsl.editor.fixes import quick_fixes

At = Callable[[str], tuple[Document, int]]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("model m {\n  dep|ht [1]\n}", "Replace `depht` by `depth`"),
        ("model m {\n  depth| = [1]\n}", "Remove `=`"),
        ("model m {\n  depth [1 |2]\n}", "Insert `,`"),
        ("model m {\n  depth [1]]|\n}", "Remove `]`"),
    ],
)
def test_a_fix_is_offered_where_it_is_needed(at: At, text: str, title: str):
    document, offset = at(text)
    assert [found.title for found in quick_fixes(document, offset, offset)] == [title]


def test_a_fix_is_offered_nowhere_else(at: At):
    document, offset = at("model| m {\n  depht [1]\n}")
    assert list(quick_fixes(document, offset, offset)) == []
