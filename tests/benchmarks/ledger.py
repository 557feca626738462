"""Prints what the ledger costs a step, and how long the audit of a long run takes.

Run: python tests/benchmarks/ledger.py [STEPS]
"""

import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from nfdsl.audit.run import audit_run
from nfdsl.audit.spans import numbers
from nfdsl.run_json import dump
from nfdsl.sampling.entries import entries
from nfdsl.sampling.index import Index, Terms
from nfdsl.sampling.ledger import FED, anchor_path, rows_of, started
from nfdsl.sampling.multiset import totals
from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.model import NFNet
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import Recipe, Resolution
from runtime.ledger import Ledger

BATCH, EXAMPLES, CHUNK = 4, 1_000_000, 2**16


def index_of(examples: int, batch: int, images: int) -> Index:
    return Index(
        Terms("benchmark", "f", 0, batch, 1, images), np.ones(1, np.uint64), np.array([examples]), np.arange(0)
    )


def entry_microseconds(batch: int, examples: int) -> float:
    """Returns the time of this process that the row of one step takes."""
    index = index_of(examples, batch, batch * 10**6)
    views = np.arange(batch) + 7 * batch
    keys, unread, calls = index.keys(index.course.at(views).records), np.zeros(batch, np.bool_), 300
    entries(index, 7, views, keys, unread, 1)
    began = time.process_time()
    for _ in range(calls):
        entries(index, 7, views, keys, unread, 1)
    return (time.process_time() - began) / calls * 1e6


def write_run(folder: Path, steps: int) -> None:
    """Writes the ledger of a whole run of so many steps, and no more of its checkpoint than the audit needs."""
    index = index_of(EXAMPLES, BATCH, BATCH * steps)
    recipe = Recipe(data=Data(source=Builtin("digits"), classes=10), batch=BATCH, resolution=Resolution(4, 4))
    run = Run("r", recipe, NFNet((1,), (8,)), 0.1, Length(BATCH * steps, steps, 0), None)
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(dump(run))
    ledger = Ledger(folder, index, None)
    anchor = ledger.commit(started(0, 1, 1))
    for begin in range(0, steps, CHUNK):
        rows = rows_of(FED, min(CHUNK, steps - begin))
        rows["step"] = np.arange(begin, begin + len(rows))
        rows["first"], rows["count"], rows["processes"] = rows["step"] * BATCH, BATCH, 1
        elements = index.elements(numbers(rows["first"], rows["count"].astype(np.int64)))
        rows["digest"] = totals(elements, np.arange(0, len(rows) * BATCH, BATCH)).T
        anchor = ledger.commit(rows)
    checkpoint = folder / "checkpoints" / str(steps)
    checkpoint.mkdir(parents=True)
    anchor_path(checkpoint).write_text(anchor.dump())
    (folder / "result.json").write_text(json.dumps({"state": "done"}))


def main() -> None:
    for batch, examples in ((50, 4_500), (512, 1_281_167), (4_096, 4_000_000_000)):
        print(f"a row of {batch:,} views of {examples:,} examples: {entry_microseconds(batch, examples):.0f} us of CPU")
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "runs" / "r"
        write_run(folder, steps)
        size = (folder / "ledger" / "rows").stat().st_size
        began, busy = time.perf_counter(), time.process_time()
        audited = audit_run(folder)
        print(
            f"audit of {steps:,} steps: {audited.verdict}, {time.perf_counter() - began:.1f} s"
            f" ({time.process_time() - busy:.1f} s of CPU), {size / steps:.2f} bytes a step,"
            f" {audited.compared:.0%} of the steps compared one by one"
        )


if __name__ == "__main__":
    main()
