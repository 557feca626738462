"""Random schedules of kills, restarts and changes of topology: each example counts exactly once an epoch.

What counts is told in two ways: by the audit, from the ledger alone; and by the simulation, which knows what it fed.
"""

from typing import Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nfdsl.audit.run import audit_run

Action = tuple[Literal["feed", "commit", "kill", "kill in commit", "lose checkpoint"], int]

BATCHES = (12, 60, 64)


@st.composite
def schedules(draw):
    """Draws a run and what happens to it; numbers of hosts are any that divide the batch."""
    batch = draw(st.sampled_from(BATCHES))
    hosts = st.sampled_from([count for count in range(1, 65) if batch % count == 0])
    actions = st.one_of(
        st.tuples(st.just("feed"), st.integers(1, 4)),
        st.tuples(st.just("commit"), st.just(0)),
        st.tuples(st.sampled_from(["kill", "kill in commit", "lose checkpoint"]), hosts),
    )
    examples, repeat = draw(st.integers(2, 90)), draw(st.sampled_from([1, 1, 2, 3]))
    images = draw(st.integers(1, 3 * examples * repeat))
    begin = {"examples": examples, "batch": batch, "images": images, "repeat": repeat, "seed": draw(st.integers(0, 9))}
    return begin | {"hosts": draw(hosts)}, draw(st.lists(actions, max_size=12))


def carried_out(simulation, actions):
    for action, number in actions:
        match action:
            case "feed":
                for _ in range(min(number, simulation.index.terms.steps - simulation.step)):
                    simulation.feed()
            case "commit":
                simulation.commit()
            case "kill":
                simulation.start(number)
            case "kill in commit":
                simulation.append()
                simulation.start(number)
            case "lose checkpoint":
                simulation.lose_checkpoint()
                simulation.start(number)


@settings(max_examples=1_000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(schedules())
def test_each_example_counts_exactly_once_whatever_happens(simulated, schedule):
    begin, actions = schedule
    simulation = simulated(**begin)
    carried_out(simulation, actions)
    simulation.finish()
    audited = audit_run(simulation.folder)
    assert (audited.verdict, audited.findings, audited.compared) == ("proved", (), 1.0)
    expected = zip(*(column.tolist() for column in simulation.index.course.at(np.arange(begin["images"]))), strict=True)
    assert simulation.counted() == dict.fromkeys(expected, 1)


@pytest.mark.parametrize("loses", [False, True])
def test_steps_that_were_rolled_back_are_counted_and_do_not_count(simulated, loses):
    simulation = simulated()
    for _ in range(2):
        simulation.feed()
    simulation.commit()
    for _ in range(3):
        simulation.feed()
    if loses:
        simulation.commit()
        simulation.lose_checkpoint()
    simulation.start(4)
    simulation.finish()
    audited = audit_run(simulation.folder)
    assert (audited.verdict, audited.rolled_back) == ("proved", 3 if loses else 0)


def test_an_audit_says_how_far_a_run_is(simulated):
    simulation = simulated(50, batch=12, images=120)
    for _ in range(5):
        simulation.feed()
    assert audit_run(simulation.folder).steps == 0
    simulation.commit()
    audited = audit_run(simulation.folder)
    assert (audited.verdict, audited.steps) == ("unfinished", 5)
    assert [(epoch.epoch, epoch.views, epoch.of, epoch.right) for epoch in audited.epochs] == [
        (0, 50, 50, True),
        (1, 10, 50, True),
    ]
