"""Kills real workers at random places, again and again, and compares what they come to.

Run: python -m tests.runtime.kill_schedules --kills 200

A schedule is one run, killed (SIGKILL) or told to stop (SIGTERM) at random places until it is done. A place is
a file operation in the run's folder, counted: what happens does not depend on how quick the machine is. Workers
are forked from a process that has imported everything, so that one takes about a second.
"""

import argparse
import hashlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import jax
import numpy as np

from nfdsl.audit.run import audit_run
from nfdsl.run_json import dump
from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.evaluation import Evaluate
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import Recipe, Resolution
from nfdsl.schema.units import Dimension, quantity
from runtime import __main__ as worker
from runtime import train
from runtime.checkpoint import restore
from runtime.durable import write_atomically
from runtime.events import Event
from runtime.program import Programs

STEPS = 19
RUN = Run(
    id="r",
    recipe=Recipe(
        data=Data(source=Builtin("digits"), classes=10, holdout=40),
        batch=32,
        resolution=Resolution(8, 8),
        clip=AGC(0.02),
        evaluate=Evaluate(every=quantity(3, Dimension.STEPS), keep="best", by="holdout.error"),
    ),
    model=NFNet(depth=(1,), width=(8,), group_width=4),
    lr=0.3,
    length=Length(images=600, steps=STEPS, warmup_steps=2, between_evaluations=96),
    start=None,
)


@dataclass(frozen=True)
class Attempt:
    """One worker's life."""

    signal: int | None  # None: it is left in peace
    after: int  # operations in the run's folder


def attempt(folder: Path, planned: Attempt) -> int:
    """Trains the run in `folder` in a process of its own and returns how that ended, as `os.waitpid` does."""
    child = os.fork()
    if not child:
        try:
            _work(folder, planned)
        finally:
            os._exit(70)
    return os.waitpid(child, 0)[1]


def _work(folder: Path, planned: Attempt) -> None:
    left = planned.after

    def count(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal left
        if event in ("open", "os.rename", "os.rmdir", "os.remove", "os.mkdir") and str(folder) in str(arguments[0]):
            left -= 1
            if not left and planned.signal is not None:
                os.kill(os.getpid(), planned.signal)

    with (folder.parent.parent / "log").open("a") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.addaudithook(count)
    worker.train = _trained
    sys.argv = ["runtime", str(folder)]
    worker.main()


def _trained(
    run: Run, folder: Path, programs: Programs, start: train.Start | None, stop: threading.Event
) -> Iterator[Event]:
    """Trains the run with a checkpoint after every step, and leaves a hash of the final state."""
    yield from train.train(run, folder, programs, start, stop, save_seconds=0.0)
    if (folder / "result.json").exists():
        state = restore(folder / "checkpoints", programs.of(run).state).state
        content = b"".join(np.asarray(leaf).tobytes() for leaf in jax.tree.leaves(state))
        write_atomically(folder / "state", hashlib.sha256(content).hexdigest())


def prepared(study: Path, name: str) -> Path:
    folder = study / "runs" / name
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(dump(replace(RUN, id=name)))
    return folder


def outcome(folder: Path) -> tuple[object, ...]:
    """Returns what a run came to: results, losses, evaluations, the checkpoints it kept, and the hash of its final
    weights and optimizer state."""
    result = json.loads((folder / "result.json").read_text())
    losses, evaluations = (_lines(folder / f"{name}.jsonl") for name in ("metrics", "evaluations"))
    kept = {path.name for path in (folder / "checkpoints").iterdir()}
    assert str(result["best"]["step"]) in kept
    told = result["state"], result["train_loss"], result["best"]
    return *told, losses, evaluations, kept, (folder / "state").read_text()


def _lines(path: Path) -> list[dict[str, object]]:
    """Returns lines of JSON without the times in them."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    return [{name: value for name, value in line.items() if name != "seconds"} for line in lines]


def carried_out(study: Path, name: str, draws: random.Random, expected: tuple[object, ...]) -> int:
    """Carries out one schedule and returns how many workers were killed or stopped. Raises AssertionError."""
    folder, kills = prepared(study, name), 0
    while not (folder / "state").exists():
        planned = Attempt(draws.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGTERM]), draws.randrange(1, 400))
        ended = attempt(folder, planned)
        assert ended in (0, signal.SIGKILL), f"a worker left with {ended}: see {study / 'log'}"
        kills += ended == signal.SIGKILL or not (folder / "state").exists()
    assert outcome(folder) == expected, f"{folder} came to something else"
    audited = audit_run(folder)
    assert audited.verdict == "proved", audited
    return kills


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=20, help="at least so many workers killed or stopped")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    draws, began = random.Random(arguments.seed), time.monotonic()
    with tempfile.TemporaryDirectory() as place:
        study = Path(place)
        whole = prepared(study, "whole")
        assert attempt(whole, Attempt(None, 0)) == 0, (study / "log").read_text()
        expected, kills, runs = outcome(whole), 0, 0
        while kills < arguments.kills:
            kills += carried_out(study, f"run{runs}", draws, expected)
            runs += 1
    seconds = round(time.monotonic() - began)
    print(json.dumps({"runs alike and proved": runs, "kills": kills, "seconds": seconds}))


if __name__ == "__main__":
    main()
