"""At initialisation an NFNet's activations have the variance that the paper predicts, however deep it is.

``Var(x_{l+1}) = Var(x_l) + alpha^2``, from 1 again in each stage's first block, whose shortcut is of normalised
activations (Brock et al. 2021, section 3). That leaves out what images have of their own, so it is left out here:

- Images are the same everywhere, and read in their middle: no zeros come in from the border, and the mean of four
  pixels is each of them. Convolutions keep the variance of such images too, as the sum of a kernel's taps has what
  its taps have together.
- The skip gains, which start at 0 so that nothing is added, are 1.
- Depths are those of F0 and F7, widths are all 128 in groups of 32: what is predicted is a mean over networks of any
  width, and three networks and 128 images come near it.

Single networks of this width vary by 15%, so the means of three by 9%; squeeze-excite adds up to 8% to what a block
adds, as the mean square of ``2 sigmoid(s)`` is above 1. Hence the tolerances, 15% of a variance and 20% of what the
blocks of a network add. A missing beta is 2.2 times too much at the end of F7's longest stage, its square in its place
25% too little there; a misplaced shortcut, another alpha or a gain left out is further off.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from nfdsl.schema.model import NFNet
from runtime.models.nfnet import Block, NormalizerFree, Place, places
from runtime.models.stages import Stage
from runtime.models.traversal import Traversal
from runtime.parameters import Parameter

NETWORKS, IMAGES = 3, 128
jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # half the time to compile


def transformed(block: Block, place: Place, x_BxC: jax.Array) -> jax.Array:
    """Returns what a block of skip gain 1 makes of images that are the same everywhere [B, C]."""
    block.skip_gain = Parameter(jnp.ones(()), role="gain")
    side = 5 if block.stride == 1 else 9  # as far as two 3x3 convolutions see, the first of them with the stride
    x_BxHxWxC = jnp.broadcast_to(x_BxC[:, None, None, :], (len(x_BxC), side, side, x_BxC.shape[1]))
    return block(x_BxHxWxC, place, None)[:, 2, 2]


def variances(model: NFNet, key: jax.Array) -> list[jax.Array]:
    """Returns the variance, over images and channels, after each block of a new network, stage by stage."""
    of_network, of_images = jax.random.split(key)
    network = NormalizerFree(of_network, model, 2, "native", Traversal())
    x_BxC, found = jax.random.normal(of_images, (IMAGES, model.stem_widths[-1])), []

    def layer(x_BxC: jax.Array, block_and_place: Any) -> tuple[jax.Array, jax.Array]:
        y_BxC = transformed(*block_and_place, x_BxC)
        return y_BxC, jnp.var(y_BxC)

    for stage, stage_places in zip(network.stages.values(), places(model), strict=True):
        assert isinstance(stage, Stage)
        first = jax.tree.map(lambda field: field[0], stage_places)
        others = jax.tree.map(lambda field: field[1:], stage_places)
        x_BxC, after_first = layer(x_BxC, (stage.first, first))
        after = [after_first[None]]
        if stage.blocks is not None:
            x_BxC, after_others = lax.scan(layer, x_BxC, (stage.blocks, others))
            after.append(after_others)
        found.append(jnp.concatenate(after))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("times", [1, 8], ids=["F0", "F7"])
def test_variance_follows_the_recursion(times: int):
    model = NFNet(tuple(times * blocks for blocks in (1, 2, 6, 3)), (128,) * 4, group_width=32)
    measured = jit(partial(variances, model))
    networks = [measured(key) for key in jax.random.split(jax.random.key(1), NETWORKS)]
    found = [np.mean(stage, axis=0) for stage in zip(*networks, strict=True)]
    predicted = [1 + model.alpha**2 * np.arange(1, blocks + 1) for blocks in model.depth]
    for stage, expected in zip(found, predicted, strict=True):
        np.testing.assert_allclose(stage, expected, rtol=0.15)
    added, expected = (sum(stage[-1] - stage[0] for stage in stages) for stages in (found, predicted))
    np.testing.assert_allclose(added, expected, rtol=0.2)
