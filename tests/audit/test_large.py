"""Runs of more views than are compared one by one: sums over epochs tell where to look."""

import numpy as np
import pytest

from nfdsl.audit import content, run
from nfdsl.audit.content import drawn
from nfdsl.audit.evidence import evidence
from nfdsl.audit.run import audit_run

BATCH, EXAMPLES = 12, 50


@pytest.fixture
def fed(simulated):
    """Returns a function from faulty loaders by step, and the number of images, to the run they fed."""

    def fed(faults, images=148, seed=3):
        simulation = simulated(EXAMPLES, batch=BATCH, images=images, seed=seed)
        while simulation.step < simulation.index.terms.steps:
            simulation.feed(faults.get(simulation.step, lambda host, views: views))
        simulation.commit()
        simulation.complete()
        return simulation.folder

    return fed


def moved(steps):
    """Returns a loader that feeds the views of so many steps later."""
    return lambda host, views: views + steps * BATCH


def test_a_faithful_run_is_proved_though_no_step_was_compared(fed, monkeypatch):
    monkeypatch.setattr(content, "VIEWS", 0)
    audited = audit_run(fed({}))
    assert (audited.verdict, audited.compared) == ("proved", 0.0)


@pytest.mark.parametrize(("wrong", "fed_of", "epoch"), [(1, 2, 0), (6, 5, 1)])
def test_an_epoch_that_does_not_add_up_is_compared_step_by_step(fed, monkeypatch, wrong, fed_of, epoch):
    monkeypatch.setattr(content, "VIEWS", 0)
    audited = audit_run(fed({wrong: moved(fed_of - wrong)}))
    assert audited.verdict == "refuted"
    assert audited.findings == (f"step {wrong} was fed the images of step {fed_of}",)
    assert [(part.epoch, part.steps) for part in audited.missing] == [(epoch, (wrong, wrong))]
    assert [(part.epoch, part.steps) for part in audited.doubled] == [(epoch, (fed_of, fed_of))]
    assert [audit.epoch for audit in audited.epochs if not audit.right] == [epoch]
    assert 0 < audited.compared < 0.5


def test_where_a_step_is_wrong_its_epoch_is_compared_though_it_is_not_whole(fed, monkeypatch):
    monkeypatch.setattr(run, "drawn", lambda found: found.fed["step"] == 10)
    audited = audit_run(fed({10: moved(-1)}))
    assert audited.findings == ("step 10 was fed the images of step 9",)


def test_epochs_that_were_fed_parts_of_each_other_are_not_right(fed):
    audited = audit_run(fed({1: moved(5), 6: moved(-5)}))
    assert audited.verdict == "refuted"
    assert (audited.missing, audited.doubled) == ((), ())
    assert [epoch.right for epoch in audited.epochs] == [False, False, True]


def test_which_steps_are_compared_is_drawn_by_the_seal(fed, monkeypatch):
    monkeypatch.setattr(content, "VIEWS", 120)
    one, other = (drawn(evidence(fed({}, images=1_200, seed=seed))) for seed in (3, 4))
    for chosen in (one, other):
        assert 3 < np.count_nonzero(chosen) < 30  # a tenth of 124 parts of steps
    assert not np.array_equal(one, other)
    np.testing.assert_array_equal(other, drawn(evidence(fed({}, images=1_200, seed=4))))


def test_what_is_expected_is_computed_chunk_by_chunk(fed, monkeypatch):
    monkeypatch.setattr(content, "_CHUNK", 20)
    audited = audit_run(fed({}))
    assert (audited.verdict, audited.compared) == ("proved", 1.0)
    assert audit_run(fed({3: moved(1)})).verdict == "refuted"
