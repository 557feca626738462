# pyright: reportMissingTypeStubs=false
"""From a run to its Fiddle config, to the text of ``run.json``, and back.

``run.json`` is the seam between the language and the runtime. Fiddle's JSON names Python symbols,
so it is loaded only under a policy that admits the classes of ``nfdsl.schema`` and nothing else.
"""

from dataclasses import fields, is_dataclass
from typing import Any, cast

import fiddle as fdl
from fiddle.experimental import serialization

from nfdsl.schema.run import Run

_SCHEMA = "nfdsl.schema."
# What Fiddle itself needs to describe a config.
_FIDDLE: tuple[type, ...] = (fdl.Config, fdl.BuildableTraverserMetadata, dict, tuple)
_FIDDLE_NAMES = {(own.__module__, own.__name__) for own in _FIDDLE}


class UnreadableRun(ValueError):
    """A ``run.json`` that is not one run of the schema."""


class _SchemaOnly(serialization.PyrefPolicy):
    def allows_import(self, module: str, symbol: str) -> bool:
        return module.startswith(_SCHEMA) or (module, symbol) in _FIDDLE_NAMES

    def allows_value(self, value: Any) -> bool:
        # A schema module also holds what it imports; only its own dataclasses may pass.
        if not isinstance(value, type):
            return False
        return value in _FIDDLE or (is_dataclass(value) and value.__module__.startswith(_SCHEMA))


def configure(run: Run) -> fdl.Config[Run]:
    """Returns the Fiddle config that builds `run`."""
    return _configure(run)


def dump(run: Run) -> str:
    """Returns the text of ``run.json``."""
    return serialization.dump_json(configure(run), pyref_policy=_SchemaOnly())


def load(text: str) -> Run:
    """Returns the run a ``run.json`` describes.

    Raises:
      UnreadableRun: the text is no config of a `Run`, or names anything outside the schema.
    """
    try:
        run = fdl.build(serialization.load_json(text, pyref_policy=_SchemaOnly()))
    except Exception as error:  # whatever a hostile or torn file makes Fiddle raise
        raise UnreadableRun(f"this is no run of nfdsl: {error}") from error
    if not isinstance(run, Run):
        raise UnreadableRun(f"this describes a {type(run).__name__}, not a run")
    return run


def _configure(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return fdl.Config(type(value), **{item.name: _configure(getattr(value, item.name)) for item in fields(value)})
    return tuple(_configure(item) for item in cast(tuple[Any, ...], value)) if isinstance(value, tuple) else value
