"""Digests of multisets of views: what was fed, in 16 bytes, whatever the order and whoever fed it.

A view is known by three numbers: a word s for the shard its record lies in, the record's place n there,
and how often the image was shown before, v. In each of two lanes the digest of a multiset M is

    D(M) = sum over (s, n, v) in M of  w_s g^n h^v   modulo p = 2^61 - 1

with w_s, g and h drawn by hashing a secret. So digests of parts add up to the digest of the whole; and
that of a whole shard is a geometric series, known at once however many records the shard has.

Two multisets of fewer than N views that differ have the same digest with a probability below
``(N / p)^2``: their difference is a polynomial in g and h of degree below N, linear in the w_s
(Schwartz, J. ACM 27, 1980). For 4 x 10^9 views that is 3 x 10^-18.
"""

from collections.abc import Iterable
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.randomness import digest, hashed

PRIME = 2**61 - 1
LANES = 2
NOTHING = (0, 0)  # the digest of the empty multiset
_STRIDE = 2**16  # places between the entries of the coarse table of powers

Digest = tuple[int, int]
_U = np.uint64


class Keys(NamedTuple):
    """What n records are known by, wherever their files are moved to."""

    shards: NDArray[np.uint64]  # [n], a hash of the name of each record's shard
    places: NDArray[np.int64]  # [n], where the record lies in it


class Digester:
    """The digests of one secret, for shards of fewer than 2^48 records."""

    def __init__(self, secret: str, longest_shard: int, repeat: int):
        """Tabulates powers for places below `longest_shard` and views of at most `repeat` repeats."""
        self._secret = secret
        self._repeat = repeat
        bases, repeats = self._drawn("place"), self._drawn("repeat")
        self._bases, self._repeat_bases = bases, repeats
        self._fine = _powers(bases, min(_STRIDE, longest_shard))
        self._coarse = _powers([pow(base, _STRIDE, PRIME) for base in bases], -(-longest_shard // _STRIDE))
        self._repeats = _powers(repeats, repeat)

    def elements(self, keys: Keys, repeats: NDArray[np.int64]) -> NDArray[np.uint64]:
        """Returns the digests [2, n] of n single views."""
        coarse, fine = np.divmod(keys.places, _STRIDE)
        elements = product(self._weights(keys.shards), self._fine[:, fine])
        for table, power in ((self._coarse, coarse), (self._repeats, repeats)):
            if table.shape[1] > 1:  # else all powers are 1
                elements = product(elements, table[:, power])
        return elements

    def shards(self, words: NDArray[np.uint64], counts: NDArray[np.int64]) -> Digest:
        """Returns the digest of every record of shards [m] that hold `counts` [m] records, each shown every time."""
        sizes, which = np.unique(counts, return_inverse=True)
        series = [[_series(base, int(size)) for size in sizes] for base in self._bases]
        records = total(product(self._weights(words), np.array(series, np.uint64)[:, which]))
        return _lanes(
            value * _series(base, self._repeat) for value, base in zip(records, self._repeat_bases, strict=True)
        )

    def _weights(self, words: NDArray[np.uint64]) -> NDArray[np.uint64]:
        return hashed(self._lanes, words) % np.uint64(PRIME)

    @cached_property
    def _lanes(self) -> NDArray[np.uint64]:
        return np.array([[digest("shard", lane, self._secret)] for lane in range(LANES)], np.uint64)

    def _drawn(self, purpose: str) -> list[int]:
        return [2 + digest(purpose, lane, self._secret) % (PRIME - 2) for lane in range(LANES)]


def product(left: NDArray[np.uint64], right: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns products modulo 2^61 - 1 of numbers below it: of halves, since 64 bits hold no whole product."""
    left_high, left_low = _halves(left, 31)
    right_high, right_low = _halves(right, 31)
    middle = left_high * right_low + left_low * right_high
    # 2^61 is 1: the high halves' product counts twice, and what of the middle is above bit 61 comes in below.
    above, below = _halves(middle, 30)
    return _reduced(_U(2) * left_high * right_high + above + (below << _U(31)) + left_low * right_low)


def total(digests: NDArray[np.uint64]) -> Digest:
    """Returns the sum of digests [2, n]."""
    high, low = _halves(digests, 32)
    sums = zip(low.sum(axis=1).tolist(), high.sum(axis=1).tolist(), strict=True)
    return _lanes(one + (other << 32) for one, other in sums)


def totals(digests: NDArray[np.uint64], starts: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Returns the sums [2, m] of those runs of digests [2, n], none of them empty, that begin at `starts` [m]."""
    high, low = (np.add.reduceat(half, starts, axis=1) for half in _halves(digests, 32))
    carry, rest = _halves(low, 32)
    # Times 2^32; and where that is a 2^29 + b, it makes a 2^61 + b 2^32, which is a + b 2^32.
    above, below = _halves(_reduced(high + carry), 29)
    return _reduced(above + (below << _U(32)) + rest)


def plus(left: Digest, right: Digest) -> Digest:
    """Returns the digest of two multisets together."""
    return _lanes(one + other for one, other in zip(left, right, strict=True))


def minus(left: Digest, right: Digest) -> Digest:
    """Returns the digest of what is left of a multiset; one that is not a part of it leaves a debt."""
    return _lanes(one - other for one, other in zip(left, right, strict=True))


def _halves(numbers: NDArray[np.uint64], bits: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Returns what is above the lowest `bits`, and those."""
    return numbers >> _U(bits), numbers & _U(2**bits - 1)


def _reduced(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Returns any 64-bit numbers modulo 2^61 - 1."""
    high, low = _halves(numbers, 61)
    folded = high + low
    return np.minimum(folded, folded - _U(PRIME))  # below zero wraps around to a huge number


def _powers(bases: list[int], count: int) -> NDArray[np.uint64]:
    """Returns the powers 0 to ``count - 1`` of each base [2, count], by doubling."""
    table = np.ones((LANES, 1), np.uint64)
    while (size := table.shape[1]) < count:
        step = np.array([[pow(base, size, PRIME)] for base in bases], np.uint64)
        table = np.concatenate([table, product(table, step)], axis=1)
    return table[:, :count]


def _series(base: int, count: int) -> int:
    """Returns ``1 + base + ... + base^(count - 1)``."""
    return (pow(base, count, PRIME) - 1) * pow(base - 1, -1, PRIME) % PRIME


def _lanes(values: Iterable[int]) -> Digest:
    first, second = (value % PRIME for value in values)
    return first, second
