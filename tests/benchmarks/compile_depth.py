"""Times XLA's compilation of a training gradient of NFNet-F0 and F7, whose blocks are scanned.

    python tests/benchmarks/compile_depth.py [SIDE]

F7 has 8 times F0's blocks. Says the seconds of each, of tracing and of compilation, and the ratio; the target is 1.5.
"""

import sys
import time

import jax
import jax.numpy as jnp

from nfdsl.schema.model import NFNet
from runtime.models.network import build
from runtime.models.regularization import Regularization

WIDTH = (256, 512, 1536, 1536)
BATCH, CLASSES = 8, 1000


def seconds(times: int, side: int) -> tuple[float, float]:
    """Returns the seconds of tracing and of compiling the gradient of F(`times` - 1)."""
    network = build(NFNet(tuple(times * n for n in (1, 2, 6, 3)), WIDTH), CLASSES, side, grouped="split")
    parameters = jax.eval_shape(network.initialize, jax.random.key(0))
    images = jax.ShapeDtypeStruct((BATCH, side, side, 3), jnp.float32)
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), BATCH))

    def loss(parameters, images, keys):
        return jnp.sum(network.apply(parameters, images, Regularization(keys, 0.1, 0.1)) ** 2)

    began = time.perf_counter()
    lowered = jax.jit(jax.grad(loss)).lower(parameters, images, keys)
    traced = time.perf_counter()
    lowered.compile()
    return traced - began, time.perf_counter() - traced


if __name__ == "__main__":
    side = int(sys.argv[1]) if len(sys.argv) > 1 else 128
    seconds(1, side)  # what is done once in a process
    f0, f7 = seconds(1, side), seconds(8, side)
    for name, (tracing, compiling) in (("F0", f0), ("F7", f7)):
        print(f"{name}: tracing {tracing:.1f} s, compiling {compiling:.1f} s")
    print(f"F7 / F0: tracing {f7[0] / f0[0]:.2f}, compiling {f7[1] / f0[1]:.2f}, both {sum(f7) / sum(f0):.2f}")
