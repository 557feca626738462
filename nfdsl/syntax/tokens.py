"""What tokens tell without the grammar: their place, which new lines count, how deep they nest."""

from collections.abc import Iterable, Iterator

from lark import Token

from nfdsl.source import Source, Span

CLOSER = {"[": "]", "(": ")", "{": "}"}
OPENER = {closer: opener for opener, closer in CLOSER.items()}
OPERATORS = frozenset("+-*/")

# Whoever walks the AST may recurse: this keeps the walk well inside Python's default limit.
DEEPEST = 64


def place(source: Source, token: Token) -> Span:
    """Returns where a token of the source's text stands."""
    assert token.start_pos is not None
    assert token.end_pos is not None
    return Span(source, token.start_pos, token.end_pos)


def column(token: Token) -> int:
    """Returns the column of a token's first character, counted from 1."""
    assert token.column is not None
    return token.column


def significant(tokens: Iterable[Token]) -> Iterator[Token]:
    """Yields the tokens without the new lines that say nothing: those in a value, repeated or leading."""
    depth, at_line_start = 0, True
    around = 1  # the brackets around a value's own: a block's braces, which a `let` has not
    for token in tokens:
        is_newline = token.type == "NEWLINE"
        if is_newline and (at_line_start or depth > around):
            continue
        if at_line_start and depth == 0:
            around = 0 if token.type == "LET" else 1
        at_line_start = is_newline
        depth += (token in CLOSER) - (token in OPENER and depth > 0)
        yield token


def depths(tokens: Iterable[Token]) -> Iterator[int]:
    """Yields for each token a bound on the depth of the AST around it.

    It counts the brackets open and, since the last comma in each, the operators: ``1 + 1 + 1`` is
    as deep as it is long.
    """
    operators = [0]
    total = 0
    for token in tokens:
        if token in CLOSER:
            operators.append(0)
        elif token in OPENER and len(operators) > 1:
            total -= operators.pop()
        elif token in OPERATORS:
            operators[-1] += 1
            total += 1
        elif token == "," or token == "\n":
            total -= operators[-1]
            operators[-1] = 0
        yield total + len(operators) - 1
