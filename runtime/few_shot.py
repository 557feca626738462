"""Few-shot classification by least squares on frozen features (Dosovitskiy et al. 2021, section 4.1).

The details are those of big_vision, `evaluators/fewshot_lsr.py`.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.order import order
from nfdsl.sampling.randomness import uniform
from nfdsl.schema.probes import FewShot
from runtime.data.dataset import Dataset

_BIAS = 100.0  # the constant feature, so large that its weight is hardly regularised
_SMALLEST_DEVIATION = 1e-5
_CANDIDATES = 65  # images for each class, on average, of which the shots are drawn


class Features(NamedTuple):
    """Images as a network sees them."""

    values: NDArray[np.float64]  # [n, d]
    labels: NDArray[np.int64]  # [n]


def candidates(dataset: Dataset, classes: int) -> NDArray[np.int64]:
    """Returns the training images of which the shots are drawn: 65 for each class, on average, or all there are."""
    length = dataset.split.examples
    positions = np.arange(min(length, _CANDIDATES * classes))
    return dataset.split.records(order(0, 0, positions, length))


def collected(batches: Iterable[tuple[NDArray[np.float32], NDArray[np.int32], NDArray[np.float32]]]) -> Features:
    """Returns the features, labels and weights of `batches` as one, padding left out."""
    kept = [(values[weights > 0], labels[weights > 0]) for values, labels, weights in batches]
    values, labels = (np.concatenate(part) for part in zip(*kept, strict=True))
    return Features(values.astype(np.float64), labels.astype(np.int64))


def accuracies(probe: FewShot, train: Features, test: Features) -> dict[str, float]:
    """Returns the share of `test` that is classified right, by the number of shots, averaged over the seeds."""
    return {str(shots): float(np.mean([*_of_seeds(probe, train, test, shots)])) for shots in probe.shots}


def _of_seeds(probe: FewShot, train: Features, test: Features, shots: int) -> Iterator[float]:
    for seed in range(probe.seeds):
        chosen = drawn(train.labels, shots, seed)
        fitted = Features(train.values[chosen], train.labels[chosen])
        yield float(np.mean(classified(fitted, test.values, probe.data.classes, probe.ridge) == test.labels))


def drawn(labels: NDArray[np.int64], shots: int, seed: int) -> NDArray[np.int64]:
    """Returns places of `shots` of each class, drawn without replacement; of a class with fewer, all of them."""
    shuffled = np.argsort(uniform(seed, "few_shot", np.arange(len(labels))), kind="stable")
    by_class = shuffled[np.argsort(labels[shuffled], kind="stable")]
    _, firsts, counts = np.unique(labels[by_class], return_index=True, return_counts=True)
    return by_class[np.arange(len(labels)) - np.repeat(firsts, counts) < shots]


def classified(train: Features, test: NDArray[np.float64], classes: int, l2: float) -> NDArray[np.int64]:
    """Returns the class that each of `test` [m, d] is given [m].

    ::

        x <- ((f - mean) / (std + 1e-5), 100),   mean and std those of the training features
        W  = (X'X + l2 I)^-1 X'Y = X' (XX' + l2 I)^-1 Y,   Y being +1 for the label and -1 elsewhere
        class = argmax x W
    """
    mean, deviation = train.values.mean(axis=0), train.values.std(axis=0) + _SMALLEST_DEVIATION
    x, queries = (_with_bias((values - mean) / deviation) for values in (train.values, test))
    y = 2.0 * (train.labels[:, None] == np.arange(classes)) - 1
    if x.shape[0] < x.shape[1]:
        weights = x.T @ np.linalg.solve(x @ x.T + l2 * np.eye(x.shape[0]), y)
    else:
        weights = np.linalg.solve(x.T @ x + l2 * np.eye(x.shape[1]), x.T @ y)
    return np.argmax(queries @ weights, axis=1)


def _with_bias(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.pad(values, ((0, 0), (0, 1)), constant_values=_BIAS)
