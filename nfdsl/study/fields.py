"""Typed reading of JSON objects that another process wrote: what is missing or of the wrong type is named."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast


class Malformed(ValueError):
    """Text that is not the JSON object it should be; the message says what is wrong with it."""


@dataclass(frozen=True)
class Fields:
    """One JSON object. Each method returns the value of `key` or raises `Malformed`."""

    values: Mapping[str, object]

    def text(self, key: str) -> str:
        value = self._present(key)
        if not isinstance(value, str):
            raise Malformed(f'"{key}" should be text, not {value!r}')
        return value

    def whole(self, key: str) -> int:
        value = self._present(key)
        if not isinstance(value, int) or isinstance(value, bool):
            raise Malformed(f'"{key}" should be a whole number, not {value!r}')
        return value

    def number(self, key: str) -> float:
        value = self._present(key)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise Malformed(f'"{key}" should be a number, not {value!r}')
        return float(value)

    def flag(self, key: str) -> bool:
        value = self._present(key)
        if not isinstance(value, bool):
            raise Malformed(f'"{key}" should be true or false, not {value!r}')
        return value

    def measurement(self, key: str) -> float | None:
        """Returns the number at `key`; None where it is null or not finite, which is no measurement."""
        if self._present(key) is None:
            return None
        number = self.number(key)
        return number if math.isfinite(number) else None

    def part(self, key: str) -> "Fields":
        value = self._present(key)
        if not isinstance(value, dict):
            raise Malformed(f'"{key}" should be an object')
        return Fields(cast(dict[str, object], value))

    def _present(self, key: str) -> object:
        if key not in self.values:
            raise Malformed(f'"{key}" is missing')
        return self.values[key]


def parse(text: str | bytes) -> Fields:
    """Returns the fields of the JSON object `text`. Raises `Malformed`."""
    try:
        value: object = json.loads(text)
    except ValueError as error:  # also UnicodeDecodeError
        raise Malformed(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise Malformed("not a JSON object")
    return Fields(cast(dict[str, object], value))
