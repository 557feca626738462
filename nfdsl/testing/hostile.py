"""Files that no reader of specs may stumble over: each is a function of its number, so that a failure is found again.

They are specs with characters or bytes changed, words in any order, texts that the grammar accepts by chance, one
thing many times over, and grids of astronomical size; with other systems' line ends, byte order marks, NUL and
characters that look like others.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from lark import Lark
from lark.grammar import NonTerminal
from lark.lexer import PatternStr

from nfdsl.catalogue import catalogue, completed, prelude
from nfdsl.syntax import grammar

_NAMES = [
    *("model", "data", "pretrain", "finetune", "report", "hardware", "net", "base", "mnist", "depth", "width", "batch"),
    *("budget", "lr", "tune", "sgd", "cosine", "agc", "start", "best", "figure", "of", "none", "on", "holdout.loss"),
    *("zip", "seed", "momentum", "train", "optimizer.momentum", "base.lr"),
]
_NUMBERS = [
    *("0", "1", "0.1", "32px", "50 images", "1 epochs", "5k steps", "1e99", "1e-99", "9e99T core_hours", "2 FLOPs"),
    *("35%", "8x8x8", "1T", "1e99 * 1e99 * 1e99 * 1e99 * 1e99", "1 / 0", "nan", "inf"),
]
_GRIDS = [
    *("0 .. 1T by +1", "1 .. 1e9 by +1", "1e-9 .. 1e9 by x1.0000001", "1 .. 20k by +1", "{1, 2}", "[{1, 2}, {1, 2}]"),
    *("by x2", "by +1", "by x1.0001", "..", "{", "}", "[", "]", "(", ")", ",", ":"),
]
_SIGNS = [*"+-*/=#;\n \t", "from", "let", "import", '"text"', '"""', '"', "'", "\\", "\\u0000", "\r\n", "\r"]
_LOOKALIKES = [
    *("\x00", "\ufeff", "\u200b", "\u2028", "\x85", "\x0c", "\u0430", "\uff11", "\u2212", "\u00d7", "\u2026"),
    *("\u201c", "\u00a0", "é", "日", "\U0001f600", "e\u0301", "\u202e"),
]
WORDS = [*_NAMES, *_NUMBERS, *_GRIDS, *_SIGNS, *_LOOKALIKES]
BOMBS = [
    *("(", "[", "{", "-", "1 + ", "f(", "{a: ", "[1, ", '"', "a.", "9", "1e", "1x", "model ", "{\n", "#", "x y "),
    *("1..", "1..1..", "\\", "a b {\n", "[{1, 2}], ", "{1, 2} * ", "let a b\n", ";", "é ", "\n", " "),
]
_TIMES = (10, 63, 64, 65, 66, 1000, 5000)  # around what nests at most, and far above
_DEEPEST = 25  # expansions of rules before the shortest is taken
_PATTERNS: dict[str, list[str]] = {
    "NAME": _NAMES,
    "NUMBER": [number for number in _NUMBERS if number.replace(".", "").isalnum()] + ["50 images", "35%", "2 days"],
    "LABEL": ["F0", "momentum", "train", "a.b"],
    "SHAPE": ["8x8x8", "1x1"],
    "STRING": ['"text"', '""', '"\\u03b1"'],
    "DOCSTRING": ['"""A study."""'],
    "BY_TIMES": ["by x"],
    "BY_PLUS": ["by +"],
}


