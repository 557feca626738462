"""The numbers a run may change without being compiled anew."""

from dataclasses import dataclass, field

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass
from jax.typing import ArrayLike

from nfdsl.schema.run import Run
from nfdsl.schema.training import AGC, SAM


@register_dataclass
@dataclass(frozen=True)
class Clip:
    """Numbers of `nfdsl.schema.training.AGC`, float32 scalars."""

    ratio: ArrayLike
    eps: ArrayLike


@register_dataclass
@dataclass(frozen=True)
class Ascent:
    """Numbers of `nfdsl.schema.training.SAM`; the fraction is a shape and so part of the structure."""

    rho: ArrayLike  # float32
    fraction: float = field(metadata={"static": True})


@register_dataclass
@dataclass(frozen=True)
class Hyper:
    """Inputs of a compiled training program besides its state and its batch.

    Scalars are float32, counts of steps int32. What a recipe goes without is None.
    """

    peak: ArrayLike  # learning rate
    steps: ArrayLike
    warmup_steps: ArrayLike
    momentum: ArrayLike
    weight_decay: ArrayLike
    label_smoothing: ArrayLike
    stochastic_depth: ArrayLike
    dropout: ArrayLike
    seed: ArrayLike  # [2] uint32: high and low word
    clip: Clip | None
    ascent: Ascent | None
    average_decay: ArrayLike | None

    @property
    def key(self) -> jax.Array:
        """The run's PRNG key; all 64 bits of the seed count, which `jax.random.key` would cut to 32."""
        return jax.random.wrap_key_data(jnp.asarray(self.seed), impl="threefry2x32")


def hyper(run: Run) -> Hyper:
    """Returns the numbers of `run`, as host arrays.

    Raises:
      OverflowError: the seed or a count of steps is too large (2**64, 2**31).
    """
    recipe, length = run.recipe, run.length
    return Hyper(
        peak=np.float32(run.lr),
        steps=np.int32(length.steps),
        warmup_steps=np.int32(length.warmup_steps),
        momentum=np.float32(recipe.optimizer.momentum),
        weight_decay=np.float32(recipe.optimizer.weight_decay),
        label_smoothing=np.float32(recipe.label_smoothing),
        stochastic_depth=np.float32(recipe.stochastic_depth),
        dropout=np.float32(recipe.dropout),
        seed=np.array(divmod(recipe.seed, 2**32), np.uint32),
        clip=None if recipe.clip is None else _clip(recipe.clip),
        ascent=None if recipe.sam is None else _ascent(recipe.sam),
        average_decay=None if recipe.average is None else np.float32(recipe.average.decay),
    )


def _clip(agc: AGC) -> Clip:
    return Clip(ratio=np.float32(agc.ratio), eps=np.float32(agc.eps))


def _ascent(sam: SAM) -> Ascent:
    return Ascent(rho=np.float32(sam.rho), fraction=sam.fraction)
