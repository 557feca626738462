"""The numbers a run may change without being compiled anew."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.tree_util import register_dataclass, register_pytree_node
from jax.typing import ArrayLike

from nfdsl.schema.augmentation import CutMix, Mixup
from nfdsl.schema.averages import EMA, Average, Polyak
from nfdsl.schema.optimizers import AGC, SGD, Adafactor, Adam, AdamW, Clip, GlobalNorm, Optimizer
from nfdsl.schema.run import Run
from nfdsl.schema.schedules import Constant, Cosine, Linear, Piecewise, ReciprocalSqrt, Schedule
from nfdsl.schema.setting import settings
from nfdsl.schema.training import SAM, Freeze, Loss
from nfdsl.schema.units import Dimension, quantity

# Words of a recipe as they enter a program: what shapes the program is structure, every other setting an array.
_WORDS = (SGD, Adam, AdamW, Adafactor, AGC, GlobalNorm, SAM, EMA, Polyak, Mixup, CutMix)
_SCHEDULES = (Cosine, Linear, Constant, ReciprocalSqrt, Piecewise)
_NO_WARMUP = quantity(0, Dimension.STEPS)

T = TypeVar("T")


def _register(word: type, structure: frozenset[str]) -> None:
    """Makes a word a pytree; its class is part of the structure, which JAX forgets of registered dataclasses."""
    names = [(setting.name, setting.description.shapes or setting.name in structure) for setting in settings(word)]
    arrays, shapes = ([name for name, is_shape in names if is_shape == wanted] for wanted in (False, True))

    def flatten(value: Any) -> tuple[list[Any], tuple[type, tuple[Any, ...]]]:
        return [vars(value)[name] for name in arrays], (word, tuple(vars(value)[name] for name in shapes))

    def unflatten(structure: tuple[type, tuple[Any, ...]], leaves: Iterable[Any]) -> Any:
        return word(**dict(zip(shapes, structure[1], strict=True)), **dict(zip(arrays, leaves, strict=True)))

    register_pytree_node(word, flatten, unflatten)


for _word in _WORDS:
    _register(_word, frozenset())
for _word in _SCHEDULES:
    _register(_word, frozenset({"warmup"}))


@register_dataclass
@dataclass(frozen=True)
class Hyper:
    """Inputs of a compiled training program besides its state and its batch.

    Scalars are float32, counts of steps int32. What a recipe goes without is None. The words of the recipe are
    themselves, with arrays in place of their numbers; the schedule's warm-up is in `warmup_steps` alone.
    """

    peak: ArrayLike  # learning rate
    steps: ArrayLike
    warmup_steps: ArrayLike
    schedule: Schedule
    optimizer: Optimizer  # its `head_decay` is never None
    layer_decay: ArrayLike
    label_smoothing: ArrayLike
    stochastic_depth: ArrayLike
    dropout: ArrayLike | None
    seed: ArrayLike  # [2] uint32: high and low word
    clip: Clip | None
    sam: SAM | None
    average: Average | None
    mixup: Mixup | None
    cutmix: CutMix | None
    loss: Loss = field(metadata={"static": True})
    freeze: Freeze = field(metadata={"static": True})

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
        schedule=_arrays(replace(recipe.schedule, warmup=_NO_WARMUP)),
        optimizer=_arrays(_with_head_decay(recipe.optimizer)),
        layer_decay=np.float32(recipe.layer_decay),
        label_smoothing=np.float32(recipe.label_smoothing),
        stochastic_depth=np.float32(recipe.stochastic_depth),
        dropout=np.float32(recipe.dropout) if recipe.dropout else None,
        seed=np.array(divmod(recipe.seed, 2**32), np.uint32),
        clip=_arrays(recipe.clip),
        sam=_arrays(recipe.sam),
        average=_arrays(recipe.average),
        mixup=_arrays(recipe.mixup),
        cutmix=_arrays(recipe.cutmix),
        loss=recipe.loss,
        freeze=recipe.freeze,
    )


def _arrays(word: T) -> T:
    """Returns a word of a recipe with arrays for the numbers that are inputs."""
    return jax.tree.map(lambda number: (np.int32 if isinstance(number, int) else np.float32)(number), word)


def _with_head_decay(rule: Optimizer) -> Optimizer:
    return rule if rule.head_decay is not None else replace(rule, head_decay=rule.weight_decay)
