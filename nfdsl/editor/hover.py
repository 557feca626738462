"""What an editor shows of the word under the pointer, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import assert_never

from nfdsl.editor.document import Document
from nfdsl.editor.hover_costs import costs
from nfdsl.editor.resolved import Choice, Resolved, choices_of, resolved
from nfdsl.editor.uses import ChoiceUse, KindUse, NameUse, SettingUse, UnitUse, WordUse
from nfdsl.editor.vocabulary import bounds, described, form
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting
from nfdsl.schema.units import MEASURED, UNITS
from nfdsl.show.written import Writer
from nfdsl.source import Span
from nfdsl.syntax import ast

_MOST = 12  # values of a grid that are shown


@dataclass(frozen=True)
class Hover:
    """What is to be said of a place."""

    span: Span
    markdown: str


def hover(document: Document, offset: int) -> Hover | None:
    """Returns what there is to say of the word at an offset, if anything."""
    found = document.at(offset)
    if found is None:
        return None
    use, span = found
    match use:
        case KindUse():
            text = kind_text(use.kind)
        case NameUse():
            text = _let(document.lets[use.name]) if use.name in document.lets else _block(document, use.name)
        case SettingUse():
            text = _setting(document, use)
        case WordUse():
            text = word_text(use.schema_class)
        case ChoiceUse():
            text = f"`{use.text}`\n\n`{use.wanted.axis}`: {use.wanted.description.doc}\n\n{_one_of(use)}"
        case UnitUse():
            text = _unit(use)
        case _:
            assert_never(use)
    return Hover(span, text) if text else None


def kind_text(kind: str) -> str:
    """Returns what a kind of block is, and everything it may hold; empty for an unknown kind."""
    classes = KINDS.get(kind, ())
    names = [f"**{kind}**" if len(classes) == 1 else f"**{kind}** of `family {each.word}`" for each in classes]
    return "\n\n".join(f"{name}: {word_text(each)}" for name, each in zip(names, classes, strict=True))


def word_text(schema_class: type) -> str:
    """Returns what a word of the vocabulary means, and its settings."""
    lines = (f"- `{field.name}`{_necessity(field)}: {field.description.doc}" for field in described(schema_class))
    return "\n\n".join(part for part in (_doc(schema_class), "\n".join(lines)) if part)


def setting_text(setting: Setting, axis: str) -> str:
    """Returns what the schema says of a setting: doc, form, range, default and source."""
    description = setting.description
    facts = [form(setting.annotation, description, axis), bounds(description), _default(setting)]
    source = f"\n\n*{description.source}*" if description.source else ""
    return f"{description.doc}\n\n" + "; ".join(fact for fact in facts if fact) + source


def _setting(document: Document, use: SettingUse) -> str:
    choices = choices_of(document, use.value, use.wanted, use.setting)
    parts = [f"```nfx\n{use.wanted.axis} {_shown(choices)}\n```" if choices else f"`{use.wanted.axis}`"]
    parts.append(setting_text(use.setting, use.wanted.axis))
    overridden = None if use.nested else document.overridden(use.block, use.setting.name)
    if overridden is not None:
        parts.append(f"instead of `{overridden.value.span.text}` ({_line(overridden.span, document)})")
    return "\n\n".join(parts)


def _shown(choices: Sequence[Choice]) -> str:
    """Returns the values of a setting on one line, or one line for each that has a label of its own."""
    more = ["..."] if len(choices) > _MOST else []
    if len(choices) == 1 or all(choice.label in ("", choice.text) for choice in choices):
        return ", ".join([*(choice.text for choice in choices[:_MOST]), *more])
    return "\n".join(["", *(f"  {choice.label}: {choice.text}" for choice in choices[:_MOST]), *more])


def _let(let: ast.Let) -> str:
    value = let.value.span.text
    return f"```nfx\nlet {let.name.text} {value}\n```"


def _block(document: Document, name: str) -> str:
    definition = document.definitions.get(name)
    if definition is None:
        return ""
    parent = f" from {definition.block.parent.text}" if definition.block.parent else ""
    rows = [_row(setting, document) for setting in resolved(document, definition)]
    table = "\n".join(["| | | |", "|---|---|---|", *rows])
    parts = [f"**{definition.kind} {name}**{parent}", costs(document, definition), table]
    return "\n\n".join(part for part in parts if part)


def _row(setting: Resolved, document: Document) -> str:
    single = len(setting.choices) == 1
    values = ", ".join(choice.text if single else _named(choice) for choice in setting.choices[:_MOST]) or "?"
    more = ", ..." if len(setting.choices) > _MOST else ""
    return f"| {setting.setting.name} | {_cell(values + more)} | {_origin(setting, document)} |"


def _named(choice: Choice) -> str:
    return choice.text if choice.label in ("", choice.text) else f"{choice.label}: {choice.text}"


def _cell(text: str) -> str:
    return "`" + text.replace("|", "\\|").replace("\n", " ") + "`"


def _origin(setting: Resolved, document: Document) -> str:
    if setting.written is None:
        return "default" if setting.choices else "not set"
    return f"{'inherited, ' if setting.inherited else ''}{_line(setting.written, document)}"


def _line(span: Span, document: Document) -> str:
    line = span.source.position(span.start).line
    return f"line {line}" if span.source is document.source else f"{span.source.name}:{line}"


def _necessity(setting: Setting) -> str:
    return " (required)" if setting.required else f" (default `{Writer().written(setting.default, setting)}`)"


def _default(setting: Setting) -> str:
    return "required" if setting.required else f"default `{Writer().written(setting.default, setting)}`"


def _doc(schema_class: type) -> str:
    return " ".join((schema_class.__doc__ or "").split())


def _one_of(use: ChoiceUse) -> str:
    return form(use.wanted.annotation, use.wanted.description, use.wanted.axis)


def _unit(use: UnitUse) -> str:
    unit = UNITS[use.unit]
    canonical = unit.dimension.value
    exact = use.number.value * unit.factor
    amount = f"{exact.numerator:,}" if exact.denominator == 1 else f"{float(exact):.12g}"
    factor = f" ({_factor(unit.factor)})" if unit.factor != 1 else ""
    equation = f"`{use.number.span.text}` = {amount} {canonical}".rstrip()
    return f"{equation}\n\n`{use.unit}`: {MEASURED[unit.dimension]}{factor}"


def _factor(factor: Fraction) -> str:
    return f"{factor.numerator:,} of them" if factor.denominator == 1 else f"1/{factor.denominator:,} of one"
