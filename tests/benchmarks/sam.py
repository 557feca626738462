"""Times a training step with and without sharpness-aware minimisation, side by side.

Run: python tests/benchmarks/sam.py [--batch 20] [--resolution 64] [--fraction 0.2] [--repeats 10]

One device takes steps of a small NFNet in turn: plain, then with SAM whose ascent is on a share of the batch. The work
of the ascent is that share of a plain step's, so at 20% a ratio near 1.2 is the least possible.
"""

import argparse
import time
from dataclasses import replace

import jax
import numpy as np

from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import SAM, Recipe, Resolution
from runtime.program import Program

NETWORK = NFNet(depth=(2, 2), width=(128, 256))


class Stepper:
    """A run of its own program, one step after the other."""

    def __init__(self, run: Run):
        self._program = Program(run, jax.devices()[:1])
        self._numbers = self._program.hyper(run)
        self._advance = self._program.trainer().executable()
        self._state = self._program.initializer(None).executable()(self._numbers, None)
        size, side = run.recipe.batch, run.recipe.resolution.train
        images = np.random.default_rng(0).integers(0, 256, (size, side, side, 3), np.uint8)
        self._batch = jax.device_put((images, np.zeros(size, np.int32), np.ones(size, np.float32)))

    def seconds(self) -> float:
        """Takes one step and returns how long it took."""
        start = time.perf_counter()
        self._state, metrics = self._advance(self._state, self._numbers, *self._batch)
        jax.block_until_ready((self._state, metrics))
        return time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=20)
    parser.add_argument("--resolution", type=int, default=64)
    parser.add_argument("--fraction", type=float, default=0.2)
    parser.add_argument("--repeats", type=int, default=10)
    options = parser.parse_args()

    side = Resolution(options.resolution, options.resolution)
    plain = Recipe(data=Data(source=Builtin("digits"), classes=1000), batch=options.batch, resolution=side, clip=AGC())
    recipes = {"plain": plain, "sam": replace(plain, sam=SAM(fraction=options.fraction))}
    runs = {name: Run(name, recipe, NETWORK, 0.1, Length(10**6, 10**5, 0), None) for name, recipe in recipes.items()}
    steppers = {name: Stepper(run) for name, run in runs.items()}
    times: dict[str, list[float]] = {name: [] for name in steppers}
    for _ in range(options.repeats + 1):  # in turn, so that other work on the machine slows both
        for name, stepper in steppers.items():
            times[name].append(stepper.seconds())
    least = {name: min(taken[1:]) for name, taken in times.items()}
    print(f"plain {least['plain']:.3f} s, sam {least['sam']:.3f} s, ratio {least['sam'] / least['plain']:.2f}")


if __name__ == "__main__":
    main()
