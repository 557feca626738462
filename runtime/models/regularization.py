"""Random noise in training: stochastic depth and dropout. Shape suffixes: B batch, _ any others."""

from dataclasses import dataclass

import jax
import jax.numpy as jnp
from jax.typing import ArrayLike

from runtime.models.remat import kept

_STOCHASTIC_DEPTH, _DROPOUT = range(2)  # purposes that a key is folded with, so that none sees another's draws


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Regularization:
    """How much noise, and where its randomness comes from; all traced, so every rate shares one program.

    `keys` has one key for each image, so that an image's noise depends neither on its place in the batch nor on
    the device it is on. `stochastic_depth` is the rate that the last block approaches; `dropout` the chance that a
    feature is dropped, None where none ever is and nothing need be drawn; both in [0, 1).
    """

    keys: jax.Array  # [B]
    stochastic_depth: ArrayLike
    dropout: ArrayLike | None

    def skip(self, branch_Bx_: jax.Array, branch: ArrayLike, share: ArrayLike, *, rescale: bool = False) -> jax.Array:
        """Returns a residual branch [B, ...], zero for each image with chance ``stochastic_depth * share``.

        What is kept is divided by the chance to be kept where `rescale` says so, as the ports of ViT and ResNet do;
        the public code of Brock et al. 2021 does not (Huang et al. 2016 scale at evaluation).

        Args:
          branch: its number; each has draws of its own.
          share: of the rate, in [0, 1].
        """
        chance = jnp.asarray(self.stochastic_depth) * share
        kept_B = self._uniform((), _STOCHASTIC_DEPTH, branch) >= chance
        scale_B = kept_B / (1 - chance) if rescale else kept_B
        return branch_Bx_ * scale_B.reshape(-1, *(1,) * (branch_Bx_.ndim - 1)).astype(branch_Bx_.dtype)

    def drop(self, x_Bx_: jax.Array, *place: ArrayLike) -> jax.Array:
        """Returns features [B, ...], each zero with chance `dropout` and else divided by ``1 - dropout``.

        Args:
          place: numbers that tell where in the network this is done; each place has draws of its own.
        """
        if self.dropout is None:
            return x_Bx_
        draws_Bx_ = self._uniform(x_Bx_.shape[1:], _DROPOUT, *place)
        # A draw takes a hundred operations, and a compiler that fuses loops would repeat them at each use.
        stays_Bx_ = kept(jax.lax.optimization_barrier(draws_Bx_ >= self.dropout), "alone")
        scale = (1 / (1 - jnp.asarray(self.dropout, jnp.float32))).astype(x_Bx_.dtype)
        return x_Bx_ * jnp.where(stays_Bx_, scale, 0)

    def _uniform(self, shape: tuple[int, ...], *purpose: ArrayLike) -> jax.Array:
        """Returns draws from U[0, 1) of `shape` for each image, the same whenever `purpose` is the same."""

        def draw(key: jax.Array) -> jax.Array:
            for number in purpose:
                key = jax.random.fold_in(key, number)
            return jax.random.uniform(key, shape, jnp.float32)

        return jax.vmap(draw)(self.keys)
