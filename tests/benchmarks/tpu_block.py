"""Estimates what a block of NFNet-F7+ takes on a TPU v4, without compiling the whole network: half a minute, not five.

Run: python tests/benchmarks/tpu_block.py [--stage 3] [--images 32] [--remat activations]

Needs libtpu (pip install ".[tpu]") and no TPU. Eight blocks of one stage are scanned forward and backward on one chip;
printed are the milliseconds of one block, by the compiler's own estimate, and those of each part of the loops.
"""

import argparse
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.sharding import SingleDeviceSharding

from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from runtime.aot.__main__ import slice_devices
from runtime.aot.estimate import CLOCK, MATRIX_WORK
from runtime.aot.hlo import Module, parse
from runtime.models.convolution import Convolution
from runtime.models.nfnet import Block, places
from runtime.models.regularization import Regularization
from runtime.models.stack import stack
from runtime.models.traversal import Traversal
from runtime.parameters import values
from runtime.program import TPU_OPTIONS

BLOCKS = 8
F7_PLUS = NFNet(depth=(8, 16, 48, 24), width=(384, 768, 2048, 2048))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--stage", type=int, default=3)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--remat", default="activations")
    arguments = parser.parse_args()
    gradient, shapes = stage_gradient(arguments.stage - 1, arguments.images, Traversal(arguments.remat))
    chip = SingleDeviceSharding(slice_devices(Hardware("tpu_v4", (2, 2, 1)))[0])
    placed = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=chip), shapes)
    tell(parse(jax.jit(gradient).lower(*placed).compile(TPU_OPTIONS).as_text() or ""))


def stage_gradient(stage: int, images: int, traversal: Traversal) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Returns the gradient of a stage without its first block, and the shapes of what it takes."""
    width, side = F7_PLUS.width[stage], (56, 28, 14, 7)[stage]

    def create() -> Block:
        keys = jax.random.split(jax.random.key(0), BLOCKS)
        blocks = stack(lambda key: Block(key, F7_PLUS, width, width, 1, "native"), keys)
        for _, part in nnx.iter_modules(blocks):
            if isinstance(part, Convolution):
                part.prepare()
                part.separate()
        return blocks

    structure = nnx.graphdef(jax.eval_shape(create))
    places_L = jax.tree.map(lambda leaf: leaf[:BLOCKS], places(F7_PLUS)[stage])

    def loss(weights: Any, x: jax.Array, dy: jax.Array, keys: jax.Array) -> jax.Array:
        noise = Regularization(keys, jnp.float32(0.1), jnp.float32(0))
        y = traversal.through_all(nnx.merge(structure, weights), x, places_L, noise)
        return jnp.sum(y.astype(jnp.float32) * dy.astype(jnp.float32))

    weights = jax.eval_shape(lambda: jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), values(create())))
    x = jax.ShapeDtypeStruct((images, side, side, width), jnp.bfloat16)
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), images))
    return jax.grad(loss, (0, 1)), (weights, x, x, keys)


def tell(module: Module) -> None:
    repeated = [(one, times) for one, times in module.executed() if one.cycles and times >= BLOCKS]
    repeated.sort(key=lambda pair: -pair[0].cycles)
    milliseconds = [1e3 * one.cycles / CLOCK["tpu_v4"] for one, _ in repeated]
    print(f"{sum(milliseconds):.3f} ms a block")
    for (one, _), part in zip(repeated, milliseconds, strict=True):
        kind = "matrix" if module.has(MATRIX_WORK, one) else "memory"
        print(f"{part:7.3f} {kind} {one.name:44} {one.scope}")


if __name__ == "__main__":
    main()
