"""From the text of a spec to its AST."""

from dataclasses import dataclass

from nfdsl.diagnostics import Diagnostic
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.build import Build
from nfdsl.syntax.grammar import Stop, match, tokenize
from nfdsl.syntax.recover import recover
from nfdsl.syntax.tokens import significant


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
    outcome = match(list(significant(tokens)), "file")
    if not isinstance(outcome, Stop):
        file = Build(source).transform(outcome)
        assert isinstance(file, ast.File)
        return Parsed(file, (), True)
    recovered = recover(source, tokens)
    return Parsed(recovered.file, recovered.diagnostics, recovered.every_block)
