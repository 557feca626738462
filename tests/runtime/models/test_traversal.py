"""How blocks are gone through: what is computed once, and where a compiler must be kept from merging two passes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.tree_util import Partial

from runtime.models.remat import Remat, kept
from runtime.models.traversal import Traversal


def block(weight: jax.Array, x: jax.Array, place: jax.Array, _: None) -> jax.Array:
    return jnp.sin(kept(x * weight + place))


def gradient(traversal: Traversal) -> str:
    """The program of a gradient through blocks in a loop."""

    def total(weights_L: jax.Array) -> jax.Array:
        return jnp.sum(traversal.through_all(Partial(block, weights_L), jnp.ones(5), jnp.arange(3.0), None))

    return str(jax.make_jaxpr(jax.grad(total))(jnp.ones(3)))


def test_the_gradient_of_what_is_kept_is_the_same_but_computed_once():
    def total(x: jax.Array) -> jax.Array:
        return jnp.sum(kept(x) ** 2)

    x = np.linspace(-1, 1, 5, dtype=np.float32)
    np.testing.assert_array_equal(jax.grad(total)(x), 2 * x)
    assert "optimization_barrier" in str(jax.make_jaxpr(jax.grad(total))(x))


def test_what_is_kept_alone_leaves_its_gradient_to_the_compiler():
    kept_alone = jax.make_jaxpr(jax.grad(lambda x: jnp.sum(kept(x, "alone") ** 2)))(jnp.ones(5))
    assert "optimization_barrier" not in str(kept_alone)
    assert "name=kept" in str(kept_alone)


@pytest.mark.parametrize("remat", ["activations", "blocks"])
def test_blocks_in_a_loop_need_no_barrier_before_they_are_computed_again(remat: Remat):
    scanned, unrolled = (gradient(Traversal(remat, unroll)) for unroll in (False, True))
    assert "prevent_cse=False" in scanned
    assert "prevent_cse=True" not in scanned
    assert "prevent_cse=True" in unrolled
