"""Where each parameter of a network is in a file of published weights."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Tree = dict[str, Any]  # nested like a network's parameters, with a `Source` for each


@dataclass(frozen=True)
class Source:
    """A parameter made of the tensors of these names."""

    names: tuple[str, ...]
    arrange: Callable[..., np.ndarray]  # of those tensors, in order


def tensor(name: str, arrange: Callable[[np.ndarray], np.ndarray] = lambda array: array) -> Source:
    """Returns the source that is one tensor, rearranged."""
    return Source((name,), arrange)


def stacked(layers: Sequence[Tree]) -> Tree:
    """Returns the sources of layers of one shape, whose parameters have a leading layer axis."""
    first = layers[0]
    return {
        name: stacked([layer[name] for layer in layers])
        if isinstance(part, dict)
        else _stacked([layer[name] for layer in layers])
        for name, part in first.items()
    }


def _stacked(sources: Sequence[Source]) -> Source:
    def arrange(*arrays: np.ndarray) -> np.ndarray:
        rest, made = list(arrays), list[np.ndarray]()
        for source in sources:
            taken, rest = rest[: len(source.names)], rest[len(source.names) :]
            made.append(source.arrange(*taken))
        return np.stack(made)

    return Source(tuple(name for source in sources for name in source.names), arrange)


def grid(positions: np.ndarray) -> np.ndarray:
    """Returns embeddings [height, width, C] of a square of patches from those [1, T, C] of all tokens."""
    side = int(np.sqrt(positions.shape[1]))
    return positions[0, positions.shape[1] - side**2 :].reshape(side, side, -1)


def first(positions: np.ndarray) -> np.ndarray:
    """Returns the class token's own position embedding [C], which is 0 where the positions are of patches alone."""
    side = int(np.sqrt(positions.shape[1]))
    return positions[0, 0] if positions.shape[1] > side**2 else np.zeros(positions.shape[2], positions.dtype)
