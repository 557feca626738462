"""What a run is trained on and what it is evaluated on."""

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from nfdsl.paths import located
from nfdsl.schema.data import Data
from runtime.data.reassessed import read_reassessed
from runtime.data.records import Records
from runtime.data.sources import open_source
from runtime.data.splitting import Split, split


@dataclass(frozen=True, eq=False)
class Dataset:
    """The opened sources of one `data` block."""

    records: Records
    split: Split  # of `records`
    evaluation: Records
    evaluated: NDArray[np.int64]  # indices of `evaluation`, ascending; none where there is nothing to evaluate on
    reassessed: NDArray[np.int32] | None = None  # all right labels of each of `evaluated`, rows filled up with -1


@lru_cache(maxsize=4)
def open_dataset(data: Data, folder: str) -> Dataset:
    """Returns the images of `data`; runs of one process share them.

    Evaluated are all images of the `validation` source where there is one, else the held-out ones.

    Args:
      folder: where paths start, that of the spec.

    Raises:
      DataError: a source or a list is missing, unreadable, or not what `data` declares, or there is a class to
        evaluate on that is not trained on.
    """
    records = open_source(data, folder)
    parts = split(records, data, folder)
    if data.validation is None:
        return Dataset(records, parts.training, records, parts.held_out)
    validation = open_source(replace(data, source=data.validation), folder, records)
    size, reassessed = len(validation), None
    if data.reassessed is not None:
        reassessed = read_reassessed(located(data.reassessed, folder), size, data.classes)
    return Dataset(records, parts.training, validation, np.arange(size), reassessed)
