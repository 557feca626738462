"""From the text of a spec to its AST."""

from dataclasses import dataclass

from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.build import Build
from nfdsl.syntax.grammar import MOST, Stop, match, tokenize
from nfdsl.syntax.recover import recover
from nfdsl.syntax.tokens import place, significant


@dataclass(frozen=True)
class Parsed:
    """What a spec says, as far as it can be read, and all that keeps it from being read whole.

    The file is the whole of the text exactly if there are no diagnostics. Otherwise values that are
    broken are `ast.Unreadable`, and what has no name is left out.
    """

    file: ast.File
    diagnostics: tuple[Diagnostic, ...]
    every_block: bool  # False where a block was left out, so that names of blocks may seem unknown


def parse(source: Source) -> Parsed:
    """Returns the AST of any text, in time linear in its length. Raises nothing."""
    tokens = tokenize(source.text)
    if len(tokens) > MOST:
        whole = Span(source, 0, len(source.text))
        return Parsed(ast.File(whole, None, ()), (_too_large(source, place(source, tokens[-1])),), False)
    outcome = match(list(significant(tokens)), "file")
    if not isinstance(outcome, Stop):
        file = Build(source).transform(outcome)
        assert isinstance(file, ast.File)
        return Parsed(file, (), True)
    recovered = recover(source, tokens)
    return Parsed(recovered.file, recovered.diagnostics, recovered.every_block)


def _too_large(source: Source, beyond: Span) -> Diagnostic:
    lines = source.position(len(source.text)).line
    return Diagnostic(
        code="spec-too-large",
        headline=f"this file of {len(source.text):,} characters on {lines:,} lines is too large for a spec",
        primary=Label(beyond, f"word or sign number {MOST + 1:,}"),
        help="say what repeats as a grid, a `let` or with `from`, or divide the study",
    )
