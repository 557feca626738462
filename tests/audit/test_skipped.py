"""Views whose records could not be read: the ledger may say so, and then nothing is missing."""

import pytest

from nfdsl.audit import content
from nfdsl.audit.run import audit_run
from nfdsl.audit.study import remarks
from nfdsl.sampling.ledger import SKIPPED

EXAMPLES, BATCH, HOSTS = 50, 12, 2
UNREAD = (17, 18, 35, 36, 49, 50, 124)  # at the ends of parts, steps and epochs, and within them


@pytest.fixture(params=[True, False], ids=["all steps compared", "sums alone"])
def simulation(simulated, request, monkeypatch):
    if not request.param:
        monkeypatch.setattr(content, "VIEWS", 0)
    return simulated(EXAMPLES, batch=BATCH, images=125, hosts=HOSTS, seed=3)


def fed(simulation, unread):
    while simulation.step < simulation.index.terms.steps:
        simulation.feed(unread=unread)


def views(parts):
    return [part.epoch * EXAMPLES + place for part in parts for place in range(part.first, part.last)]


def test_what_is_said_to_be_left_out_is_told_and_not_missing(simulation):
    fed(simulation, UNREAD)
    simulation.commit()
    simulation.complete()
    audited = audit_run(simulation.folder)
    assert (audited.verdict, audited.missing, audited.doubled) == ("proved", (), ())
    assert views(audited.skipped) == list(UNREAD)
    first, *_, last = remarks(audited)  # a line for each of the five parts
    assert first.startswith("could not be read, left out: places 17 to 18 of epoch 0 (step 1; records ")
    assert last.startswith("could not be read, left out: place 24 of epoch 2 (step 10; records ")


def test_what_is_left_out_without_a_word_is_missing(simulation):
    fed(simulation, (17, 60))
    simulation.pending = [rows[(rows["kind"] != SKIPPED) | (rows["first"] != 60)] for rows in simulation.pending]
    simulation.commit()
    simulation.complete()
    audited = audit_run(simulation.folder)
    assert audited.verdict == "refuted"
    assert (views(audited.missing), views(audited.skipped)) == ([60], [17])
