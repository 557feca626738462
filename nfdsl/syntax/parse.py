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

    The file is the whole of the text exactly if there are no diagnostics. Otherwise broken settings
    are left out of their blocks, and blocks without a name are left out with all of their settings.
    """

    file: ast.File
    diagnostics: tuple[Diagnostic, ...]


def parse(source: Source) -> Parsed:
    """Returns the AST of any text, in time linear in its length. Raises nothing."""
    tokens = tokenize(source.text)
    outcome = match(list(significant(tokens)), "file")
    if not isinstance(outcome, Stop):
        file = Build(source).transform(outcome)
        assert isinstance(file, ast.File)
        return Parsed(file, ())
    file, diagnostics = recover(source, tokens)
    return Parsed(file, tuple(diagnostics))
