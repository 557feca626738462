"""At initialisation an NFNet's activations have the variance that the paper predicts, however deep it is.

Brock et al. 2021, section 3: ``Var(x_{l+1}) = Var(x_l) + alpha^2``, from 1 again after each transition. That is
of branches that count: the skip gains, which start at 0, are 1 here. Padding takes from the variance at the border
of the image, so what is compared is its middle, and the widths are an eighth of F0's and F7's, for time.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from nfdsl.schema.model import NFNet
from runtime.models.nfnet import Block, NormalizerFree, Place, Stage, expected_deviations, places


def variances(network: NormalizerFree, model: NFNet, images: jax.Array) -> list[jax.Array]:
    """Returns the variance of each block's output, for each stage."""

    def layer(x: jax.Array, block_and_place: tuple[Block, Place]) -> tuple[jax.Array, jax.Array]:
        block, place = block_and_place
        block.skip_gain[...] = jnp.ones(())
        y = block(x, place, None)
        return y, _variance(y)

    x, found = network.stem(images), list[jax.Array]()
    for name, stage_places in zip(network.stages, places(model), strict=True):
        stage: Stage = network.stages[name]
        first, others = stage_places.split()
        x, after_first = layer(x, (stage.first, first))
        later = jnp.zeros(0)
        if stage.blocks is not None:
            x, later = lax.scan(layer, x, (stage.blocks, others))
        found.append(jnp.concatenate([after_first[None], later]))
    return found


def _variance(x_BxHxWxC: jax.Array) -> jax.Array:
    rows = x_BxHxWxC.shape[1] // 4
    return jnp.var(x_BxHxWxC[:, rows:-rows, rows:-rows])


@pytest.mark.parametrize("times", [1, 8], ids=["F0", "F7"])
def test_variance_follows_the_recursion(times: int):
    model = NFNet(tuple(times * blocks for blocks in (1, 2, 6, 3)), (32, 64, 192, 192), group_width=16)
    images = jax.random.normal(jax.random.key(1), (2, 256, 256, 3))

    def measured(key: jax.Array) -> list[jax.Array]:
        return variances(NormalizerFree(key, model, 10, "native", False), model, images)

    found = jax.jit(measured)(jax.random.key(0))
    inputs = expected_deviations(model.depth, model.alpha)
    for stage, variance in enumerate(found[:3]):  # in the last stage, no pixel is far from the border
        predicted = 1 + model.alpha**2 * np.arange(1, model.depth[stage] + 1)
        np.testing.assert_allclose(variance, predicted, rtol=0.25)
        np.testing.assert_allclose(np.square(inputs[stage][1:]), predicted[:-1], rtol=1e-6)
