"""What a spec says, as parsed: names and values with their places, nothing resolved or checked.

Class names are the rule names of ``grammar/nfx.lark`` (``grid_entry`` becomes `GridEntry`).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from nfdsl.source import Span


@dataclass(frozen=True)
class Name:
    """A word: a setting, a block, a vocabulary word. Dotted names are one word (``holdout.loss``)."""

    span: Span
    text: str


@dataclass(frozen=True)
class String:
    span: Span
    text: str  # escapes resolved, quotes removed


@dataclass(frozen=True)
class Number:
    """A literal with its SI prefix multiplied in: ``5k steps`` is 5000 with unit ``steps``."""

    span: Span
    value: Fraction
    unit: Name | None


@dataclass(frozen=True)
class Shape:
    """A literal such as ``8x8x8``."""

    span: Span
    sizes: tuple[int, ...]


@dataclass(frozen=True)
class List:
    span: Span
    items: tuple["Value", ...]


@dataclass(frozen=True)
class GridEntry:
    span: Span
    label: Name | None
    value: "Value"


@dataclass(frozen=True)
class Grid:
    """``{a, b}`` or ``{F0: 1, F1: 2}``: each value in turn."""

    span: Span
    entries: tuple[GridEntry, ...]


@dataclass(frozen=True)
class Range:
    """``first .. last by x2`` or ``by +1``: a grid; a unit after `last` alone holds for all."""

    span: Span
    first: "Value"
    last: "Value"
    kind: Literal["x", "+"]
    by: Number


@dataclass(frozen=True)
class Argument:
    span: Span
    name: Name | None
    value: "Value"


@dataclass(frozen=True)
class Call:
    span: Span
    function: Name
    arguments: tuple[Argument, ...]


@dataclass(frozen=True)
class Binary:
    span: Span
    operator: Literal["+", "-", "*", "/"]
    left: "Value"
    right: "Value"


@dataclass(frozen=True)
class Negative:
    span: Span
    value: "Value"


@dataclass(frozen=True)
class Phrase:
    """Two or more values side by side: a call without parentheses (``train 224px, eval 256px``)."""

    span: Span
    items: tuple["Value", ...]


Value = Name | String | Number | Shape | List | Grid | Range | Call | Binary | Negative | Phrase


@dataclass(frozen=True)
class Unreadable:
    """Stands for a value that could not be parsed, so that its setting is not thought to be missing."""

    span: Span


@dataclass(frozen=True)
class Setting:
    span: Span
    name: Name
    value: Value | Unreadable


@dataclass(frozen=True)
class Block:
    span: Span
    kind: Name
    name: Name
    parent: Name | None  # from
    settings: tuple[Setting, ...]


@dataclass(frozen=True)
class Let:
    """A name for a value: ``let peak 0.1 .. 3.2 by x2``."""

    span: Span
    name: Name
    value: Value | Unreadable


@dataclass(frozen=True)
class Assignment:
    """``--set scaling.batch="64 images"`` on the command line: what a setting or a named value is to be."""

    span: Span
    target: Name
    value: Value


@dataclass(frozen=True)
class ImportFile:
    """``import "base.nfx"``; the path is relative to the folder of the file it is written in."""

    span: Span
    path: String


@dataclass(frozen=True)
class File:
    """The blocks, names and imports of a file, each in the order written."""

    span: Span
    docstring: String | None
    blocks: tuple[Block, ...]
    lets: tuple[Let, ...] = ()
    imports: tuple[ImportFile, ...] = ()
