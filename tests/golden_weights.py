"""Weights that two programs can make without sharing them: functions of a tensor's name and shape."""

import zlib
from collections.abc import Mapping, Sequence

import numpy as np


def golden_weights(shapes: Mapping[str, Sequence[int]]) -> dict[str, np.ndarray]:
    """Returns an array, float32, for each name; gains are around 1 and all else around 0."""
    return {name: _weight(name, shape) for name, shape in shapes.items()}


def _weight(name: str, shape: Sequence[int]) -> np.ndarray:
    draws = np.random.RandomState(zlib.crc32(name.encode())).standard_normal(tuple(shape))
    is_gain = name.endswith("gain") or (name.endswith("weight") and len(shape) == 1)
    return np.asarray(is_gain + 0.2 * draws, np.float32)
