"""What the schema wants of a value, and how to say that it is something else."""

from dataclasses import dataclass
from typing import Any, get_args, get_origin

from nfdsl.check.rejected import Rejected
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.setting import Description
from nfdsl.schema.units import Dimension, Quantity
from nfdsl.syntax import ast

_LONGEST = 60  # characters of a value that is written out in advice


@dataclass(frozen=True)
class Wanted:
    """What a setting's value must become; `axis` is the setting's path (``augment.repeat``)."""

    annotation: Any
    description: Description
    axis: str

    @property
    def number(self) -> str:
        """What number is wanted, for people: ``a whole number of images``."""
        units = [dimension.value for dimension in self.description.units if dimension is not Dimension.NUMBER]
        is_list = get_origin(self.annotation) is tuple
        whole = (get_args(self.annotation)[0] if is_list else self.annotation) is int
        noun = ("whole number" if whole else "number") + ("s" if is_list else "")
        article = "a list of " if is_list else "a "
        return article + noun + (f" of {' or '.join(units)}" if units and self.annotation is not Quantity else "")

    def but_is(self, value: ast.Value, wants: str) -> Rejected:
        """Returns the rejection of `value`, which is not what it should be."""
        headline = f"`{self.axis}` wants {wants}"
        takes_list = get_origin(self.annotation) is tuple
        in_turn = isinstance(value, ast.List) and not takes_list and len(value.span.text) < _LONGEST
        advice = f"for each of these in turn write `{{{value.span.text[1:-1]}}}`" if in_turn else self.help
        return Rejected(
            Diagnostic("wrong-type", headline, Label(value.span, f"this is {described(value)}"), help=advice)
        )

    @property
    def help(self) -> str:
        return f"`{self.axis}`: {self.description.doc}"


def described(value: ast.Value) -> str:
    """Returns what a value is, for people."""
    match value:
        case ast.Name():
            return f"the word `{value.text}`"
        case ast.String():
            return "text"
        case ast.Number():
            return "a number"
        case ast.Shape() | ast.List():
            return "a list"
        case ast.Grid() | ast.Range():
            return "a grid"
        case ast.Call():
            return f"a call of `{value.function.text}`"
        case ast.Binary() | ast.Negative():
            return "arithmetic"
        case ast.Phrase():
            return "several values"
