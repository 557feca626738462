"""A run as a machine: whatever is done to it in whatever order, the audit's verdict is the truth at any time.

Where the random schedules are right all along, here a loader may feed wrongly, too; and what it fed may be rolled
back before it ever counts. The truth is what the simulation knows it fed.
"""

from collections import Counter

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from nfdsl.audit.run import audit_run
from nfdsl.sampling.ledger import rows_path

BATCH = 60
HOSTS = [count for count in range(1, 65) if BATCH % count == 0]
hosts = st.sampled_from(HOSTS)

WRONG = {  # loaders that do not feed what they had to
    "the step before again": lambda host, views: views - BATCH if views.size and views[0] >= BATCH else views + BATCH,
    "the next step's images": lambda host, views: views + BATCH,
    "the first host's part": lambda host, views: views - host * len(views),
    "its first image only": lambda host, views: np.repeat(views[:1], len(views)),
    "one image of another epoch": lambda host, views: np.append(views[:-1], views[-1:] + 10_000),
}


class Training(RuleBasedStateMachine):
    """One run on simulated hosts."""

    def __init__(self, simulated):
        super().__init__()
        self.simulated = simulated

    @initialize(
        examples=st.integers(2, 200),
        share=st.floats(0.01, 3),
        repeat=st.sampled_from([1, 1, 2, 3]),
        seed=st.integers(0, 9),
        count=hosts,
    )
    def begin(self, examples, share, repeat, seed, count):
        images = max(1, round(share * examples * repeat))
        self.run = self.simulated(examples, batch=BATCH, images=images, repeat=repeat, seed=seed, hosts=count)

    @property
    def left(self):
        return self.run.index.terms.steps - self.run.step

    @precondition(lambda self: self.left)
    @rule(steps=st.integers(1, 4))
    def feed(self, steps):
        for _ in range(min(steps, self.left)):
            self.run.feed()

    @precondition(lambda self: self.left)
    @rule(loader=st.sampled_from(list(WRONG.values())))
    def feed_wrongly(self, loader):
        self.run.feed(loader)

    @rule()
    def commit(self):
        self.run.commit()

    @rule(count=hosts)
    def go_on_elsewhere(self, count):
        """After a kill, on so many hosts."""
        self.run.start(count)

    @rule(count=hosts)
    def kill_between_ledger_and_checkpoint(self, count):
        self.run.append()
        self.run.start(count)

    @rule(count=hosts, torn=st.binary(max_size=100))
    def kill_while_the_ledger_is_written(self, count, torn):
        with rows_path(self.run.folder).open("ab") as file:
            file.write(torn)
        self.run.start(count)

    @rule(count=hosts)
    def find_the_last_checkpoint_damaged(self, count):
        self.run.lose_checkpoint()
        self.run.start(count)

    @rule()
    def audit(self):
        audited = audit_run(self.run.folder)
        assert (audited.verdict, audited.steps) == ("unfinished" if self.is_right() else "refuted", self.committed())

    def teardown(self):
        """Finishes the run as it should be, and audits it."""
        if hasattr(self, "run"):
            self.run.finish()
            assert audit_run(self.run.folder).verdict == ("proved" if self.is_right() else "refuted")

    def committed(self):
        return max((int(path.name) for path in (self.run.folder / "checkpoints").glob("*")), default=0)

    def is_right(self):
        """Returns whether each step that counts was fed, by all hosts together, what it had to be."""
        return all(self.shown(step) == self.due(step) for step in range(self.committed()))

    def shown(self, step):
        return self.content(step, np.concatenate([views for fed, views in self.run.fed if fed == step]))

    def due(self, step):
        return self.content(step, self.places(step))

    def places(self, step):
        return np.arange(step * BATCH, min((step + 1) * BATCH, self.run.index.terms.images))

    def content(self, step, views):
        """Returns the records that `views` show, each with how often the place it stands in has shown it before.

        Only records can be wrong: what else becomes of an image is drawn from its place.
        """
        records, terms = self.run.index.course.at(views).records, self.run.index.terms
        return Counter(zip(records.tolist(), (self.places(step) % terms.repeat).tolist(), strict=True))


def test_the_verdict_is_the_truth_whatever_is_done_to_a_run(simulated):
    checks = settings(
        max_examples=150,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(lambda: Training(simulated), settings=checks)
