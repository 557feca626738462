"""The best weights that a run kept are judged by what they were fed themselves."""

import json
import shutil

import numpy as np
import pytest

from nfdsl.audit.run import audit_run
from nfdsl.sampling.ledger import anchor_path


@pytest.fixture
def simulation(simulated):
    return simulated(50, batch=12, images=125, seed=3)


def fed_until(simulation, step, loader=lambda host, views: views):
    while simulation.step < step:
        simulation.feed(loader)
    simulation.commit()


def keeping(simulation, best):
    content = {"state": "done", "best": {"step": best, "holdout_loss": 1.0, "top1": None, "top5": None}}
    (simulation.folder / "result.json").write_text(json.dumps(content))


def twice(host, views):
    return np.concatenate([views[:1], views[:-1]])


def test_weights_of_the_way_are_proved_with_the_last(simulation):
    for step in (4, 8, 11):
        fed_until(simulation, step)
    keeping(simulation, 4)
    audited = audit_run(simulation.folder)
    assert (audited.verdict, audited.steps, audited.best) == ("proved", 11, 4)


def test_the_last_weights_are_not_judged_twice(simulation):
    fed_until(simulation, 11)
    keeping(simulation, 11)
    assert audit_run(simulation.folder).best is None


def test_weights_of_a_way_that_was_given_up_are_refuted_though_the_last_are_right(simulation, tmp_path):
    fed_until(simulation, 4)
    fed_until(simulation, 8, twice)
    shutil.move(simulation.checkpoint(8), tmp_path / "8")
    simulation.start(1)
    fed_until(simulation, 11)
    shutil.move(tmp_path / "8", simulation.checkpoint(8))
    keeping(simulation, 11)
    assert audit_run(simulation.folder).verdict == "proved"
    keeping(simulation, 8)
    audited = audit_run(simulation.folder)
    assert (audited.verdict, audited.best) == ("refuted", 8)
    assert audited.findings[0] == "the best weights, of step 8, were not fed each example once an epoch"
    assert {step for part in audited.doubled for step in range(part.steps[0], part.steps[1] + 1)} >= {4, 5, 6, 7}


def test_weights_that_are_not_there_prove_nothing(simulation):
    for step in (4, 11):
        fed_until(simulation, step)
    keeping(simulation, 4)
    anchor_path(simulation.checkpoint(4)).unlink()
    audited = audit_run(simulation.folder)
    assert audited.verdict == "unreadable"
    assert str(anchor_path(simulation.checkpoint(4))) in audited.findings[0]
