"""Which of a kind's classes a block is of: the one that its setting `family` names."""

from collections.abc import Iterator, Mapping, Sequence

from nfdsl.check.names import unknown
from nfdsl.check.wanted import described
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.nearest import nearest
from nfdsl.schema.blocks import KINDS, Block
from nfdsl.schema.setting import settings
from nfdsl.source import Span
from nfdsl.syntax import ast

FAMILY = "family"

Lines = Mapping[str, Sequence[ast.Setting]]  # settings by name


def schema_class(kind: str, lines: Lines) -> type[Block]:
    """Returns the class that says what a block may contain; the kind's first where `family` names none of them."""
    named = _word(lines)
    return next((each for each in KINDS[kind] if named is not None and each.word == named.text), KINDS[kind][0])


def family_problem(kind: str, lines: Lines) -> Diagnostic | None:
    """Returns what is wrong with a block's `family`: it is misspelt, or none of the kind's own words."""
    if len(KINDS[kind]) == 1:
        return None
    if FAMILY not in lines:
        return _misspelt(kind, lines)
    words, value = [each.word for each in KINDS[kind]], lines[FAMILY][0].value
    if isinstance(value, ast.Unreadable):
        return None  # the parser has said why
    if not isinstance(value, ast.Name):
        return Diagnostic(
            "wrong-type",
            f"`{FAMILY}` wants one of {', '.join(f'`{word}`' for word in words)}",
            Label(value.span, f"this is {described(value)}"),
            help=f"a block describes one architecture; write a {kind} block for each, and name them in one grid",
        )
    if value.text not in words:
        return unknown("unknown-word", f"value of `{FAMILY}`", value.text, value.span, words)
    return None


def _misspelt(kind: str, lines: Lines) -> Diagnostic | None:
    known = {setting.name for each in KINDS[kind] for setting in settings(each)}
    meant = (written[0].name for name, written in lines.items() if name not in known and nearest(name, known) == FAMILY)
    name = next(meant, None)
    return name and unknown("unknown-setting", f"setting of `{kind}`", name.text, name.span, known)


def strangers(block: ast.Block, lines: Lines) -> Iterator[Diagnostic]:
    """Yields a diagnostic for the settings in force in a block that only another family of its kind has."""
    classes = KINDS.get(block.kind.text, ())
    known = {setting.name for setting in settings(schema_class(block.kind.text, lines))}
    found: dict[str, list[ast.Name]] = {}
    for name, written in lines.items():
        root = name.partition(".")[0]
        others = [each.word for each in classes if any(setting.name == root for setting in settings(each))]
        if root not in known and others:
            found.setdefault(others[0], []).append(written[0].name)
    for family, names in found.items():
        yield _strangers(block, family, names, lines)


def _strangers(block: ast.Block, other: str, names: Sequence[ast.Name], lines: Lines) -> Diagnostic:
    """Returns the diagnostic, which stands in the block itself if any of its lines has a part in it."""
    own = schema_class(block.kind.text, lines).word
    first = names[0].text
    labels = [Label(name.span, f"only a {block.kind.text} of the family `{other}` has this") for name in names]
    labels += [Label(line.span, f"this one is of the family `{own}`") for line in lines.get(FAMILY, ())]
    labels.sort(key=lambda label: not _lies_in(label.span, block.span))
    reason = "" if FAMILY in lines else f", and no family is set, which means `{own}`"
    return Diagnostic(
        "other-family",
        f"`{first}` is a setting of the family `{other}`{reason}",
        labels[0],
        tuple(labels[1:]),
        help=f"write `family {other}`, or leave `{first}` out",
    )


def _lies_in(span: Span, block: Span) -> bool:
    return span.source is block.source and block.start <= span.start < block.end


def _word(lines: Lines) -> ast.Name | None:
    value = lines[FAMILY][0].value if FAMILY in lines else None
    return value if isinstance(value, ast.Name) else None
