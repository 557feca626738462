"""Mistakes with what is around settings: headers, braces, text outside of blocks."""

import re
from collections.abc import Sequence
from dataclasses import replace

from lark import Token

from nfdsl.diagnostics import Diagnostic, Fix, Label
from nfdsl.source import Source, Span
from nfdsl.syntax.cut import RoughBlock
from nfdsl.syntax.tokens import OPENER, place

_FORM = "a block begins `KIND NAME {` or `KIND NAME from PARENT {`, on one line"
_QUOTED_NAME = re.compile(r'"([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*\+?)"')


def wrong_header(source: Source, block: RoughBlock) -> Diagnostic:
    """Returns what is wrong with a header that is neither ``KIND NAME`` nor ``KIND NAME from PARENT``."""
    places = [place(source, token) for token in block.header]
    match [token.type for token in block.header]:
        case ["NAME"] | ["NAME", "FROM", *_]:
            return _missing_block_name(places[0])
        case ["NAME", "NAME", "FROM"]:
            return _missing_parent(places[2])
        case ["NAME", "STRING"] | ["NAME", "STRING", "FROM", "NAME"]:
            return _quoted_block_name(places[1])
        case _:
            first = places[0] if places else place(source, block.tokens[0])
            return _malformed_header(first.to(places[-1]) if places else first)


def _missing_block_name(kind: Span) -> Diagnostic:
    return Diagnostic(
        code="missing-block-name",
        headline=f"this {kind.text} block has no name",
        primary=Label(replace(kind, start=kind.end), "a name belongs here"),
        help=f"write `{kind.text} NAME {{`, with a name of your choice",
    )


def _missing_parent(keyword: Span) -> Diagnostic:
    return Diagnostic(
        code="missing-parent",
        headline="`from` names no block",
        primary=Label(replace(keyword, start=keyword.end), "the name of another block belongs here"),
        help="write the name of the block to start from, or remove `from`",
    )


def _quoted_block_name(name: Span) -> Diagnostic:
    word = _QUOTED_NAME.fullmatch(name.text)
    return Diagnostic(
        code="quoted-block-name",
        headline="the name of a block has no quotes",
        primary=Label(name, "quoted"),
        help="write it without quotes, in letters, digits and underscores",
        fix=Fix(name, word[1]) if word else None,
    )


def _malformed_header(header: Span) -> Diagnostic:
    return Diagnostic(
        code="malformed-header",
        headline="no block begins like this",
        primary=Label(header, "neither `KIND NAME` nor `KIND NAME from PARENT`"),
        help=f"{_FORM}; a name begins with a letter",
    )


def missing_open_brace(source: Source, block: RoughBlock) -> Diagnostic | None:
    """A ``{`` that is not there, or not on the header's line."""
    header = place(source, block.header[0]).to(place(source, block.header[-1])) if block.header else None
    if header is None or (block.opener is not None and block.opener.line == block.header[-1].line):
        return None
    gap = replace(header, start=header.end, end=header.end if block.opener is None else place(source, block.opener).end)
    movable = block.opener is None or not gap.text[:-1].strip()
    return Diagnostic(
        code="missing-open-brace",
        headline=f"the header of `{header.text}` does not end with `{{`",
        primary=Label(replace(gap, end=gap.start), "`{` belongs here"),
        help=_FORM,
        fix=Fix(gap, " {") if movable else None,
    )


def unclosed_block(source: Source, block: RoughBlock) -> Diagnostic | None:
    if block.closer is not None or block.opener is None:
        return None
    last = place(source, block.tokens[-1])
    line_end = source.text.find("\n", last.end)
    end = len(source.text) if line_end < 0 else line_end
    return Diagnostic(
        code="unclosed-block",
        headline="this block is not closed",
        primary=Label(replace(last, start=last.end), "`}` is missing after this"),
        secondary=(Label(place(source, block.opener), "opened here"),),
        help="close it with `}` on a line of its own",
        fix=Fix(replace(last, start=end, end=end), "\n}"),
    )


def outside_block(source: Source, line: Sequence[Token]) -> Diagnostic:
    """Returns what is wrong with the first of some lines that stand in no block."""
    span = place(source, line[0]).to(place(source, line[-1]))
    if line[0] in OPENER:
        return Diagnostic(
            code="stray-bracket",
            headline=f"this `{line[0]}` closes nothing",
            primary=Label(place(source, line[0]), "no block is open here"),
            help=f"remove the `{line[0]}`",
            fix=Fix(place(source, line[0]), ""),
        )
    if line[0].type in {"DOCSTRING", "STRING"}:
        return Diagnostic(
            code="misplaced-docstring",
            headline="the text about the study stands before all blocks, once",
            primary=Label(span, "not at the top"),
            help="move it to the top, or make it a comment with `#`",
        )
    return Diagnostic(
        code="outside-block",
        headline="this stands in no block",
        primary=Label(span, "outside"),
        help=f"move it into a block; {_FORM}",
    )
