"""Values of the schema as a spec would write them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, is_dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, cast

from nfdsl.schema.blocks import Block
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import Dimension, Quantity

_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"})
_GROUPED_FROM = 10_000
_LARGEST_DENOMINATOR = 100
_MOST_PLACES = 20  # of a decimal; what is not exact by then is written as a division


@dataclass(frozen=True)
class Writer:
    """Writes values that refer to blocks by these names."""

    names: Mapping[Block, str] = field(default_factory=dict[Block, str])

    def written(self, value: Any, setting: Setting) -> str:
        """Returns what stands after a setting's name when it has this value, all defaults inside it written out.

        A list of structures, such as a report's figures, and a block without a name have no such text: theirs is
        for people.
        """
        if is_dataclass(value) and not isinstance(value, Quantity | Block) and word(value) == setting.name:
            return ", ".join(f"{name} {text}" for name, text, _ in self._arguments(value))
        return self.value(value, setting)

    def value(self, value: Any, setting: Setting) -> str:
        """Returns the text of a value that stands in brackets, where a structure begins with its word."""
        match value:
            case None:
                return "none"
            case bool():
                return "on" if value else "off"
            case float():
                measured = unit(setting.description.units[0])
                return f"{value!r}".removesuffix(".0") + measured if measured else _number(value)
            case int():
                return f"{_digits(value)}{unit(setting.description.units[0])}"
            case Quantity():
                return _amount(value.amount, value.dimension)
            case tuple():
                return f"[{', '.join(self.value(item, setting) for item in cast(tuple[Any, ...], value))}]"
            case str():
                is_text = setting.description.path or (setting.annotation is str and not setting.description.names)
                return quoted(value) if is_text else value
            case _:
                return self.names.get(value) or self._call(value)

    def block(self, value: Block) -> str:
        """Returns all settings of a block in one row, for people."""
        return ", ".join(
            f"{setting.name} {self.written(getattr(value, setting.name), setting)}" for setting in settings(type(value))
        )

    def _call(self, value: Any) -> str:
        arguments = [text if is_plain else f"{name}: {text}" for name, text, is_plain in self._arguments(value)]
        return f"{word(value)}({', '.join(arguments)})" if arguments else word(value)

    def _arguments(self, value: Any) -> Iterator[tuple[str, str, bool]]:
        """Yields name and text of each setting, and whether it is known without its name."""
        for setting in settings(value.__class__):
            yield setting.name, self.value(getattr(value, setting.name), setting), setting.required


def word(value: Any) -> str:
    """Returns the word of the language for a value's class."""
    return value.word


def quoted(text: str) -> str:
    """Returns a text as a string of a spec."""
    return f'"{text.translate(_ESCAPES)}"'


def docstring(text: str) -> str:
    """Returns a text about a study as it stands at the top of a spec."""
    return quoted(text) if '"""' in text or text.endswith('"') else f'"""{text}"""'


def unit(dimension: Dimension) -> str:
    """Returns the canonical unit with the space before it."""
    return dimension.value if dimension in {Dimension.PIXELS, Dimension.NUMBER} else f" {dimension.value}"


def _number(number: float) -> str:
    """Returns a pure number, as a common fraction where a decimal one would be long."""
    ratio = Fraction(number).limit_denominator(_LARGEST_DENOMINATOR)
    if float(ratio) == number and 10**6 % ratio.denominator:
        return f"{ratio.numerator} / {ratio.denominator}"
    return repr(number).removesuffix(".0")


def _amount(amount: Fraction, dimension: Dimension) -> str:
    if amount.denominator == 1:
        return f"{_digits(amount.numerator)}{unit(dimension)}"
    for places in range(1, _MOST_PLACES):
        if (shifted := amount * 10**places).denominator == 1:
            return f"{Decimal(f'{shifted.numerator}e-{places}'):f}{unit(dimension)}"
    return f"{amount.numerator}{unit(dimension)} / {amount.denominator}"


def _digits(number: int) -> str:
    return f"{number:_}" if number >= _GROUPED_FROM else str(number)
