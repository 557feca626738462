"""Strategies of texts for one setting, made from the schema by reflection."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from nfdsl.reference.vocabulary import BLOCK_KINDS
from nfdsl.schema.setting import Description, Setting, settings
from nfdsl.schema.units import Quantity
from nfdsl.testing.amounts import amounts, spellings

Names = Mapping[str, Sequence[str]]  # of blocks that may be named, by kind
Bound = Mapping[tuple[type, str], SearchStrategy[str]]  # settings that rules tie to others: what they may say

_TEXT = st.text("abz/*.-_ é日#{", max_size=8)


def values(setting: Setting, names: Names, bound: Bound) -> SearchStrategy[str]:
    """Returns a strategy of texts for a setting of a block.

    Without grids. Rules between settings are not heeded, except by what `bound` says.
    """
    return _value(setting.annotation, setting.description, names, bound, in_setting=True)


def _value(
    annotation: Any, description: Description, names: Names, bound: Bound, *, in_setting: bool
) -> SearchStrategy[str]:
    origin = get_origin(annotation)
    if origin in (Union, UnionType):
        members = [member for member in get_args(annotation) if possible(member, description, names)]
        return st.one_of([_value(member, description, names, bound, in_setting=in_setting) for member in members])
    if annotation is NoneType:
        return st.just("none")
    if origin is Literal:
        return st.sampled_from(get_args(annotation))
    if annotation is bool:
        return st.sampled_from(["on", "off", "true", "false"])
    if annotation is str:
        return _names(description.names, names) if description.names else _TEXT.map(lambda text: f'"{text}"')
    if annotation in BLOCK_KINDS:
        return _names([BLOCK_KINDS[annotation]], names)
    if origin is tuple:
        return _several(get_args(annotation)[0], description)
    if annotation in (int, float, Quantity):
        return _number(annotation, description)
    return words(annotation, names, bound, in_setting=in_setting)


def possible(annotation: Any, description: Description, names: Names) -> bool:
    """Whether there is a value of this type: one that names a block needs one to name, and of files none is known."""
    if get_origin(annotation) in (Union, UnionType):
        return any(possible(member, description, names) for member in get_args(annotation))
    if annotation in BLOCK_KINDS:
        return bool(names.get(BLOCK_KINDS[annotation]))
    if annotation is str and description.names:
        return any(names.get(kind) for kind in description.names)
    if description.files:
        return False
    needed = settings(cast(type, annotation)) if is_dataclass(annotation) else ()
    return all(possible(s.annotation, s.description, names) for s in needed if s.required)


def _names(kinds: Sequence[str], names: Names) -> SearchStrategy[str]:
    return st.sampled_from([name for kind in kinds for name in names.get(kind, ())])


def _number(number: type, description: Description) -> SearchStrategy[str]:
    return st.tuples(amounts(description, whole=number is int), st.sampled_from(description.units)).flatmap(
        lambda drawn: spellings(*drawn)
    )


def _several(item: type, description: Description) -> SearchStrategy[str]:
    """Returns a strategy of lists, or of grids where the grid is the value itself."""
    opener, closer = "{}" if description.collects else "[]"
    items = st.lists(_number(item, description), min_size=1, max_size=4)
    return items.map(lambda texts: f"{opener}{', '.join(texts)}{closer}")


def words(schema_class: Any, names: Names, bound: Bound, *, in_setting: bool) -> SearchStrategy[str]:
    """Returns a strategy of a word with arguments: as a call or, where a setting's value, as a phrase.

    Arguments are named, in any order, or stand in the order of the schema.
    """
    assert is_dataclass(schema_class)
    return _words(schema_class, names, bound, in_setting=in_setting)


@st.composite
def _words(draw: st.DrawFn, schema_class: Any, names: Names, bound: Bound, *, in_setting: bool) -> str:
    word: str = schema_class.word
    given: list[tuple[str, str]] = []
    for setting in settings(schema_class):
        if setting.required or draw(st.booleans()):
            chosen = bound.get((schema_class, setting.name))
            if chosen is None:
                chosen = _value(setting.annotation, setting.description, names, bound, in_setting=False)
            given.append((setting.name, draw(chosen)))
    in_order = [setting.name for setting in settings(schema_class)][: len(given)] == [name for name, _ in given]
    form = draw(st.sampled_from(["call", *(["positions"] if in_order else []), *(["phrase"] if in_setting else [])]))
    if form == "positions":
        return f"{word}({', '.join(text for _, text in given)})"
    given = draw(st.permutations(given))
    if form == "phrase":
        return " ".join([word, ", ".join(f"{name} {text}" for name, text in given)]).rstrip()
    return f"{word}({', '.join(f'{name}: {text}' for name, text in given)})"
