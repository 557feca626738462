"""No text and no place in it makes a feature raise, or answer with a place outside of the text."""

from collections.abc import Iterator
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.editor.completion import completions
from nfdsl.editor.document import Document
from nfdsl.editor.fixes import quick_fixes
from nfdsl.editor.formatting import formatting
from nfdsl.editor.hover import hover
from nfdsl.editor.navigation import NotAName, definition, references, rename, renameable
from nfdsl.editor.outline import outline
from nfdsl.source import Source, Span

PIECES = [
    *("data d {", "model m from d {", "pretrain p from p {", "finetune f {", "report r {", "}", "\n", " ", "{", "{F0:"),
    *(
        "depth",
        "[1, 2",
        "]",
        "lr tune",
        "0.1 .. 3.2 by x2",
        "(",
        ")",
        ",",
        "5k steps",
        "schedule",
        "cosine(",
        "warmup:",
    ),
    *("optimizer sgd(", "model", "data d", "hardware", "source", "builtin(", "digits", "figure", "optimal_lr of", "m"),
    *(
        "start m best",
        "augment repeat",
        "let m",
        "import",
        "m.depth",
        "zip",
        "using",
        "#",
        '"',
        '"""',
        "\U0001f600",
        "\r",
        "\t",
        "from",
        "1",
        "-",
        "*",
        "by",
    ),
]
TEXTS = st.lists(st.sampled_from(PIECES), max_size=25).map(" ".join) | st.text(max_size=30)


def spans(document: Document, offset: int) -> Iterator[Span]:
    """Yields the places in the answers of every feature."""
    found = hover(document, offset)
    if found is not None:
        yield found.span
    yield completions(document, offset).span
    yield from (fix.span for fix in formatting(document))
    yield from (entry.span for entry in outline(document))
    yield from references(document, offset, [], with_definition=True)
    yield from (fix.fix.span for fix in quick_fixes(document, 0, len(document.source.text)))
    yield from (span for span in [definition(document, offset), renameable(document, offset)] if span is not None)
    with suppress(NotAName):
        yield from (fix.span for fix in rename(document, offset, "d", []))


def ask(text: str, offset: int) -> None:
    document = Document(Source("spec.nfx", text))
    for span in spans(document, offset):
        assert 0 <= span.start <= span.end <= len(text)


@settings(max_examples=150, deadline=None)
@given(TEXTS, st.data())
def test_any_text_is_answered(text: str, data: st.DataObject):
    ask(text, data.draw(st.integers(0, len(text))))


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_cut_study_is_answered(study: str, data: st.DataObject):
    start = data.draw(st.integers(0, len(study)))
    text = study[:start] + study[data.draw(st.integers(start, len(study))) :]
    ask(text, data.draw(st.integers(0, len(text))))


def test_every_place_of_a_study_is_answered(study: str):
    document = Document(Source("spec.nfx", study))
    for offset in range(len(study) + 1):
        assert all(0 <= span.start <= span.end <= len(study) for span in spans(document, offset))
