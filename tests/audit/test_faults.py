"""Every way to feed a run wrongly is found and named: the truth is what the simulation knows it fed."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfdsl.audit.run import audit_run
from nfdsl.audit.study import remarks

BATCH, EXAMPLES, IMAGES, HOSTS = 12, 50, 125, 4  # steps 0 to 10; epochs end in steps 4 and 8


def places(parts):
    """Returns the views of parts, by epoch and place."""
    return {(part.epoch, place) for part in parts for place in range(part.first, part.last)}


def views(epochs_and_places):
    return {epoch * EXAMPLES + place for epoch, place in epochs_and_places}


def truth(simulation):
    """Returns which views count not at all, and which more than once."""
    counted = Counter(np.concatenate([shown for _, shown in simulation.fed]).tolist())
    return set(range(IMAGES)) - set(counted), {view for view, times in counted.items() if times > 1}


def assert_named(simulation):
    """Asserts that the audit says exactly what is missing and doubled."""
    audited = audit_run(simulation.folder)
    missing, doubled = truth(simulation)
    assert missing or doubled, "the fault is none"
    assert audited.verdict == "refuted"
    assert (views(places(audited.missing)), views(places(audited.doubled))) == (missing, doubled)
    return audited


@pytest.fixture
def simulation(simulated):
    return simulated(EXAMPLES, batch=BATCH, images=IMAGES, hosts=HOSTS, seed=3)


def fed_but(simulation, faults):
    """Feeds the run, but in some steps by another loader."""
    while simulation.step < simulation.index.terms.steps:
        simulation.feed(faults.get(simulation.step, lambda host, views: views))
    simulation.commit()
    simulation.complete()


steps = st.integers(0, 10)


def for_any(*strategies):
    """Hypothesis with what all tests here share."""
    checks = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
    return lambda test: checks(given(*strategies)(test))


def begun(simulated):
    return simulated(EXAMPLES, batch=BATCH, images=IMAGES, hosts=HOSTS, seed=3)


@for_any(steps)
def test_a_batch_that_was_dropped(simulated, dropped):
    simulation = begun(simulated)
    while simulation.step < 11:
        if simulation.step == dropped:
            simulation.step += 1
        else:
            simulation.feed()
    simulation.commit()
    simulation.complete()
    audited = assert_named(simulation)
    assert {part.steps for part in audited.missing} == {(dropped, dropped)}


@for_any(steps)
def test_a_batch_that_counts_twice(simulated, doubled):
    simulation = begun(simulated)
    while simulation.step < 11:
        simulation.feed()
        if simulation.step == doubled + 1:
            simulation.step -= 1
            simulation.feed()
    simulation.commit()
    simulation.complete()
    assert_named(simulation)


@for_any(st.permutations(range(10)))
def test_batches_that_were_swapped(simulated, order):
    """Each example counts once still; but not in the step that the run says."""
    one, other = order[:2]
    simulation = begun(simulated)
    apart = (other - one) * BATCH
    fed_but(simulation, {one: lambda host, views: views + apart, other: lambda host, views: views - apart})
    audited = audit_run(simulation.folder)
    assert audited.verdict == "refuted"
    assert f"step {one} was fed the images of step {other}" in audited.findings or crosses(one) or crosses(other)
    assert truth(simulation) == (set(), set())


@pytest.mark.parametrize(
    ("taken", "findings"),
    [
        ({2: (5, 6), 5: (2, 3)}, ["step 2 was fed views 60 to 71", "step 5 was fed views 24 to 35"]),
        ({2: (2, 4), 3: (4, 4)}, ["step 2 was fed views 24 to 47"]),
    ],
)
def test_views_that_were_taken_by_other_steps(simulation, taken, findings):
    """They count once each, and the ledger says so; but not in the order that the run says."""
    while simulation.step < 11:
        first, last = taken.get(simulation.step, (simulation.step, simulation.step + 1))
        claimed = np.arange(first * BATCH, min(last * BATCH, IMAGES))
        simulation.record(claimed, claimed)
        simulation.step += 1
    simulation.commit()
    simulation.complete()
    audited = audit_run(simulation.folder)
    assert audited.verdict == "refuted"
    assert sorted(audited.findings) == findings
    assert (audited.missing, audited.doubled) == ((), ())


def crosses(step):
    """Whether a step touches two epochs."""
    return step * BATCH // EXAMPLES != ((step + 1) * BATCH - 1) // EXAMPLES


@for_any(st.permutations([step for step in range(10) if not crosses(step)]))
def test_a_batch_that_was_fed_in_place_of_another(simulated, order):
    one, other = order[:2]
    simulation = begun(simulated)
    fed_but(simulation, {one: lambda host, views: views + (other - one) * BATCH})
    audited = assert_named(simulation)
    assert audited.findings == (f"step {one} was fed the images of step {other}",)


@for_any(st.integers(0, 1), st.integers(1, 20))
def test_the_tail_of_an_epoch_that_was_skipped(simulated, epoch, tail):
    """As loaders do that drop what does not fill a batch, or a shard."""
    simulation = begun(simulated)
    end = (epoch + 1) * EXAMPLES
    while simulation.step < 11:
        begin = simulation.step * BATCH
        claimed = np.arange(begin, min(begin + BATCH, IMAGES))
        claimed = claimed[(claimed < end - tail) | (claimed >= end)]
        for part in np.split(claimed, np.flatnonzero(np.diff(claimed) > 1) + 1):
            simulation.record(part, part)
        simulation.step += 1
    simulation.commit()
    simulation.complete()
    assert_named(simulation)


@for_any(st.sampled_from([step for step in range(10) if not crosses(step)]), st.permutations(range(HOSTS)))
def test_a_host_that_fed_the_part_of_another(simulated, step, hosts):
    """Though it says that it fed its own."""
    wrong, of = hosts[:2]
    simulation = begun(simulated)
    fed_but(simulation, {step: lambda host, views: views + (of - wrong) * (BATCH // HOSTS) * (host == wrong)})
    assert_named(simulation)


@for_any(steps, st.integers(1, HOSTS - 1))
def test_a_host_that_takes_itself_for_another(simulated, step, wrong):
    """And says so: its views are doubled by their numbers, and those it had to feed are missing."""
    simulation = begun(simulated)
    while simulation.step < 11:
        if simulation.step != step:
            simulation.feed()
            continue
        share = BATCH // HOSTS
        for host in (0 if host == wrong else host for host in range(HOSTS)):
            begin = step * BATCH + host * share
            claimed = np.arange(begin, max(begin, min(begin + share, IMAGES)))
            simulation.record(claimed, claimed)
        simulation.step += 1
    simulation.commit()
    simulation.complete()
    if truth(simulation) != (set(), set()):
        assert_named(simulation)


@for_any(st.sampled_from([step for step in range(10) if not crosses(step)]), st.permutations(range(BATCH)))
def test_a_single_example_in_place_of_another(simulated, step, order):
    simulation = begun(simulated)
    lost, again = (step * BATCH + place for place in order[:2])
    fed_but(simulation, {step: lambda host, views: np.where(views == lost, again, views)})
    assert_named(simulation)


def test_what_cannot_be_told_counts_as_missing(simulation):
    rng = np.random.default_rng(0)
    fed_but(simulation, {2: lambda host, views: rng.permutation(100)[: len(views)]})
    audited = audit_run(simulation.folder)
    assert audited.verdict == "refuted"
    assert places(audited.missing) == {(0, place) for place in range(24, 36)}
    assert remarks(audited)[0].startswith("step 2 was fed other images than its own")


def test_a_run_with_an_unfinished_epoch_is_compared_step_by_step(simulation):
    """No sum tells of an epoch that is not whole: here its last example is another's double."""
    fed_but(simulation, {10: lambda host, views: np.where(views == 124, 100, views)})
    audited = audit_run(simulation.folder)
    assert audited.verdict == "refuted"
    assert (2, 24) in places(audited.missing)


