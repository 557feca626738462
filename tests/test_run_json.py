"""`run.json` carries a run unchanged, and can name nothing outside the schema."""

import json
from typing import Any

import fiddle as fdl
import pytest
from fiddle.experimental import serialization

from nfdsl.run_json import UnreadableRun, configure, dump, load
from nfdsl.schema.averages import EMA
from nfdsl.schema.data import ArrayRecord, Builtin, Data, Dedup
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC, SGD
from nfdsl.schema.run import Length, Run
from nfdsl.schema.schedules import Cosine
from nfdsl.schema.training import SAM, Recipe, Resolution
from nfdsl.schema.units import Dimension, quantity

DIGITS = Data(source=Builtin("digits"), classes=10, holdout=360)
RECIPE = Recipe(
    data=Data(source=ArrayRecord("*.array_record"), classes=30_000, examples=4 * 10**9, dedup=Dedup(DIGITS)),
    batch=4096,
    resolution=Resolution(224, 256),
    optimizer=SGD(0.9, True, 1e-6),
    clip=AGC(0.01),
    schedule=Cosine(quantity(5000, Dimension.STEPS)),
    sam=SAM(),
    average=EMA(),
)
RUN = Run("0123456789ab", RECIPE, NFNet((1, 2, 6, 3), (256, 512, 1536, 1536)), 1.6, Length(10**9, 244_141, 5000), None)


def test_a_run_survives_the_seam():
    assert load(dump(RUN)) == RUN


def test_the_config_is_fiddle_all_the_way_down():
    config = configure(RUN)
    assert isinstance(config.recipe.data.source, fdl.Config)
    assert fdl.build(config) == RUN


def rewritten(text: str, module: str, name: str) -> str:
    """Returns a `run.json` in which the class of the run is another Python symbol."""

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            if node.get("module") == "nfdsl.schema.run" and node.get("name") == "Run":
                return {**node, "module": module, "name": name}
            return {key: walk(value) for key, value in node.items()}
        return [walk(item) for item in node] if isinstance(node, list) else node

    return json.dumps(walk(json.loads(text)))


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("subprocess", "Popen"),
        ("builtins", "eval"),
        ("nfdsl.plan", "Plan"),
        ("nfdsl.schema.run", "dataclass"),  # imported there, not defined there
        ("nfdsl.schema.units", "Fraction"),
        ("nfdsl.schema.run", "Length.__init__"),
        ("nfdsl.schema.run", "dataclass.__globals__"),
        ("nfdsl.schemata", "Run"),
    ],
)
def test_a_hostile_run_is_refused(module: str, name: str):
    with pytest.raises(UnreadableRun):
        load(rewritten(dump(RUN), module, name))


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "\x00", dump(RUN)[:500]])
def test_what_is_no_run_is_refused(text: str):
    with pytest.raises(UnreadableRun):
        load(text)


def test_a_part_of_a_run_is_no_run():
    part = configure(RUN).recipe
    with pytest.raises(UnreadableRun, match="describes a Recipe"):
        load(serialization.dump_json(part))
