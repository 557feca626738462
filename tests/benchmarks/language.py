"""Prints what the language takes: to check the reference study, to plan 10,000 runs, and to read ten times the text.

Times are of the processor, so that whatever else runs does not count; the first also by the clock.

Run: python tests/benchmarks/language.py
"""

import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from nfdsl.check.spec import study_of
from nfdsl.plan import plan
from nfdsl.source import Source

PROCESSES = 20
SPECS = Path(__file__).parents[2] / "specs"
HEAD = """
data mnist { source builtin(mnist_5k)
  classes 10
  holdout 500 images
}
model net { depth [1, 1] * {S: 1, M: 2}
  width [16, 32]
  group_width 8
}
"""
PRETRAIN = """
pretrain scaling {
  model net
  data mnist
  budget 1 .. 5 epochs by +1
  batch 50 images
  resolution train 32px, eval 32px
  lr tune 0.1 .. 1.0 by +0.1 minimizing holdout.loss
  seed 0 .. 49 by +1
}
"""
FINETUNE = """
finetune digits {
  start scaling best 2
  data mnist
  budget 1 .. 5 epochs by +1
  batch 50 images
  resolution train 32px, eval 32px
  lr {0.1, 0.2, 0.3, 0.4, 0.5}
  seed 0 .. 49 by +1
}
"""


def check_from_start() -> list[tuple[float, float]]:
    """Returns seconds of the clock and of the processor that `nfdsl check` of the reference study takes, each time."""
    command = [sys.executable, "-m", "nfdsl.cli", "check", str(SPECS / "convnets_match_vits.nfx")]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}  # as installed: what is imported has been compiled
    timings: list[tuple[float, float]] = []
    for _ in range(PROCESSES):
        before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        elapsed, after = time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
        timings.append((elapsed, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime))
    return timings


def planning(text: str) -> tuple[int, float]:
    """Returns the runs of a study and the seconds it takes to plan it from its text."""
    begin = time.process_time()
    study, diagnostics = study_of(Source("benchmark.nfx", text))
    assert study is not None, diagnostics
    planned, diagnostics = plan(study, "benchmark")
    assert planned is not None, diagnostics
    return len(planned.runs), time.process_time() - begin


def checking(blocks: int) -> float:
    """Returns the seconds to check a file with so many blocks."""
    block = PRETRAIN.replace("0 .. 49 by +1", "0 .. 3 by +1")
    source = Source("benchmark.nfx", HEAD + "".join(block.replace("scaling", f"block_{n}") for n in range(blocks)))
    begin = time.process_time()
    study, diagnostics = study_of(source)
    assert study is not None, diagnostics
    return time.process_time() - begin


def peak() -> float:
    """Returns the most memory this process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    checking(1)
    print(f"before any study: {peak():.0f} MB")
    for name, text in (("pre-training", HEAD + PRETRAIN), ("with fine-tuning", HEAD + PRETRAIN + FINETUNE)):
        runs, seconds = planning(text)
        print(f"plan of {runs:,} runs, {name}: {seconds:.2f} s, {peak():.0f} MB at most (goal 2 s, 300 MB for 10,000)")
    small, large = min(checking(20) for _ in range(3)), min(checking(200) for _ in range(3))
    print(f"check of 20 blocks {small:.3f} s, of 200 {large:.3f} s: {large / small:.1f} times (goal 11)")
    for name, seconds in zip(("clock", "processor"), zip(*check_from_start(), strict=True), strict=True):
        print(
            f"nfdsl check of the reference study, {PROCESSES} fresh processes, by the {name}: "
            f"median {median(seconds):.3f} s, best {min(seconds):.3f} s (goal 0.2 s)"
        )
