"""The AST of a tree: one method for each rule of the grammar, returning the class of the rule's name."""

import re
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Literal, TypeVar, cast

from lark import Token, Transformer

from nfdsl.schema.units import SI_PREFIXES, UNITS
from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.tokens import place

_DIGITS = re.compile(r"[0-9_.]+(?:[eE][+-]?[0-9]+)?")
_ESCAPE = re.compile(r"\\(?:u(.{4})|(.))")
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r"}

_Statement = ast.Block | ast.Let | ast.ImportFile
_Node = ast.Value | ast.GridEntry | ast.Argument | ast.Setting | _Statement
_NodeT = TypeVar("_NodeT", bound=_Node)


class Build(Transformer[Token, ast.File | ast.Setting]):
    """Turns trees over the tokens of one source, commas and brackets included, into their AST."""

    def __init__(self, source: Source) -> None:
        super().__init__(visit_tokens=False)
        self._source = source

    def file(self, parts: Sequence[Token | ast.String | _Statement]) -> ast.File:
        docstring = next((part for part in parts if isinstance(part, ast.String)), None)
        blocks = tuple(part for part in parts if isinstance(part, ast.Block))
        lets = tuple(part for part in parts if isinstance(part, ast.Let))
        imports = tuple(part for part in parts if isinstance(part, ast.ImportFile))
        return ast.File(Span(self._source, 0, len(self._source.text)), docstring, blocks, lets, imports)

    def docstring(self, parts: Sequence[Token]) -> ast.String:
        (token,) = parts
        text = token[3:-3].replace("\r\n", "\n") if token.type == "DOCSTRING" else _unescape(token)
        return ast.String(self._span(parts), text)

    def let(self, parts: tuple[Token, ast.Setting]) -> ast.Let:
        return ast.Let(self._span(parts), parts[1].name, parts[1].value)

    def import_file(self, parts: tuple[Token, ast.String]) -> ast.ImportFile:
        return ast.ImportFile(self._span(parts), parts[1])

    def block(self, parts: Sequence[Token | ast.Name | ast.Setting]) -> ast.Block:
        kind, name, *parent = (part for part in parts if isinstance(part, ast.Name))
        settings = tuple(part for part in parts if isinstance(part, ast.Setting))
        return ast.Block(self._span(parts), kind, name, parent[0] if parent else None, settings)

    def setting(self, parts: Sequence[ast.Value]) -> ast.Setting:
        name, value = parts
        return ast.Setting(self._span(parts), cast(ast.Name, name), value)

    def phrase(self, parts: Sequence[Token | ast.Value]) -> ast.Phrase:
        return ast.Phrase(self._span(parts), _nodes(parts))

    def range(self, parts: tuple[ast.Value, Token, ast.Value, Token, ast.Number]) -> ast.Range:
        first, _, last, by, step = parts
        return ast.Range(self._span(parts), first, last, "x" if by.type == "BY_TIMES" else "+", step)

    def binary(self, parts: tuple[ast.Value, Token, ast.Value]) -> ast.Binary:
        left, operator, right = parts
        return ast.Binary(self._span(parts), cast(Literal["+", "-", "*", "/"], str(operator)), left, right)

    def negative(self, parts: tuple[Token, ast.Value]) -> ast.Negative:
        return ast.Negative(self._span(parts), parts[1])

    def parenthesized(self, parts: tuple[Token, ast.Value, Token]) -> ast.Value:
        return replace(parts[1], span=self._span(parts))

    def list(self, parts: Sequence[Token | ast.Value]) -> ast.List:
        return ast.List(self._span(parts), _nodes(parts))

    def grid(self, parts: Sequence[Token | ast.GridEntry]) -> ast.Grid:
        return ast.Grid(self._span(parts), _nodes(parts))

    def grid_entry(self, parts: Sequence[Token | ast.Value]) -> ast.GridEntry:
        return ast.GridEntry(self._span(parts), self._label(parts), *_nodes(parts))

    def call(self, parts: Sequence[Token | ast.Name | ast.Argument]) -> ast.Call:
        arguments = tuple(part for part in parts if isinstance(part, ast.Argument))
        return ast.Call(self._span(parts), cast(ast.Name, parts[0]), arguments)

    def argument(self, parts: Sequence[Token | ast.Value]) -> ast.Argument:
        return ast.Argument(self._span(parts), self._label(parts), *_nodes(parts))

    def name(self, parts: Sequence[Token]) -> ast.Name:
        return ast.Name(self._span(parts), str(parts[0]))

    def string(self, parts: Sequence[Token]) -> ast.String:
        return ast.String(self._span(parts), _unescape(parts[0]))

    def number(self, parts: Sequence[Token]) -> ast.Number:
        span = self._span(parts)
        digits = _DIGITS.match(span.text)
        assert digits is not None
        rest = span.text[digits.end() :].lstrip()
        prefix = "" if rest in UNITS else rest[:1]
        unit = rest[len(prefix) :].lstrip()
        amount = digits.group().replace("_", "")
        # What Fraction makes of a text is as exact, and takes several times as long.
        value = Fraction(int(amount) if amount.isdigit() else amount)
        value = value * SI_PREFIXES[prefix] if prefix else value
        return ast.Number(span, value, ast.Name(replace(span, start=span.end - len(unit)), unit) if unit else None)

    def shape(self, parts: Sequence[Token]) -> ast.Shape:
        return ast.Shape(self._span(parts), tuple(int(size) for size in parts[0].split("x")))

    def _label(self, parts: Sequence[Token | ast.Value]) -> ast.Name | None:
        label = parts[0]
        return self.name([label]) if isinstance(label, Token) else None

    def _span(self, parts: Sequence[Token | _Node]) -> Span:
        return self._place(parts[0]).to(self._place(parts[-1]))

    def _place(self, part: Token | _Node) -> Span:
        return place(self._source, part) if isinstance(part, Token) else part.span


def _nodes(parts: Sequence[Token | _NodeT]) -> tuple[_NodeT, ...]:
    return tuple(part for part in parts if not isinstance(part, Token))


def _unescape(literal: str) -> str:
    return _ESCAPE.sub(_character, literal[1:-1])


def _character(escape: re.Match[str]) -> str:
    code, letter = escape.groups()
    return chr(int(code, 16)) if code else _ESCAPED.get(letter, letter)
