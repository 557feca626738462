"""Sets of labels that are right for an image, where one is not enough (Beyer et al. 2020, arXiv 2006.07159, "ReaL")."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from runtime.data.records import DataError, missing


def read_reassessed(path: str, images: int, classes: int) -> NDArray[np.int32]:
    """Returns the labels that are right for each image [images, most labels of one]; -1 fills the rows up.

    The file is JSON: for each image of the validation source, in order, a list of labels, as in the `real.json` of
    google-research/reassessed-imagenet.

    Raises:
      DataError: the file cannot be read, or is no such list.
    """
    try:
        lists = json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        raise missing("file of reassessed labels", Path(path)) from None
    except (OSError, ValueError) as error:
        raise DataError(f"the reassessed labels in {path} cannot be read: {error}") from error
    if not isinstance(lists, list) or not all(_are_labels(labels, classes) for labels in lists):
        raise DataError(f"{path} is no list of lists of labels below {classes:,}")
    if len(lists) != images:
        raise DataError(f"{path} has labels of {len(lists):,} images, and there are {images:,} to evaluate on")
    most = max((len(labels) for labels in lists), default=0)
    return np.array([[*labels, *[-1] * (most - len(labels))] for labels in lists], np.int32).reshape(images, most)


def _are_labels(labels: Any, classes: int) -> bool:
    return isinstance(labels, list) and all(type(label) is int and 0 <= label < classes for label in labels)
