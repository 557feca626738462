"""Values on the command line: ``--set scaling.batch="64 images"``."""

from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.build import Build
from nfdsl.syntax.grammar import Stop, match, tokenize
from nfdsl.syntax.malformed import malformed
from nfdsl.syntax.mistakes import mistake


def assignment(text: str) -> tuple[ast.Assignment | None, list[Diagnostic]]:
    """Returns what ``PATH=VALUE`` says, or none and what is wrong with it; the value is read as in a spec."""
    path, equals, _ = text.partition("=")
    source = Source(f"--set {path.strip()}" if equals else "--set", text)
    tokens = [token for token in tokenize(text) if token.type != "NEWLINE"]
    if problems := [wrong for token in tokens if (wrong := malformed(source, token)) is not None]:
        return None, problems
    if [token.type for token in tokens[:2]] != ["NAME", "EQUALS"]:
        return None, [_malformed(source)]
    setting = [tokens[0], *tokens[2:]]
    outcome = match(setting, "setting")
    if isinstance(outcome, Stop):
        return None, [mistake(source, setting, outcome)]
    read = Build(source).transform(outcome)
    assert isinstance(read, ast.Setting)
    assert not isinstance(read.value, ast.Unreadable)
    return ast.Assignment(read.span, read.name, read.value), []


def _malformed(source: Source) -> Diagnostic:
    return Diagnostic(
        "malformed-set",
        "`--set` takes a path, `=` and a value",
        Label(Span(source, 0, len(source.text)), "not PATH=VALUE"),
        help='write, for example, `--set scaling.batch="64 images"` or `--set peaks=0.1`',
    )
