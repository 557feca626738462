"""Estimates what a block takes on a TPU v4, without compiling the whole network: half a minute, not five.

Run: python tests/benchmarks/tpu_block.py [--network F7+|g/14|G/14] [--stage 3] [--images 32] [--remat activations]
         [--dropout 0.1]

Needs libtpu (pip install ".[tpu]") and no TPU. Eight blocks, of one stage of NFNet-F7+ or of a ViT at 224 px, are
scanned forward and backward on one chip; printed are the milliseconds of one block, by the compiler's own estimate,
and those of each part of the loops.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from jax.sharding import SingleDeviceSharding

from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.vit import ViT
from runtime.aot.__main__ import slice_devices
from runtime.aot.estimate import CLOCK, MATRIX_WORK
from runtime.aot.hlo import Module, parse
from runtime.models import nfnet, place, vit
from runtime.models.convolution import Convolution
from runtime.models.regularization import Regularization
from runtime.models.stack import stack
from runtime.models.traversal import Traversal
from runtime.parameters import values
from runtime.program import TPU_OPTIONS

BLOCKS = 8
F7_PLUS = NFNet(depth=(8, 16, 48, 24), width=(384, 768, 2048, 2048))
VITS = {
    "g/14": ViT(depth=BLOCKS, width=1408, mlp=6144, heads=16, patch=14),
    "G/14": ViT(depth=BLOCKS, width=1664, mlp=8192, heads=16, patch=14),
}


@dataclass(frozen=True)
class Stack:
    """Blocks of one shape, and what they take."""

    create: Callable[[], Any]
    places: Any
    shape: tuple[int, ...]  # of one image's activations
    stochastic_depth: float


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--network", choices=("F7+", *VITS), default="F7+")
    parser.add_argument("--stage", type=int, default=3)
    parser.add_argument("--images", type=int, default=32)
    parser.add_argument("--remat", default="activations")
    parser.add_argument("--dropout", type=float)
    arguments = parser.parse_args()
    blocks = of_nfnet(arguments.stage - 1) if arguments.network == "F7+" else of_vit(VITS[arguments.network])
    gradient, shapes = stack_gradient(blocks, arguments.images, Traversal(arguments.remat), arguments.dropout)
    chip = SingleDeviceSharding(slice_devices(Hardware("tpu_v4", (2, 2, 1)))[0])
    placed = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=chip), shapes)
    tell(parse(jax.jit(gradient).lower(*placed).compile(TPU_OPTIONS).as_text() or ""))


def of_nfnet(stage: int) -> Stack:
    """Returns the blocks of a stage of NFNet-F7+ but for the first, which changes the shape."""
    width, side = F7_PLUS.width[stage], (56, 28, 14, 7)[stage]

    def create() -> nfnet.Block:
        keys = jax.random.split(jax.random.key(0), BLOCKS)
        blocks = stack(lambda key: nfnet.Block(key, F7_PLUS, width, width, 1, "native"), keys)
        for _, part in nnx.iter_modules(blocks):
            if isinstance(part, Convolution):
                part.prepare()
                part.separate()
        return blocks

    places = jax.tree.map(lambda leaf: leaf[:BLOCKS], nfnet.places(F7_PLUS)[stage])
    return Stack(create, places, (side, side, width), 0.1)


def of_vit(model: ViT) -> Stack:
    def create() -> vit.Block:
        return stack(partial(vit.Block, model=model), jax.random.split(jax.random.key(0), BLOCKS))

    (places,) = place.places((BLOCKS,))
    return Stack(create, places, ((224 // model.patch) ** 2, model.width), 0.0)


def stack_gradient(
    blocks: Stack, images: int, traversal: Traversal, dropout: float | None
) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """Returns the gradient of blocks, and the shapes of what it takes."""
    structure = nnx.graphdef(jax.eval_shape(blocks.create))

    def loss(weights: Any, x: jax.Array, dy: jax.Array, keys: jax.Array) -> jax.Array:
        rate = None if dropout is None else jnp.float32(dropout)
        noise = Regularization(keys, jnp.float32(blocks.stochastic_depth), rate)
        y = traversal.through_all(nnx.merge(structure, weights), x, blocks.places, noise)
        return jnp.sum(y.astype(jnp.float32) * dy.astype(jnp.float32))

    weights = jax.eval_shape(lambda: jax.tree.map(lambda leaf: leaf.astype(jnp.bfloat16), values(blocks.create())))
    x = jax.ShapeDtypeStruct((images, *blocks.shape), jnp.bfloat16)
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
