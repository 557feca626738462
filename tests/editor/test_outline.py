"""The outline of a file."""

from collections.abc import Callable

from nfdsl.editor.document import Document
from nfdsl.editor.outline import outline


def test_blocks_and_their_settings_are_listed(study: str, at: Callable[[str], tuple[Document, int]]):
    document, _ = at(study + "|")
    entries = outline(document)
    assert [(entry.name, entry.detail) for entry in entries][:3] == [
        ("mnist", "data"),
        ("net", "model"),
        ("wide", "model from net"),
    ]
    assert [(child.name, child.detail) for child in entries[2].children] == [("width", "[32, 64, 128, 128]")]
    assert entries[2].span.text.startswith("model wide")
    assert entries[2].name_span.text == "wide"


def test_named_values_are_listed(at: Callable[[str], tuple[Document, int]]):
    document, _ = at("data d {\n}\nlet peak 0.1|\n")
    assert [(entry.name, entry.detail) for entry in outline(document)] == [("d", "data"), ("peak", "0.1")]


def test_a_setting_that_cannot_be_read_is_listed_too(at: Callable[[str], tuple[Document, int]]):
    document, _ = at("model m {\n  depth [1,|\n}\n")
    (block,) = outline(document)
    assert [child.name for child in block.children] == ["depth"]
