"""Prints how soon a process that has imported everything holds its first batch: anew, and at position 10^11.

Run: python tests/benchmarks/restart.py [--turns 5]

What it takes to go on is all of it: data set opened and fingerprinted, checkpoint digested and restored, ledger
checked, batch built; but for compiling, which is beside the point. Each time is the shortest of several, each of a
process of its own. The checkpoint at position 10^11 counts on a ledger of as many rows as that many steps write (most
of it a hole in the file, which no restart reads).
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from nfdsl.check.spec import study_of
from nfdsl.lower import lower
from nfdsl.plan import plan
from nfdsl.run_json import dump, load
from nfdsl.sampling.ledger import FED, ROW, Anchor, rows_of, rows_path, sealed
from nfdsl.schema.run import Length, Run
from nfdsl.source import Source
from runtime.checkpoint import Saving, restore
from runtime.data.dataset import open_dataset
from runtime.data.indexing import index
from runtime.feed import training_feed
from runtime.ledger import Ledger
from runtime.metrics import RECORDS, Metrics
from runtime.program import Programs

FAR = 10**11  # views


def largest_run() -> Run:
    """Returns the largest run of the quickstart's first block, made longer than any."""
    text = (Path(__file__).parents[2] / "specs" / "quickstart.nfx").read_text()
    study, _ = study_of(Source("quickstart.nfx", text))
    assert study is not None
    planned, _ = plan(study, "quickstart")
    assert planned is not None
    run = lower([run for run in planned.runs if run.block == "scaling"][-1], start=None)
    steps = FAR // run.recipe.batch + 10**6
    return replace(run, length=Length(steps * run.recipe.batch, steps, 20))


def write_run(folder: Path, run: Run, step: int) -> None:
    """Writes all that a run of so many steps goes on from."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(dump(run))
    program, dataset = Programs(jax.devices()).of(run), open_dataset(run.recipe.data, run.folder)
    known = index(run, dataset.records, dataset.split)
    Ledger(folder, known, None)
    if step:
        state = program.initializer(None).executable()(program.hyper(run), None)
        state = replace(jax.tree.map(np.array, state), step=np.int32(step))
        end, seal = sealed(rows_of(FED, 0), known.hash)
        with rows_path(folder).open("r+b") as file:
            file.seek((1 + step) * ROW.itemsize)
            file.write(end)
        Saving(folder / "checkpoints", state, step).commit(lambda: Anchor(step + 2, seal.hex()))
        with closing(Metrics(folder / "metrics.jsonl", step, 0)) as metrics:
            for record in range(1, RECORDS + 1):
                metrics.record(record * -(-step // RECORDS), 1.0, 1.0)


def first_batch(folder: Path) -> Iterator[tuple[str, float]]:
    """Does what a worker does before its first step and yields when each part is done."""
    run = load((folder / "run.json").read_text())
    program = Programs(jax.devices()).of(run)
    yield "program", time.perf_counter()
    dataset = open_dataset(run.recipe.data, run.folder)
    known = index(run, dataset.records, dataset.split)
    yield "data set", time.perf_counter()
    restored = restore(folder / "checkpoints", program.state)
    yield "checkpoint", time.perf_counter()
    Ledger(folder, known, restored.anchor)
    Metrics(folder / "metrics.jsonl", run.length.steps, restored.step).close()
    yield "ledger", time.perf_counter()
    with closing(training_feed(program, run, dataset.records, known, restored.step)) as feed:
        jax.block_until_ready(next(feed).inputs)
    yield "batch", time.perf_counter()


def measured(folder: Path) -> dict[str, float]:
    """Returns the seconds of each part and of all, and those of the processor."""
    last = began = time.perf_counter()
    busy = time.process_time()
    parts: dict[str, float] = {}
    for part, now in first_batch(folder):
        parts[part], last = now - last, now
    return parts | {"all": last - began, "of the processor": time.process_time() - busy}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(json.dumps(measured(options.measure)))
        return
    run = largest_run()
    with tempfile.TemporaryDirectory() as place:
        for name, step in {"a new run": 0, "at position 10^11": FAR // run.recipe.batch}.items():
            folder = Path(place) / str(step)
            write_run(folder, run, step)
            command = [sys.executable, __file__, "--measure", str(folder)]
            told = [subprocess.run(command, check=True, capture_output=True) for _ in range(options.turns)]
            times = [json.loads(each.stdout) for each in told]
            print(f"{name}: " + ", ".join(f"{part} {min(each[part] for each in times):.3f} s" for part in times[0]))


if __name__ == "__main__":
    main()
