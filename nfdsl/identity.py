"""Ids of runs and programs: hashes of what they are, not of how a spec words it.

The canonical text of a value holds its class, every setting with defaults filled in, and exact
numbers, in sorted order. Units are already converted, so ``1 epochs`` and ``100 % of`` it agree.
"""

import hashlib
import json
from dataclasses import fields, is_dataclass
from typing import Any, cast

_DIGITS = 12  # 48 bits: among 10,000 runs two collide with chance 2e-7


def digest(*values: Any) -> str:
    """Returns the id of `values`: 12 hexadecimal digits."""
    text = json.dumps([_canonical(value) for value in values], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def _canonical(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        settings = {item.name: _canonical(getattr(value, item.name)) for item in fields(value)}
        return {type(value).__name__: settings}
    if isinstance(value, tuple):
        return [_canonical(item) for item in cast(tuple[Any, ...], value)]
    return value
