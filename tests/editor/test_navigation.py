"""Definitions, references and renaming, within a file."""

from collections.abc import Callable
from pathlib import Path

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
    lines = [
        document.source.position(span.start).line for span in references(document, offset, [], with_definition=True)
    ]
    assert lines == [7, 13, 18]
    assert len(references(document, offset, [], with_definition=False)) == 2


def test_a_renamed_block_is_renamed_everywhere(study: str, at: At):
    document, offset = at(study.replace("{net, wide}", "{n|et, wide}"))
    text = study
    for fix in sorted(rename(document, offset, "nfnet", []), key=lambda fix: -fix.span.start):
        text = text[: fix.span.start] + fix.replacement + text[fix.span.end :]
    assert text == study.replace("model net", "model nfnet").replace("from net", "from nfnet").replace("{net", "{nfnet")
    assert Document(Source("a.nfx", text)).diagnostics == []


@pytest.mark.parametrize("name", ["", "a b", "1a", "wide", "from", "let", "a.b", "a-b", "caf\u00e9"])
def test_a_name_must_be_a_free_name(study: str, at: At, name: str):
    document, offset = at(study.replace("model net", "model n|et"))
    with pytest.raises(NotAName):
        rename(document, offset, name, [])


@pytest.mark.parametrize("marked", ["pre|train base", "bat|ch", "cos|ine", "fit power|_law"])
def test_words_of_the_language_are_not_renamed(study: str, at: At, marked: str):
    document, offset = at(study.replace(marked.replace("|", ""), marked))
    assert renameable(document, offset) is None
    assert rename(document, offset, "other", []) == []


def test_an_unknown_name_is_not_renamed(at: At):
    document, offset = at("pretrain p {\n  data nowh|ere\n}\n")
    assert renameable(document, offset) is None


LETS = "let warm 5 steps\nlet longer warm * 2\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LETS + "pretrain p {\n  schedule cosine(warmup: wa|rm)\n}\n", 1),
        (LETS.replace("longer warm", "longer w|arm"), 1),
        (LETS + "pretrain p {\n  schedule cosine(warmup: long|er + warm)\n}\n", 2),
        (LETS + "pretrain p {\n  batch 5 images\n}\npretrain q {\n  batch p|.batch\n}\n", 3),
        (LETS + "pretrain p {\n  optimizer sgd(0.9)\n}\npretrain q {\n  optimizer |p.optimizer\n}\n", 3),
    ],
)
def test_named_values_and_values_of_blocks_lead_to_their_names(at: At, text: str, line: int):
    document, offset = at(text)
    found = definition(document, offset)
    assert found is not None
    assert document.source.position(found.start).line == line


def test_a_renamed_value_is_renamed_everywhere(at: At):
    document, offset = at("let w|arm 5 steps\nlet longer warm * 2\npretrain p {\n  schedule cosine(warm)\n}\n")
    lines = [document.source.position(fix.span.start).line for fix in rename(document, offset, "w", [])]
    assert sorted(lines) == [1, 2, 4]


@pytest.fixture
def importing(tmp_path: Path) -> Document:
    """Returns a document that imports another file."""
    (tmp_path / "base.nfx").write_text("model net {\n  depth [1]\n  width [8]\n}\n")
    text = 'import "base.nfx"\nmodel wide from net {\n  width [16]\n}\n'
    return Document(Source(str(tmp_path / "study.nfx"), text))


def test_definitions_are_found_in_imported_files(importing: Document):
    net = definition(importing, importing.source.text.index("net"))
    width = definition(importing, importing.source.text.index("width"))
    file = definition(importing, importing.source.text.index("base"))
    assert net is not None
    assert (net.source.text[net.start : net.end], net.source.position(net.start).line) == ("net", 1)
    assert width is not None
    assert (width.text, width.source.position(width.start).line) == ("width", 3)
    assert file is not None
    assert (file.source.name, file.start) == (net.source.name, 0)


def test_renaming_changes_imported_files_too(importing: Document):
    fixes = rename(importing, importing.source.text.index("net"), "nfnet", [])
    assert [fix.span.source is importing.source for fix in fixes] == [True, False]


def test_renaming_and_references_reach_files_that_import_the_name(importing: Document):
    base = importing.source.name.replace("study", "base")
    document = Document(Source(base, Path(base).read_text()))
    offset = document.source.text.index("net")
    others = [importing, Document(Source(base.replace("base", "apart"), "model net { depth [1] }\n"))]
    fixes = rename(document, offset, "nfnet", others)
    assert [Path(fix.span.source.name).name for fix in fixes] == ["base.nfx", "study.nfx"]
    assert len(references(document, offset, others, with_definition=True)) == 2
    with pytest.raises(NotAName, match=r"study\.nfx knows"):
        rename(document, offset, "wide", others)


def test_the_text_of_an_import_that_is_not_saved_is_the_one_that_counts(importing: Document):
    base = Path(importing.source.name).with_name("base.nfx").resolve()
    document = Document(importing.source, {base: "model net {\n  depth [1]\n  width [8\n}\n"})
    assert "unclosed-bracket" in {found.code for found in document.diagnostics}
    assert "unclosed-bracket" not in {found.code for found in importing.diagnostics}
