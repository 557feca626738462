"""Lists the instructions of a compiled TPU program that take longest, by the compiler's own estimate.

Run: python tests/benchmarks/tpu_dearest.py specs/convnets_match_vits.nfx v4:4x4x8 F7+ [--most 40]

Needs libtpu (pip install ".[tpu]") and no TPU. A line is milliseconds of a step, turns of the loop it is in, whether it
is matrix work, its name, and the JAX code it comes from; then the same by that code alone.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path

from nfdsl.aot.targets import targets
from nfdsl.diagnose import planned
from nfdsl.lower import lower
from nfdsl.schema.run import Run
from nfdsl.source import Source
from runtime.aot.__main__ import slice_devices
from runtime.aot.estimate import CLOCK, MATRIX_WORK
from runtime.aot.hlo import Module, parse
from runtime.program import Program


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("spec", type=Path)
    parser.add_argument("slice")
    parser.add_argument("model")
    parser.add_argument("--most", type=int, default=40)
    arguments = parser.parse_args()
    run = first_run(arguments.spec, arguments.slice, arguments.model)
    compiled = Program(run, slice_devices(run.recipe.hardware)).trainer().executable()
    tell(parse(compiled.as_text()), CLOCK[run.recipe.hardware.device], arguments.most)


def first_run(path: Path, slice_name: str, model: str) -> Run:
    """Returns the first run of a study that trains `model`, on another slice."""
    found, _ = planned(Source(str(path), path.read_text(encoding="utf-8")), path.stem, ())
    if found is None:
        sys.exit(f"{path} is wrong: nfdsl check {path}")
    return lower(targets(found.plan, slice_name, model)[0].runs[0], None)


def tell(module: Module, clock: float, most: int) -> None:
    timed = [(1e3 * times * one.cycles / clock, times, one) for one, times in module.executed() if one.cycles]
    timed.sort(key=lambda line: -line[0])
    origins = Counter[str]()
    for place, (milliseconds, times, one) in enumerate(timed):
        kind = "matrix" if module.has(MATRIX_WORK, one) else "memory"
        origins[f"{kind} {one.scope}"] += milliseconds
        if place < most:
            print(f"{milliseconds:7.2f} x{times:<3} {kind} {one.name:40} {one.scope}")
    print()
    for origin, milliseconds in origins.most_common(20):
        print(f"{milliseconds:7.2f} {origin}")


if __name__ == "__main__":
    main()