def test_a_step_of_a_single_view_is_compared_like_any_other(simulated):
    simulation = simulated(EXAMPLES, batch=BATCH, images=121, seed=3)
    fed_but(simulation, {10: lambda host, views: views - 20})
    audited = audit_run(simulation.folder)
    assert audited.verdict == "refuted"
    assert (2, 20) in places(audited.missing)


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_a_naive_loader_fails(simulated, restarts):
    """One that shuffles an epoch with fresh randomness and, when restarted, begins the epoch anew.

    That is what the paper blames its crooked curve on, and what most loaders do.
    """
    simulation, rng = begun(simulated), np.random.default_rng(len(restarts))
    deck = []

    def naive(host, views):
        nonlocal deck
        while len(deck) < len(views):
            deck += rng.permutation(EXAMPLES).tolist()
        dealt, deck = deck[: len(views)], deck[len(views) :]
        return np.array(dealt, np.int64) + views // EXAMPLES * EXAMPLES

    for count in restarts:
        for _ in range(min(count, 10 - simulation.step)):
            simulation.feed(naive)
        simulation.commit()
        simulation.start(HOSTS)
        deck = []
    simulation.finish(naive)
    missing, doubled = truth(simulation)
    assert missing
    assert doubled
    assert audit_run(simulation.folder).verdict == "refuted"
