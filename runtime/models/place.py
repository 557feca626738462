"""Where a residual block stands in its network."""

from dataclasses import dataclass

import jax
import numpy as np
from jax.typing import ArrayLike

from runtime.parameters import Depths


@jax.tree_util.register_dataclass
@dataclass(frozen=True)
class Place:
    """What a block's place decides; of several blocks, each field is an array [L]."""

    block: ArrayLike  # its number l, from 0
    depth: ArrayLike  # l / (number of blocks - 1), its share of the stochastic depth rate (Huang et al. 2016, eq. 4)


def places(depth: tuple[int, ...]) -> tuple[Place, ...]:
    """Returns the places of each stage's blocks."""
    total = sum(depth)
    stages = np.split(np.arange(total, dtype=np.int32), np.cumsum(depth)[:-1])
    return tuple(Place(block, (block / max(1, total - 1)).astype(np.float32)) for block in stages)


def stage_name(stage: int) -> str:
    """Returns a stage's key, counted from 1 as papers do; a bare number would come back from Orbax as an int."""
    return f"stage{stage + 1}"


def stage_depths(depth: tuple[int, ...]) -> Depths:
    """Returns the depth of each layer of all stages: block l (from 0) has l + 1."""
    stages: Depths = {}
    first = 1
    for stage, blocks in enumerate(depth):
        others = {} if blocks == 1 else {"blocks": first + 1}
        stages[stage_name(stage)] = {"first": first, **others}
        first += blocks
    return stages
