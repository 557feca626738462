"""Random noise in training: stochastic depth and dropout. Shape suffixes: B batch, C channels."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

_STOCHASTIC_DEPTH, _DROPOUT = range(2)  # purposes that a key is folded with, so that none sees another's draws


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Regularization:
    """How much noise, and where its randomness comes from; all traced, so every rate shares one program.

    `keys` has one key for each image, so that an image's noise depends neither on its place in the batch nor on
    the device it is on. `stochastic_depth` is the rate that the last block approaches; `dropout` the chance that a
    feature is dropped before the classifier; both in [0, 1).
    """

    keys: jax.Array  # [B]
    stochastic_depth: ArrayLike
    dropout: ArrayLike

    def skip(self, branch_BxHxWxC: jax.Array, block: ArrayLike, share: ArrayLike) -> jax.Array:
        """Returns the residual branch, zero for each image with chance ``stochastic_depth * share``.

        What is kept is not scaled up (public code of Brock et al. 2021; Huang et al. 2016 scale at evaluation).
        """
        draws_B = self._uniform((), _STOCHASTIC_DEPTH, block)
        kept_B = draws_B >= jnp.asarray(self.stochastic_depth) * share
        return branch_BxHxWxC * kept_B[:, None, None, None].astype(branch_BxHxWxC.dtype)

    def drop(self, x_BxC: jax.Array) -> jax.Array:
        """Returns the features, each zero with chance `dropout` and else divided by ``1 - dropout``."""
        draws_BxC = self._uniform(x_BxC.shape[1:], _DROPOUT)
        scale = 1 / (1 - jnp.asarray(self.dropout, jnp.float32))
        return x_BxC * jnp.where(draws_BxC >= self.dropout, scale, 0).astype(x_BxC.dtype)

    def _uniform(self, shape: tuple[int, ...], *purpose: ArrayLike) -> jax.Array:
        """Returns draws from U[0, 1) of `shape` for each image, the same whenever `purpose` is the same."""

        def draw(key: jax.Array) -> jax.Array:
            for number in purpose:
                key = jax.random.fold_in(key, number)
            return jax.random.uniform(key, shape, jnp.float32)

        return jax.vmap(draw)(self.keys)
