"""Values of the schema, as a spec would write them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import cast, get_args, get_origin

from nfdsl.check.arguments import vocabulary_word
from nfdsl.editor.vocabulary import block_kinds, described, item, members
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting
from nfdsl.schema.units import Dimension, Quantity

_LARGEST_DENOMINATOR = 100
_BLOCK_WORDS = {vocabulary_word(schema_class) for classes in KINDS.values() for schema_class in classes}


def spelled(value: object, setting: Setting) -> str:
    """Returns the value of a setting, with its unit, in the language's own words."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, str):
        is_text = str in members(setting.annotation) and not block_kinds(setting.annotation, setting.description)
        return f'"{value}"' if is_text else value
    if isinstance(value, Quantity):
        return with_unit(_exact(value.amount), value.unit)
    if isinstance(value, int | float):
        return with_unit(_exact(Fraction(str(value))), _unit(setting))
    if isinstance(value, tuple):
        parts = cast(tuple[object, ...], value)
        if get_origin(setting.annotation) is tuple and item(setting.annotation) is not setting.annotation:
            return "; ".join(_structure(part, setting.name) for part in parts) or "none"
        return "[" + ", ".join(spelled(part, setting) for part in parts) + "]"
    return _structure(value, setting.name)


def _structure(value: object, setting_name: str) -> str:
    held: Mapping[str, object] = vars(value)
    schema_class = type(value)
    texts = {field.name: spelled(held[field.name], field) for field in described(schema_class)}
    return word_form(schema_class, texts, setting_name)


def word_form(schema_class: type, texts: Mapping[str, str], setting_name: str) -> str:
    """Returns a word with the texts of its settings.

    A word that its setting is called after is left out, and what follows reads as a phrase:
    ``resolution train 224px, eval 256px``. So does a word that holds a grid: ``tune 0.1 .. 0.4 by x2``.
    """
    word, fields = vocabulary_word(schema_class), [field for field in described(schema_class) if field.name in texts]
    if word != setting_name and not any(field.description.collects for field in fields):
        inside = ", ".join(f"{field.name}: {texts[field.name]}" for field in fields)
        return f"{word}({inside})" if inside else word
    leading = bool(fields) and word not in _BLOCK_WORDS and _leads(fields[0])
    parts = [texts[fields[0].name]] if leading else []
    parts += [f"{field.name} {texts[field.name]}" for field in fields[leading:]]
    return ("" if word == setting_name else f"{word} ") + (" " if leading else ", ").join(parts)


def _leads(field: Setting) -> bool:
    """Whether the first of a phrase's values reads better without its name."""
    return field.description.collects or bool(field.description.names) or bool(get_args(field.annotation))


def with_unit(number: str, unit: str) -> str:
    return f"{number}{unit}" if unit == Dimension.PIXELS.value else f"{number} {unit}".rstrip()


def _unit(setting: Setting) -> str:
    """Returns the unit of a plain number, which has one only where no other is possible."""
    units = setting.description.units
    return units[0].value if len(units) == 1 else ""


def _exact(amount: Fraction) -> str:
    """Returns a number as people write it: grouped digits, a decimal or common fraction, or a power of ten."""
    if amount.denominator == 1:
        whole = amount.numerator
        return str(whole) if abs(whole) < 10**4 else f"{whole:_}" if abs(whole) < 10**15 else f"{whole:.3e}"
    ratio = amount.limit_denominator(_LARGEST_DENOMINATOR)
    if float(ratio) == float(amount) and 10**6 % ratio.denominator:  # no short decimal fraction
        return f"{ratio.numerator} / {ratio.denominator}"
    mantissa, _, exponent = f"{float(amount):.12g}".partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa
