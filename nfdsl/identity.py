"""Ids of runs and programs: hashes of what they are, not of how a spec words it.

The canonical text of a value is JSON that holds its class, every setting with defaults filled in, and exact
numbers, in sorted order. Units are already converted, so ``1 epochs`` and ``100 % of`` it agree. A setting that is
none is left out: a word that the language learns later, and a spec does not use, changes no id.
"""

import hashlib
import json
from dataclasses import fields
from functools import cache
from typing import Any, cast

_AS_WRITTEN = {int, float}  # JSON writes finite ones as Python does, and the schema has no others
_DIGITS = 12  # 48 bits: among 10,000 runs two collide with chance 2e-7


class Identities:
    """Ids of many values that have parts in common; what a part says is worked out once."""

    def __init__(self) -> None:
        # By identity, as equal values may differ in text (1 and 1.0). Holding the value keeps its identity its own.
        self._texts: dict[int, tuple[Any, str]] = {}

    def digest(self, *values: Any) -> str:
        """Returns the id of `values`: 12 hexadecimal digits."""
        text = f"[{','.join([self._text(value) for value in values])}]"
        return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]

    def _text(self, value: Any) -> str:
        if type(value) in _AS_WRITTEN:
            return repr(value)
        if isinstance(value, int | float | str) or value is None:
            return json.dumps(value)
        known = self._texts.get(id(value))
        if known is None:
            known = self._texts[id(value)] = (value, self._parts(value))
        return known[1]

    def _parts(self, value: Any) -> str:
        if isinstance(value, tuple):
            return f"[{','.join([self._text(item) for item in cast(tuple[Any, ...], value)])}]"
        return self._settings(value)

    def _settings(self, value: Any) -> str:
        schema_class = cast(type[Any], type(value))
        given = ((name, getattr(value, name)) for name in _names(schema_class))
        settings = [f'"{name}":{self._text(setting)}' for name, setting in given if setting is not None]
        return f'{{"{schema_class.__name__}":{{{",".join(settings)}}}}}'


def digest(*values: Any) -> str:
    """Returns the id of `values`: 12 hexadecimal digits."""
    return Identities().digest(*values)


@cache
def _names(schema_class: type) -> list[str]:
    return sorted(item.name for item in fields(schema_class))
