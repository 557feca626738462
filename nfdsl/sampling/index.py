"""The index of a run: all that must be known to tell what it should have been fed, in a file of its own.

::

    {"format": 1, "source": ..., "seed": ..., ...}\\n     one line of JSON, keys sorted
    shards    m x uint64, little-endian                  a hash of each shard's name
    counts    m x int64                                  records of each shard, in the order of the source
    left_out  k x int64                                  records that are not trained on, ascending

It takes memory in proportion to shards and records left out, not to records: 4 x 10^9 records in 4,096
shards with 130,000 held out are 1.1 MB.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.course import Course
from nfdsl.sampling.multiset import Digest, Digester, Keys, minus, total
from nfdsl.sampling.split import Split

FORMAT = 1


class NoIndex(ValueError):
    """The bytes are no index; says why."""


@dataclass(frozen=True)
class Terms:
    """What a run was to be fed: the first line of its index."""

    source: str  # the data set as errors show it
    fingerprint: str  # changes with the data set's files
    seed: int
    batch: int  # views in a step
    repeat: int  # times that each image is shown in an epoch
    images: int  # views in the run

    @property
    def steps(self) -> int:
        return -(-self.images // self.batch)


@dataclass(frozen=True, eq=False)
class Index:
    """The terms of a run and the records they speak of."""

    terms: Terms
    shards: NDArray[np.uint64]  # [m]
    counts: NDArray[np.int64]  # [m]
    left_out: NDArray[np.int64]  # [k]

    @cached_property
    def course(self) -> Course:
        """What the run is to be shown."""
        examples = int(self.counts.sum()) - len(self.left_out)
        return Course(self.terms.seed, self.terms.repeat, Split(self.left_out, examples))

    @property
    def epoch(self) -> int:
        """Views in an epoch."""
        return self.course.split.examples * self.terms.repeat

    @cached_property
    def digester(self) -> Digester:
        """The digests of this run's views."""
        secret = f"{self.terms.fingerprint} {self.terms.seed}"
        return Digester(secret, int(self.counts.max(initial=1)), self.terms.repeat)

    @cached_property
    def whole(self) -> Digest:
        """The digest of an epoch; takes no longer for 10^9 records than for as many as are left out."""
        whole = self.digester.shards(self.shards, self.counts)
        absent = self.keys(self.left_out)
        for repeat in range(self.terms.repeat):
            repeats = np.full(len(self.left_out), repeat)
            whole = minus(whole, total(self.digester.elements(absent, repeats)))
        return whole

    def keys(self, records: NDArray[np.int64]) -> Keys:
        """Returns what `records` [n] are known by."""
        shards = np.searchsorted(self._ends, records, side="right")
        return Keys(self.shards[shards], records - (self._ends[shards] - self.counts[shards]))

    def elements(self, views: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Returns the digest [2, n] of what each of `views` [n] should show."""
        shown = self.course.at(views)
        return self.digester.elements(self.keys(shown.records), shown.repeats)

    @cached_property
    def _ends(self) -> NDArray[np.int64]:
        return np.cumsum(self.counts)

    @cached_property
    def content(self) -> bytes:
        """The index as bytes, the same on every machine."""
        sizes = {"shards": len(self.shards), "left_out": len(self.left_out)}
        line = json.dumps({"format": FORMAT, **vars(self.terms), **sizes}, sort_keys=True)
        arrays = self.shards.astype("<u8"), self.counts.astype("<i8"), self.left_out.astype("<i8")
        return b"\n".join([line.encode(), b"".join(array.tobytes() for array in arrays)])

    @cached_property
    def hash(self) -> bytes:
        """The SHA-256 [32 bytes] of the content, with which a ledger begins."""
        return hashlib.sha256(self.content).digest()


def parse_index(content: bytes) -> Index:
    """Returns the index whose content that is.

    Raises:
      NoIndex: it is none, or of another format.
    """
    line, _, data = content.partition(b"\n")
    try:
        stated: dict[str, Any] = json.loads(line)
        if (found := stated.pop("format")) != FORMAT:
            raise NoIndex(f"it has format {found}; this version reads format {FORMAT}")
        shards, left_out = stated.pop("shards"), stated.pop("left_out")
        arrays = np.split(np.frombuffer(data, "<i8"), [shards, 2 * shards])
        index = Index(Terms(**stated), arrays[0].view("<u8"), arrays[1], arrays[2])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise error if isinstance(error, NoIndex) else NoIndex(f"it is damaged ({error})") from error
    if len(index.left_out) != left_out or index.content != content:
        raise NoIndex("it is damaged")
    return index
