"""Times both forms of NFNet-F0's grouped 3x3 convolutions, forward and gradient, side by side.

Run: python tests/benchmarks/grouped_convolution.py [--batch 2] [--resolution 128] [--repeats 3]

"looped" is the same work inside `lax.scan`, as repeated blocks of a stage are computed. A ratio above 1 says that
"split" is faster; on a CPU it should be well above for every row with more than one group, and for every looped one.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax import lax

from nfdsl.schema.model import NFNet
from runtime.models.grouped_convolution import Grouped, convolve

F0 = NFNet(depth=(1, 2, 6, 3), width=(256, 512, 1536, 1536))
LAYERS = 2


def gradient(groups: int, grouped: Grouped, *, looped: bool) -> Callable[..., Any]:
    """Returns the gradient of `LAYERS` convolutions in a row with respect to kernels and images."""

    def total(kernels: jax.Array, x: jax.Array) -> jax.Array:
        def layer(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, None]:
            return jax.nn.relu(convolve(x, kernel, groups=groups, grouped=grouped)), None

        return jnp.sum(lax.scan(layer, x, kernels, unroll=not looped)[0])

    return jax.grad(total, (0, 1))


def seconds(function: Callable[..., Any], *arguments: jax.Array, repeats: int) -> float:
    """Returns the least time of several calls, after one that compiles."""
    compiled, times = jax.jit(function).lower(*arguments).compile(), []
    for _ in range(repeats + 1):
        start = time.perf_counter()
        jax.block_until_ready(compiled(*arguments))
        times.append(time.perf_counter() - start)
    return min(times[1:])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--resolution", type=int, default=128)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()

    print(f"{'channels':>8} {'groups':>6} {'side':>4} {'':8} {'native ms':>10} {'split ms':>10} {'ratio':>7}")
    for stage, width in enumerate(F0.width):
        side, inner, groups = options.resolution // (4 * 2**stage), F0.inner_width(width), F0.groups(width)
        x = jax.random.normal(jax.random.key(0), (options.batch, side, side, inner))
        kernels = jax.random.normal(jax.random.key(1), (LAYERS, 3, 3, inner // groups, inner)) / 30
        for looped in (False, True):
            native, split = (
                seconds(gradient(groups, grouped, looped=looped), kernels, x, repeats=options.repeats) * 1000
                for grouped in ("native", "split")
            )
            kind = "looped" if looped else "straight"
            row = f"{inner:8} {groups:6} {side:4} {kind:8} {native:10.1f} {split:10.1f} {native / split:7.1f}"
            print(row, flush=True)


if __name__ == "__main__":
    main()
