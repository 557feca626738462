"""Definitions, references and renaming, within a file."""

from collections.abc import Callable

import pytest

from nfdsl.editor.document import Document
from nfdsl.editor.navigation import NotAName, definition, references, rename, renameable
from nfdsl.source import Source

At = Callable[[str], tuple[Document, int]]


@pytest.mark.parametrize(
    ("marked", "line"),
    [
        ("wide from n|et", 7),
        ("{|net, wide}", 7),
        ("{net, |wide}", 13),
        ("data mn|ist\n", 1),
        ("compute of ba|se", 17),
        ("  wid|th [32", 9),
    ],
)
def test_a_name_leads_to_its_block(study: str, at: At, marked: str, line: int):
    document, offset = at(study.replace(marked.replace("|", ""), marked))
    found = definition(document, offset)
    assert found is not None
    assert document.source.position(found.start).line == line


@pytest.mark.parametrize("marked", ["  bat|ch 50", "classes 1|0", "source buil|tin", "# |"])
def test_what_is_no_name_leads_nowhere(study: str, at: At, marked: str):
    text = study + "# \n"
    assert definition(*at(text.replace(marked.replace("|", ""), marked))) is None


def test_references_are_all_places_that_name_a_block(study: str, at: At):
    document, offset = at(study.replace("model net", "model n|et"))
    lines = [document.source.position(span.start).line for span in references(document, offset, with_definition=True)]
    assert lines == [7, 13, 18]
    assert len(references(document, offset, with_definition=False)) == 2


def test_a_renamed_block_is_renamed_everywhere(study: str, at: At):
    document, offset = at(study.replace("{net, wide}", "{n|et, wide}"))
    text = study
    for fix in sorted(rename(document, offset, "nfnet"), key=lambda fix: -fix.span.start):
        text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    assert text == study.replace("model net", "model nfnet").replace("from net", "from nfnet").replace("{net", "{nfnet")
    assert Document(Source("a.nfx", text)).diagnostics == []


@pytest.mark.parametrize("name", ["", "a b", "1a", "wide", "from", "a-b", "caf\u00e9"])
def test_a_name_must_be_a_free_name(study: str, at: At, name: str):
    document, offset = at(study.replace("model net", "model n|et"))
    with pytest.raises(NotAName):
        rename(document, offset, name)


@pytest.mark.parametrize("marked", ["pre|train base", "bat|ch", "cos|ine", "fit power|_law"])
def test_words_of_the_language_are_not_renamed(study: str, at: At, marked: str):
    document, offset = at(study.replace(marked.replace("|", ""), marked))
    assert renameable(document, offset) is None
    assert rename(document, offset, "other") == []


def test_an_unknown_name_is_not_renamed(at: At):
    document, offset = at("pretrain p {\n  data nowh|ere\n}\n")
    assert renameable(document, offset) is None
