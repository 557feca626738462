"""The one style of a spec.

Settings are indented by two spaces and their values stand in one column. Words have one space between
them, none inside brackets; a row takes 100 columns. One blank line stands between blocks, and where the
author left blank lines inside of them. Comments stay with what they stand behind or above.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.brackets import flat, parts
from nfdsl.syntax.build import Build
from nfdsl.syntax.grammar import MOST, Stop, match, tokenize
from nfdsl.syntax.layout import INDENT, Row, rows
from nfdsl.syntax.lines import Line, lines
from nfdsl.syntax.meaning import same_meaning
from nfdsl.syntax.parse import parse
from nfdsl.syntax.tokens import significant
from nfdsl.syntax.words import Word, words

_COLUMN = 12  # of values, after the indent: it stays where it is when a setting is added
_BEFORE_COMMENT = 2  # spaces


def formatted(source: Source) -> str | None:
    """Returns a spec in the one style, its lines ending in a line feed; None if it does not parse.

    What the spec means is unchanged, and formatting the result again changes nothing.
    """
    tokens = tokenize(source.text)
    if len(tokens) > MOST:
        return None
    tree = match(list(significant(tokens)), "file")
    if isinstance(tree, Stop):
        return None
    rows = _aligned(_rows(lines(words(source, tokens, tree))))
    result = "".join(f"{row}\n" for row in rows)
    assert same_meaning(Build(source).transform(tree), parse(Source(source.name, result)).file)
    return result


def one_line(value: ast.Value) -> str:
    """Returns a value in the one style on one line, however long, and without its comments."""
    source = Source("", f"_ {value.span.text}")
    tokens = [token for token in tokenize(source.text) if token.type != "NEWLINE"]
    tree = match(tokens, "setting")
    assert not isinstance(tree, Stop)
    _, *spelled = (word for word in words(source, tokens, tree) if word.kind != "COMMENT")
    return flat(parts(spelled))


def _rows(lines: Sequence[Line]) -> Iterator[Row]:
    before: Line | None = None
    for group in _groups(lines):
        column = _column([line for line in group if line.kind == "setting"])
        for line in group:
            if before is not None and _is_apart(before, line):
                yield Row(0, "")
            yield from _line(line, column)
            before = line


def _groups(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yields the lines between blank ones, and those of different blocks apart."""
    group: list[Line] = []
    for line in lines:
        if group and (line.blank_before or line.kind == "header" or group[-1].kind == "closer"):
            yield group
            group = []
        group.append(line)
    yield group


def _column(settings: Sequence[Line]) -> int:
    """Returns where values of a group start: in a block the usual column, unless half of the names do not fit."""
    lengths = [len(flat(_name(line))) for line in settings]
    too_long = sum(length >= _COLUMN for length in lengths)
    usual = any(line.in_block for line in settings) and 2 * too_long < len(settings)
    return _COLUMN if usual else max(lengths, default=0) + 1


def _name(line: Line) -> Sequence[Word]:
    """Returns the words of a setting's line up to its name."""
    return line.words[:1] if line.words[0].rule == "setting" else line.words[:2]


def _is_apart(before: Line, line: Line) -> bool:
    """Whether a blank line stands between two lines."""
    if before.kind == "header" or line.kind == "closer":
        return False
    if before.kind in {"closer", "empty block"} or before.words[0].rule == "docstring":
        return True
    begins_block = line.kind in {"header", "empty block"}
    return line.blank_before or (begins_block and before.kind != "comment")


def _line(line: Line, column: int) -> Iterator[Row]:
    indent = INDENT if line.in_block else 0
    if line.kind == "comment":
        yield Row(indent, "", line.words[0].text)
        return
    start, inner = "", line.words
    if line.kind == "setting":
        name = _name(line)
        start, inner = f"{flat(name):{column - 1}} ", line.words[len(name) :]
    *above, final = rows(start, parts(inner), indent)
    yield from above
    yield replace(final, comment=line.comment)


def _aligned(rows: Iterable[Row]) -> Iterator[str]:
    """Yields the text of rows, with the comments of neighbours in one column."""
    for (is_aligned, indent), run in groupby(rows, key=lambda row: (bool(row.text and row.comment), row.indent)):
        neighbours = list(run)
        width = max(len(row.last_line) for row in neighbours) + _BEFORE_COMMENT
        for row in neighbours:
            space = " " * (width - len(row.last_line)) if is_aligned else ""
            yield f"{'':{indent}}{row.text}{space}{row.comment}".rstrip(" ")
