"""Every word a spec may use, found by following the schema from the kinds of block."""

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass
from typing import Any, get_args

from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.units import Quantity

BLOCK_KINDS = {schema_class: kind for kind, classes in KINDS.items() for schema_class in classes}


@dataclass(frozen=True)
class Use:
    """A place where a word may stand: a setting of a block or of another word."""

    owner: str
    setting: str


def words() -> dict[type, list[Use]]:
    """Returns the classes of all words with where each may stand, in the order a reader meets them."""
    found: dict[type, list[Use]] = {}
    waiting: list[type] = list(BLOCK_KINDS)
    for owner in waiting:  # grows as words are found
        for setting in settings(owner):
            for word in named_words(setting.annotation):
                if word not in found:
                    found[word] = []
                    waiting.append(word)
                found[word].append(Use(called(owner), setting.name))
    return found


def named_words(annotation: Any) -> Iterator[type]:
    """Yields the classes of the words a setting of this type may name."""
    if is_dataclass(annotation):
        if isinstance(annotation, type) and annotation not in BLOCK_KINDS and annotation is not Quantity:
            yield annotation
        return
    for part in get_args(annotation):
        yield from named_words(part)


def called(schema_class: Any) -> str:
    """Returns what a spec calls a class: the kind of its block where that has one class only, else its word."""
    kind = BLOCK_KINDS.get(schema_class)
    return kind if kind is not None and len(KINDS[kind]) == 1 else schema_class.word


def in_reading_order(schema_class: type, *, required_first: bool) -> list[Setting]:
    """Returns the settings of a class; those of a block begin with the ones it must have."""
    found = list(settings(schema_class))
    return sorted(found, key=lambda setting: not setting.required) if required_first else found
