"""What can be read of a spec that does not parse, and all that is wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, groupby

from lark import Token

from nfdsl.diagnostics import Diagnostic
from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.block_mistakes import missing_open_brace, outside_block, unclosed_block, wrong_header
from nfdsl.syntax.build import Build
from nfdsl.syntax.cut import STATEMENTS, Outside, RoughBlock, cut
from nfdsl.syntax.grammar import Stop, match
from nfdsl.syntax.malformed import malformed
from nfdsl.syntax.mistakes import mistake
from nfdsl.syntax.statement_mistakes import malformed_import, misplaced_statement, unnamed_let
from nfdsl.syntax.tokens import place


@dataclass(frozen=True)
class Recovered:
    """What could be read of a broken spec."""

    file: ast.File
    diagnostics: tuple[Diagnostic, ...]
    every_block: bool  # False where a block or a value has no name to know it by, or a file, and was left out


def recover(source: Source, tokens: Sequence[Token]) -> Recovered:
    """Returns the blocks and settings that can be read, and what is wrong with the others.

    Each setting is read by itself, so that a mistake in one hides nothing of another.
    """
    recovery = _Recovery(source)
    file = recovery.file(tokens)
    diagnostics = sorted(recovery.diagnostics, key=lambda found: found.primary.span.start)
    return Recovered(file, tuple(diagnostics), recovery.every_block)


class _Recovery:
    """Reads one broken spec, and gathers what is wrong with it."""

    def __init__(self, source: Source) -> None:
        self.diagnostics: list[Diagnostic] = []
        self.every_block = True
        self._source = source
        self._build = Build(source)

    def file(self, tokens: Sequence[Token]) -> ast.File:
        docstring, rest = self._docstring(tokens)
        parts: list[ast.Block | ast.Let | ast.ImportFile | None] = []
        for kind, pieces in groupby(cut(rest), key=type):
            if kind is Outside:
                self._outside([piece.tokens for piece in pieces if isinstance(piece, Outside)])
            else:
                parts += [
                    self._block(piece) if isinstance(piece, RoughBlock) else self._statement(piece.tokens)
                    for piece in pieces
                ]
        self.every_block = None not in parts
        return ast.File(
            Span(self._source, 0, len(self._source.text)),
            docstring,
            tuple(part for part in parts if isinstance(part, ast.Block)),
            tuple(part for part in parts if isinstance(part, ast.Let)),
            tuple(part for part in parts if isinstance(part, ast.ImportFile)),
        )

    def _docstring(self, tokens: Sequence[Token]) -> tuple[ast.String | None, Sequence[Token]]:
        first = next((index for index, token in enumerate(tokens) if token.type != "NEWLINE"), len(tokens))
        if first < len(tokens) and tokens[first].type in {"DOCSTRING", "STRING"}:
            return self._build.docstring([tokens[first]]), tokens[first + 1 :]
        return None, tokens

    def _outside(self, lines: Sequence[Sequence[Token]]) -> None:
        if not self._malformed(list(chain.from_iterable(lines))):
            self.diagnostics.append(outside_block(self._source, lines[0]))

    def _statement(self, line: Sequence[Token]) -> ast.Let | ast.ImportFile | None:
        """Returns the `let` or `import`; None if it has no name to know it by, or names no file."""
        whole = place(self._source, line[0]).to(place(self._source, line[-1]))
        if line[0].type == "LET":
            if len(line) == 1:
                self.diagnostics.append(unnamed_let(whole))
                return None
            setting = self._setting(line[1:])
            return None if setting is None else ast.Let(whole, setting.name, setting.value)
        if self._malformed(line):
            return None
        if [token.type for token in line[1:]] != ["STRING"]:
            self.diagnostics.append(malformed_import(self._source, line))
            return None
        return ast.ImportFile(whole, self._build.string([line[1]]))

    def _block(self, rough: RoughBlock) -> ast.Block | None:
        """Returns the block with the settings that can be read; None if it has no name to know it by."""
        header = self._header(rough)
        settings = tuple(setting for line in rough.settings if (setting := self._line(line)) is not None)
        if (unclosed := unclosed_block(self._source, rough)) is not None:
            self.diagnostics.append(unclosed)
        if header is None:
            return None
        kind, name, *parent = header
        span = kind.span.to(place(self._source, rough.tokens[-1]))
        return ast.Block(span, kind, name, parent[0] if parent else None, settings)

    def _header(self, rough: RoughBlock) -> list[ast.Name] | None:
        """Returns the block's kind, name and perhaps parent."""
        if self._malformed(rough.header):
            return None
        types = [token.type for token in rough.header]
        if types not in (["NAME", "NAME"], ["NAME", "NAME", "FROM", "NAME"]):
            self.diagnostics.append(wrong_header(self._source, rough))
            return None
        if (missing := missing_open_brace(self._source, rough)) is not None:
            self.diagnostics.append(missing)
        return [self._build.name([token]) for token in rough.header if token.type == "NAME"]

    def _line(self, line: Sequence[Token]) -> ast.Setting | None:
        """Returns the setting a line of a block is."""
        if line[0].type in STATEMENTS and not self._malformed(line):
            self.diagnostics.append(misplaced_statement(place(self._source, line[0])))
            return None
        return self._setting(line)

    def _setting(self, line: Sequence[Token]) -> ast.Setting | None:
        """Returns the setting, its value unread where that is wrong; None if it has no name either."""
        if self._malformed(line):
            return self._unread(line)
        outcome = match(line, "setting")
        if isinstance(outcome, Stop):
            self.diagnostics.append(mistake(self._source, line, outcome))
            return self._unread(line)
        setting = self._build.transform(outcome)
        assert isinstance(setting, ast.Setting)
        return setting

    def _unread(self, line: Sequence[Token]) -> ast.Setting | None:
        if line[0].type not in {"NAME", "LABEL"}:
            return None
        name = self._build.name([line[0]])
        span = name.span.to(place(self._source, line[-1]))
        return ast.Setting(span, name, ast.Unreadable(span))

    def _malformed(self, tokens: Sequence[Token]) -> bool:
        """Whether some of the tokens are wrong by themselves; then it says so."""
        found = [wrong for token in tokens if (wrong := malformed(self._source, token)) is not None]
        self.diagnostics += found
        return bool(found)
