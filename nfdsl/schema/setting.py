"""How a schema class describes its settings: unit, range, doc and source beside the default.

A schema class is a frozen dataclass whose fields are made by `setting`. Everything the language
says about a setting (checks, completion, reference documentation) is read from here.
"""

from collections.abc import Iterator
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, get_type_hints

from nfdsl.schema.units import Dimension

_KEY = "nfdsl.setting"


@dataclass(frozen=True)
class Description:
    """What a spec author needs to know of one setting besides its type and default."""

    doc: str
    units: tuple[Dimension, ...] = (Dimension.NUMBER,)
    at_least: float | None = None
    above: float | None = None
    at_most: float | None = None
    below: float | None = None
    source: str = ""
    names: tuple[str, ...] = ()  # kinds of block whose name the setting holds
    path: bool = False  # where files lie, as seen from the folder of the file that says it
    files: tuple[str, ...] = ()  # endings of the file that the path names and that must be there
    collects: bool = False  # a grid written here is the value itself, not a sweep
    shapes: bool = False  # a part of what is compiled, where others are inputs of the program: see `program`
    off_at_zero: bool = False  # so that whether it is 0 is a part of what is compiled, any other number an input


@dataclass(frozen=True)
class Setting:
    """One field of a schema class, resolved: what it is called, holds, and falls back to."""

    name: str
    annotation: Any
    default: Any  # MISSING where the spec must say it
    description: Description

    @property
    def required(self) -> bool:
        return self.default is MISSING


def setting(
    doc: str,
    *,
    default: Any = MISSING,
    unit: Dimension | tuple[Dimension, ...] = Dimension.NUMBER,
    at_least: float | None = None,
    above: float | None = None,
    at_most: float | None = None,
    below: float | None = None,
    source: str = "",
    names: tuple[str, ...] = (),
    path: bool = False,
    files: tuple[str, ...] = (),
    collects: bool = False,
    shapes: bool = False,
    off_at_zero: bool = False,
    keyword: bool = False,
) -> Any:
    """Returns a dataclass field that carries its `Description`.

    Args:
      doc: one line; what the setting means.
      default: the value used where the spec is silent; required when absent.
      unit: the dimension, or the dimensions, a value may be written in.
      at_least, above, at_most, below: the admitted range, in canonical units.
      source: the paper's table, section or equation a default or range comes from.
      names: kinds of block (``pretrain``) one of which the value names.
      path: whether the value is one: text that starts at the folder of the file that says it.
      files: endings (``.npz``) one of which the file has that the path names.
      collects: whether a grid written here is the value itself rather than a sweep.
      keyword: whether it is never given by position, so that it may stand before settings that are.
      shapes: whether runs that differ in it need programs of their own; of a component, its kind
        and those of its settings that say so.
      off_at_zero: whether a number is an input of programs but where it is 0, which need not compute what it is of.
    """
    units = unit if isinstance(unit, tuple) else (unit,)
    description = Description(
        doc, units, at_least, above, at_most, below, source, names, path, files, collects, shapes, off_at_zero
    )
    kw_only: Any = True if keyword else MISSING  # else what its class says
    return field(default=default, metadata={_KEY: description}, kw_only=kw_only)


def settings(schema_class: type) -> Iterator[Setting]:
    """Yields the settings of a schema class in the order positional arguments fill them."""
    return iter(_settings(schema_class))


@cache  # resolving the names in annotations is slow
def _settings(schema_class: type) -> tuple[Setting, ...]:
    hints = get_type_hints(schema_class)
    return tuple(
        Setting(item.name, hints[item.name], item.default, item.metadata[_KEY])
        for item in fields(schema_class)
        if _KEY in item.metadata
    )
