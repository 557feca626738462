"""The NFNet's pieces against the paper's equations, and its ways of computing against each other."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nfdsl.schema.model import NFNet
from runtime.models.activation import activate
from runtime.models.grouped_convolution import Grouped
from runtime.models.nfnet import Block, NormalizerFree, Place, SqueezeExcite, expected_deviations, places
from runtime.models.pooling import halve
from runtime.models.regularization import Regularization
from runtime.models.remat import Remat
from runtime.models.stack import stack
from runtime.models.stages import Stage
from runtime.models.traversal import Traversal
from runtime.parameters import Parameter, Parameters, values

SMALL = NFNet(depth=(3,), width=(8,), group_width=2, alpha=0.7)
PLACE = Place(0, 0.0, 0.5)
jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # half the time to compile


def normal(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def test_betas_are_those_of_the_published_networks():
    def betas(times: int) -> list[float]:
        return [1 / d for stage in expected_deviations((times, 2 * times, 6 * times, 3 * times), 0.2) for d in stage]

    np.testing.assert_allclose(betas(1)[:7], [1, 0.9806, 0.9806, 0.9623, 0.9806, 0.9623, 0.9449], atol=5e-5)
    assert min(betas(8)) == pytest.approx(0.5852, abs=5e-5)


def test_places_count_blocks_over_all_stages():
    first, second = places(NFNet(depth=(1, 3), width=(8, 8)))
    assert first.block.tolist() + second.block.tolist() == [0, 1, 2, 3]
    assert first.depth.tolist() + second.depth.tolist() == [0, 0.25, 0.5, 0.75]
    np.testing.assert_allclose(second.beta, [1.04**-0.5, 1.04**-0.5, 1.08**-0.5], rtol=1e-6)


def test_squeeze_excite_agrees_with_numpy():
    module, x = jax.eval_shape(lambda: SqueezeExcite(jax.random.key(0), 6, 3)), normal(2, 4, 5, 6)
    module = jax.tree.map(lambda shape: normal(*shape.shape), module)
    scores = np.maximum(x.mean((1, 2)) @ normal(6, 3) + normal(3), 0) @ normal(3, 6) + normal(6)
    actual = jit(SqueezeExcite.__call__)(module, x.mean((1, 2)))
    np.testing.assert_allclose(actual, 2 / (1 + np.exp(-scores)), rtol=1e-5, atol=1e-6)


def test_a_new_block_of_constant_width_is_the_identity():
    @jit
    def new_block(x: jax.Array) -> jax.Array:
        return Block(jax.random.key(0), SMALL, 8, 8, 1, "native")(x, PLACE, None)

    x = normal(2, 4, 4, 8)
    assert np.all(new_block(x) == x)


@pytest.mark.parametrize("stride", [1, 2])
def test_a_new_block_that_changes_shape_is_its_shortcut(stride: int):
    @jit
    def block_and_shortcut(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        block = Block(jax.random.key(0), SMALL, 8, 16, stride, "native")
        active = activate(x, "gelu") * PLACE.beta
        assert block.shortcut is not None
        return block(x, PLACE, None), block.shortcut(halve(active) if stride == 2 else active)

    np.testing.assert_allclose(*block_and_shortcut(normal(2, 5, 4, 8)), rtol=1e-5, atol=1e-6)


def test_a_block_adds_its_branch_scaled_by_alpha_and_the_skip_gain():
    @jit
    def block_and_branch(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        block = Block(jax.random.key(0), SMALL, 8, 8, 1, "native")
        block.skip_gain[...] = jnp.float32(3)
        y = activate(x, "gelu") * PLACE.beta
        for convolution in (block.conv0, block.conv1, block.conv2):
            y = activate(convolution(y), "gelu")
        branch = block.conv3(y)
        scale = block.squeeze_excite(branch.mean((1, 2)))[:, None, None]
        return block(x, PLACE, None), x + 0.7 * 3 * scale * branch

    np.testing.assert_allclose(*block_and_branch(normal(2, 4, 4, 8)), rtol=1e-4, atol=1e-5)


def test_a_branch_that_stochastic_depth_skips_adds_nothing_and_another_is_not_scaled():
    @jit
    def with_and_without(x: jax.Array) -> tuple[jax.Array, jax.Array]:
        block = Block(jax.random.key(0), SMALL, 8, 8, 1, "native")
        block.skip_gain[...] = jnp.float32(3)
        noise = Regularization(jax.random.split(jax.random.key(1), len(x)), 0.9, None)
        return block(x, Place(0, 0.5, 0.5), noise), block(x, PLACE, None)

    x = normal(16, 4, 4, 8)
    noisy, whole = map(np.asarray, with_and_without(x))
    skipped = (noisy == x).all(axis=(1, 2, 3))
    assert 0 < skipped.sum() < 16
    np.testing.assert_allclose(noisy[~skipped], whole[~skipped], rtol=1e-5, atol=1e-6)


def test_every_branch_adds_the_same_variance_at_initialisation():
    """``Var(x_{l+1}) = Var(x_l) + alpha^2`` (Brock et al. 2021, section 3), with room for borders and finite width."""
    model = NFNet(depth=(5,), width=(128,), group_width=64, alpha=1.0)

    def variances(x: jax.Array) -> jax.Array:
        blocks = stack(lambda key: Block(key, model, 128, 128, 1, "native"), jax.random.split(jax.random.key(0), 5))
        blocks.skip_gain = Parameter(jnp.ones(5), "layer", role="gain")

        def layer(x: jax.Array, block_and_place: tuple[Block, Place]) -> tuple[jax.Array, jax.Array]:
            block, place = block_and_place
            y = block(x, place, None)
            return y, jnp.mean(jnp.var(y, (0, 1, 2)))

        return jax.lax.scan(layer, x, (blocks, places(model)[0]))[1]

    added = np.diff(np.asarray(jit(variances)(normal(4, 20, 20, 128))), prepend=1)
    np.testing.assert_allclose(added, 1, atol=0.3)
    np.testing.assert_allclose(added, added.mean(), rtol=0.12)


@pytest.mark.parametrize("remat", ["none", "activations", "blocks"])
def test_a_scanned_and_split_stage_agrees_with_an_unrolled_and_native_one(remat: Remat):
    """Outputs and gradients, with noise: a block's is its own however it is reached."""

    def computed(grouped: Grouped, remat: Remat, unroll: bool) -> tuple[jax.Array, Parameters]:
        def total(stage: Stage[Block], x: jax.Array) -> tuple[jax.Array, jax.Array]:
            y = stage(x, places(SMALL)[0], Regularization(jax.random.split(jax.random.key(1), 4), 0.5, 0.5))
            return jnp.sum(jnp.sin(y)), y

        def create(key: jax.Array, inputs: int, outputs: int, stride: int) -> Block:
            return Block(key, SMALL, inputs, outputs, stride, grouped)

        keys, traversal = jax.random.split(jax.random.key(0), SMALL.depth[0]), Traversal(remat, unroll)
        stage = jax.eval_shape(lambda: Stage(keys, create, 4, 8, SMALL.stage_strides[0], traversal))
        random = np.random.default_rng(0)
        stage = jax.tree.map(lambda shape: random.normal(0.3, 1, shape.shape).astype(np.float32), stage)
        gradients, y = jit(jax.grad(total, has_aux=True))(stage, normal(4, 5, 5, 4))
        return y, values(gradients)

    close = partial(np.testing.assert_allclose, rtol=1e-3, atol=1e-4)
    jax.tree.map(close, computed("split", remat, unroll=False), computed("native", "none", unroll=True))


def test_stages_come_one_after_another_however_many():
    model = NFNet(depth=(1,) * 11, width=tuple(range(4, 15)), group_width=1)
    module = jax.eval_shape(lambda: NormalizerFree(jax.random.key(0), model, 2, "native", Traversal()))
    assert isinstance(module.stages["stage11"], Stage)
    images = jax.ShapeDtypeStruct((1, 32, 32, 3), jnp.float32)
    assert jax.eval_shape(lambda module, images: module(images, None), module, images).shape == (1, 2)
