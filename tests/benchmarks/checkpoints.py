"""Prints what checkpoints and the ledger cost a step, as shares of it, on the runs of the quickstart that save most.

Saving every 30 seconds, as runs do, is too rare to be told from noise. So a run that saves every half second is
compared with one that never does, turn by turn: what one save costs it, over 30 seconds, is the share. What of it is
the ledger's is timed by itself: a row for each step, made in a thread beside the steps, and a commit for each save.

Run: python tests/benchmarks/checkpoints.py [--steps 300] [--turns 3]
"""

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from threading import Event as Flag

import jax
import numpy as np

from nfdsl.check.spec import study_of
from nfdsl.lower import lower
from nfdsl.plan import plan
from nfdsl.sampling.entries import combined, entries
from nfdsl.schema.run import Length, Run
from nfdsl.source import Source
from runtime.data.dataset import open_dataset
from runtime.data.indexing import index
from runtime.events import Saved
from runtime.ledger import Ledger
from runtime.metrics import Metrics
from runtime.program import Programs
from runtime.train import SAVE_SECONDS, train

OFTEN, NEVER = 0.5, 1e9  # seconds between saves


@dataclass(frozen=True)
class Course:
    """How a run was trained."""

    seconds: float
    busy: float  # of all processors, for this process
    saves: int


def largest_runs(steps: int) -> Iterator[Run]:
    """Yields the quickstart's largest run of each block, from weights of its own and with so many steps."""
    text = (Path(__file__).parents[2] / "specs" / "quickstart.nfx").read_text()
    study, _ = study_of(Source("quickstart.nfx", text))
    assert study is not None
    planned, _ = plan(study, "quickstart")
    assert planned is not None
    for block in ("scaling", "digits_24"):
        run = lower([run for run in planned.runs if run.block == block][-1], start=None)
        yield replace(run, length=Length(steps * run.recipe.batch, steps, run.length.warmup_steps))


def trained(run: Run, programs: Programs, save_seconds: float) -> Course:
    with tempfile.TemporaryDirectory() as place:
        busy, folder = time.process_time(), Path(place)
        saves = sum(
            isinstance(event, Saved) for event in train(run, folder, programs, None, Flag(), save_seconds=save_seconds)
        )
        metrics = Metrics(folder / "metrics.jsonl", run.length.steps, run.length.steps)
        metrics.close()
        return Course(metrics.seconds, time.process_time() - busy, saves)


def ledger_seconds(run: Run, steps: int) -> tuple[float, float]:
    """Returns what the ledger takes for one step, and for the commit of so many."""
    dataset, size = open_dataset(run.recipe.data, run.folder), run.recipe.batch
    known = index(run, dataset.records, dataset.split)
    views = np.arange(size)
    keys, unread = known.keys(known.course.at(views).records), np.zeros(size, np.bool_)
    began = time.perf_counter()
    rows = [entries(known, step, step * size + views, keys, unread, 1) for step in range(steps)]
    made = time.perf_counter()
    with tempfile.TemporaryDirectory() as place:
        ledger, opened = Ledger(Path(place), known, None), time.perf_counter()
        ledger.commit(combined(np.concatenate(rows), known.epoch))
        return (made - began) / steps, time.perf_counter() - opened


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    programs = Programs(jax.devices())
    for run in largest_runs(options.steps):
        trained(replace(run, length=Length(run.recipe.batch, 1, 0)), programs, NEVER)  # compiles
        turns = [(trained(run, programs, NEVER), trained(run, programs, OFTEN)) for _ in range(options.turns)]
        step = median(never.seconds for never, _ in turns) / options.steps
        save = median((often.seconds - never.seconds) / (often.saves - never.saves) for never, often in turns)
        busy = median((often.busy - never.busy) / (often.saves - never.saves) for never, often in turns)
        row, commit = ledger_seconds(run, int(SAVE_SECONDS / step))
        print(
            f"{run.recipe.resolution.train}px, a step of {step * 1e3:.1f} ms: a save costs {save * 1e3:.0f} ms"
            f" ({busy * 1e3:.0f} ms of processor), every {SAVE_SECONDS:.0f} s {save / SAVE_SECONDS:.2%};"
            f" a row {row * 1e6:.0f} us, a commit {commit * 1e3:.1f} ms, {row / step + commit / SAVE_SECONDS:.2%}"
        )


if __name__ == "__main__":
    main()
