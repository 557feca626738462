"""Typed reading of the lists and dictionaries in JSON objects, beside `fields`."""

from typing import cast

from nfdsl.study.fields import Fields, Malformed


def objects(fields: Fields, key: str) -> tuple[Fields, ...]:
    """Returns the list of objects at `key`. Raises `Malformed`."""
    items = _items(fields, key)
    if not all(isinstance(item, dict) for item in items):
        raise Malformed(f'"{key}" should be a list of objects')
    return tuple(Fields(cast(dict[str, object], item)) for item in items)


def texts(fields: Fields, key: str) -> tuple[str, ...]:
    """Returns the list of texts at `key`. Raises `Malformed`."""
    items = _items(fields, key)
    if not all(isinstance(item, str) for item in items):
        raise Malformed(f'"{key}" should be a list of texts')
    return tuple(cast(list[str], items))


def numbers(fields: Fields, key: str) -> tuple[float, ...]:
    """Returns the list of numbers at `key`. Raises `Malformed`."""
    items = _items(fields, key)
    if not all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        raise Malformed(f'"{key}" should be a list of numbers')
    return tuple(map(float, cast(list[float], items)))


def texts_by_name(fields: Fields, key: str) -> dict[str, str]:
    """Returns the object of texts at `key`. Raises `Malformed`."""
    named = fields.part(key)
    return {name: named.text(name) for name in named.values}


def numbers_by_name(fields: Fields, key: str) -> dict[str, float]:
    """Returns the object of numbers at `key`. Raises `Malformed`."""
    named = fields.part(key)
    return {name: named.number(name) for name in named.values}


def _items(fields: Fields, key: str) -> list[object]:
    items = fields.values.get(key)
    if not isinstance(items, list):
        raise Malformed(f'"{key}" should be a list')
    return cast(list[object], items)
