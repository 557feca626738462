"""What every network promises: layouts, plain parameters, dtypes, and noise only where asked for."""

from collections.abc import Iterator
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.sharding import Mesh, PartitionSpec

from nfdsl.schema.model import NFNet
from runtime.models.network import Network, build
from runtime.models.regularization import Regularization
from runtime.parameters import Layout, Parameters

SMALL = NFNet(depth=(2, 1), width=(8, 16), group_width=4)
F7_PLUS = NFNet(depth=(8, 16, 48, 24), width=(384, 768, 2048, 2048))
jit = partial(jax.jit, compiler_options={"xla_backend_optimization_level": 0})  # half the time to compile


@pytest.fixture(scope="module")
def network() -> Network:
    return build(SMALL, 3, 9, grouped="split")


def shapes(network: Network) -> Parameters:
    return jax.eval_shape(network.initialize, jax.random.key(0))


def paths(tree: Parameters) -> Iterator[tuple[tuple[str, ...], object]]:
    for path, leaf in jax.tree.leaves_with_path(tree):
        yield tuple(key.key for key in path), leaf


def noise(images: int) -> Regularization:
    return Regularization(jax.random.split(jax.random.key(1), images), 0.5, 0.5)


@pytest.mark.parametrize("model", [SMALL, F7_PLUS], ids=["small", "F7+"])
def test_layouts_name_every_axis_of_every_parameter(model: NFNet):
    network = build(model, 3, 32, grouped="native")
    for (path, layout), array in zip(paths(network.layouts), jax.tree.leaves(shapes(network)), strict=True):
        assert isinstance(layout, Layout), path
        assert len(layout.axes) == len(set(layout.axes)) == array.ndim, path
        assert ("layer" in layout.axes) == ("blocks" in path), path


def test_roles_follow_from_what_a_parameter_does(network: Network):
    named = {"kernel": "kernel", "gain": "gain", "skip_gain": "gain", "bias": "bias"}
    for path, layout in paths(network.layouts):
        assert isinstance(layout, Layout)
        assert layout.role == ("head" if path == ("classifier", "kernel") else named[path[-1]]), path


def test_parameters_lie_in_nested_dicts_with_readable_keys(network: Network):
    tree = shapes(network)
    assert tree.keys() == {"stem", "stages", "final_conv", "classifier"}
    assert tree["stages"].keys() == {"stage1", "stage2"}
    assert tree["stages"]["stage1"].keys() == {"first", "blocks"}
    assert tree["stages"]["stage2"].keys() == {"first"}
    assert tree["stages"]["stage1"]["blocks"]["conv1"]["kernel"].shape == (1, 3, 3, 4, 4)
    assert tree["stages"]["stage1"]["blocks"]["squeeze_excite"]["squeeze"]["kernel"].shape == (1, 8, 4)
    assert type(tree["stages"]["stage1"]["blocks"]) is dict


def test_every_parameter_has_its_own_draws(network: Network):
    initialize = jit(network.initialize)
    parameters, other = initialize(jax.random.key(0)), initialize(jax.random.key(1))
    kernels = [np.ravel(leaf) for path, leaf in paths(parameters) if path[-1] == "kernel"]
    assert len({kernel[0] for kernel in kernels}) == len(kernels)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(parameters))
    assert np.all(other["classifier"]["kernel"] != parameters["classifier"]["kernel"])


def test_parameters_are_float32_whatever_jax_defaults_to(network: Network):
    with jax.enable_x64(True):
        assert {leaf.dtype for leaf in jax.tree.leaves(shapes(network))} == {np.dtype(np.float32)}


def test_the_classifier_starts_small(network: Network):
    wide = build(NFNet(depth=(1,), width=(256,)), 1000, 8, grouped="split")
    classifier = jit(lambda key: wide.initialize(key)["classifier"])(jax.random.key(0))
    assert float(jnp.std(classifier["kernel"])) == pytest.approx(0.01, rel=0.02)
    assert not jnp.any(classifier["bias"])


@pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16])
def test_computes_in_the_dtype_it_is_given_and_answers_in_float32(network: Network, dtype: type):
    parameters = jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, dtype), shapes(network))
    images = jax.ShapeDtypeStruct((2, 9, 9, 3), dtype)
    program = jax.make_jaxpr(lambda *arguments: network.apply(*arguments, noise(2)))(parameters, images)
    assert program.out_avals == [jax.core.ShapedArray((2, 3), jnp.float32)]
    heavy = [line for line in str(program).splitlines() if "conv_general_dilated[" in line or "dot_general[" in line]
    assert heavy
    assert all((":bf16[" in line) == (dtype == jnp.bfloat16) for line in heavy)


def test_without_regularization_nothing_is_random(network: Network):
    def program(regularization: Regularization | None) -> str:
        images = jax.ShapeDtypeStruct((2, 9, 9, 3), jnp.float32)
        return str(jax.make_jaxpr(network.apply)(shapes(network), images, regularization))

    assert "random_bits" in program(noise(2))
    assert "random" not in program(None)


def test_an_image_s_logits_do_not_depend_on_its_place_in_the_batch(network: Network):
    random, order = np.random.default_rng(0), np.array([2, 0, 3, 1])
    images = random.normal(size=(4, 9, 9, 3)).astype(np.float32)
    parameters = jax.tree.map(lambda leaf: random.normal(0.3, 1, leaf.shape).astype(np.float32), shapes(network))
    apply = jit(network.apply)
    logits = apply(parameters, images, noise(4))
    reordered = apply(parameters, images[order], Regularization(noise(4).keys[order], 0.5, 0.5))
    np.testing.assert_allclose(reordered, logits[order], rtol=1e-4, atol=1e-5)
    without, *noisy = (
        apply(parameters, images, Regularization(noise(4).keys, depth, dropout))
        for depth, dropout in ((0.0, 0.0), (0.9, 0.0), (0.0, 0.9))
    )
    for each in noisy:
        assert np.abs(each - without).max() > 1e-3


def test_scans_are_at_home_in_shard_map(network: Network):
    """Whose types tell values that are the same on every device from those that are not."""
    mesh, data = Mesh(np.array(jax.devices()[:2]), ("data",)), PartitionSpec("data")

    def gradient(parameters: Parameters, images: jax.Array, keys: jax.Array) -> Parameters:
        def total(parameters: Parameters) -> jax.Array:
            return jnp.sum(network.apply(parameters, images, Regularization(keys, 0.5, 0.5)))

        return jax.lax.psum(jax.grad(total)(jax.lax.pcast(parameters, "data", to="varying")), "data")

    sharded = jax.shard_map(gradient, mesh=mesh, in_specs=(PartitionSpec(), data, data), out_specs=PartitionSpec())
    images = jax.ShapeDtypeStruct((4, 9, 9, 3), jnp.float32)
    gradients = jax.eval_shape(sharded, shapes(network), images, noise(4).keys)
    assert jax.tree.map(jnp.shape, gradients) == jax.tree.map(jnp.shape, shapes(network))