@dataclass(frozen=True)
class Hostile:
    """Makes files out of example specs."""

    examples: Sequence[str]

    def file(self, number: int) -> bytes:
        """Returns the file of a number; 100,000 of them have some of everything."""
        draw = random.Random(number)
        makers: Sequence[Callable[[random.Random], bytes]] = (
            *(self._changed, self._changed, self._damaged, _jumbled, _value, _value, _bomb, _derived),
        )
        return draw.choice(makers)(draw)

    def _changed(self, draw: random.Random) -> bytes:
        """Returns a spec after a few changes by characters."""
        text = draw.choice(self.examples)
        for _ in range(draw.randint(1, 4)):
            start = draw.randint(0, len(text))
            end = min(len(text), start + draw.choice([0, 0, 1, 1, 2, 5, 20, 200]))
            other = draw.randint(0, len(text))
            copied = text[other : other + draw.randint(1, 60)]
            text = text[:start] + draw.choice(["", draw.choice(WORDS), copied, text[start:end] * 2]) + text[end:]
        return draw.choice([text, text, text, text.replace("\n", "\r\n"), "\ufeff" + text]).encode()

    def _damaged(self, draw: random.Random) -> bytes:
        """Returns a spec after a few changes by bytes, so that it may be no text."""
        data = bytearray(draw.choice(self.examples).encode())
        for _ in range(draw.randint(1, 6)):
            place = draw.randrange(len(data))
            data[place : place + draw.randint(0, 3)] = draw.randbytes(draw.randint(0, 3))
        return bytes(data)


def hostile(examples: Sequence[str]) -> Hostile:
    """Returns what makes files out of some specs and of the snippets of every explanation."""
    explained = [completed(text, entry.kind) for entry in catalogue().values() for text in (entry.wrong, entry.right)]
    return Hostile([*examples, *explained])


def bombs() -> list[str]:
    """Returns one thing thousands of times over: as a file, and as a value of a setting."""
    files = [bomb * 5000 for bomb in BOMBS]
    return files + [f"pretrain p from base {{ lr {many} }}\n{prelude()}" for many in files]


def _jumbled(draw: random.Random) -> bytes:
    """Returns words of the language in any order."""
    return draw.choice(["", " "]).join(draw.choices(WORDS, k=draw.randint(0, 80))).encode()


def _value(draw: random.Random) -> bytes:
    """Returns a sound spec with words in any order as one of its values."""
    line = draw.choice(prelude().splitlines())
    name = line.split()[0] if line.startswith(" ") else "lr"
    return prelude().replace(line, f"  {name} {' '.join(draw.choices(WORDS, k=draw.randint(1, 8)))}", 1).encode()


def _bomb(draw: random.Random) -> bytes:
    """Returns one thing many times, perhaps inside a value."""
    times = draw.choice(_TIMES)
    many = draw.choice(BOMBS) * times + draw.choice(["", "1", "1" + draw.choice(")]}") * times])
    return draw.choice([many, f"pretrain p from base {{ lr {many} }}\n{prelude()}", prelude() + many]).encode()


def _derived(draw: random.Random) -> bytes:
    """Returns a text that the grammar accepts, of words that mean something only by chance."""
    return " ".join(_expansion(draw, NonTerminal("file"), 0)).encode()


def _expansion(draw: random.Random, symbol: object, depth: int) -> list[str]:
    if not isinstance(symbol, NonTerminal):
        return [draw.choice(terminals()[str(getattr(symbol, "name", symbol))])]
    choices = _rules()[str(symbol.name)]
    chosen = draw.choice(choices) if depth < _DEEPEST else min(choices, key=len)
    return [text for part in chosen for text in _expansion(draw, part, depth + 1)]


@cache
def _rules() -> dict[str, list[list[object]]]:
    """Returns the grammar's rules without repetitions and options, by name."""
    found: dict[str, list[list[object]]] = {}
    for rule in nfx().rules:
        found.setdefault(str(rule.origin.name), []).append(list(rule.expansion))
    return found


@cache
def terminals() -> dict[str, list[str]]:
    """Returns texts of each terminal: words for those with a pattern, else the keyword or sign that it is."""
    signs = {
        found.name: [str(found.pattern.value)] for found in nfx().terminals if isinstance(found.pattern, PatternStr)
    }
    return signs | _PATTERNS


@cache
def nfx() -> Lark:
    """Returns the grammar without its tables, for those who make texts of it."""
    return Lark(
        grammar.text(), parser="lalr", lexer="basic", start="file", keep_all_tokens=True, maybe_placeholders=False
    )
