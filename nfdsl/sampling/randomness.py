"""Random numbers as a function of what they are for, so that nothing has to be remembered.

A number depends on the words it is asked for with and on nothing else: not on the order of asking,
the thread, the process or the machine.
"""

import hashlib

import numpy as np
from numpy.typing import NDArray

Word = int | NDArray[np.integer]


def digest(*parts: int | str) -> int:
    """Returns a 64-bit BLAKE2b hash of `parts`; ``("ab", "c")`` and ``("a", "bc")`` differ."""
    texts = (str(part).encode() for part in parts)
    netstrings = b"".join(b"%d:%b," % (len(text), text) for text in texts)
    return int.from_bytes(hashlib.blake2b(netstrings, digest_size=8).digest(), "little")


def hashed(*words: Word) -> NDArray[np.uint64]:
    """Returns 64 well-mixed bits for each combination of `words`, which broadcast.

    ``h <- mix(h ^ word)`` for each word in turn. Not cryptographic: begin with a `digest` where
    words that follow each other (seeds, epochs) must give unrelated numbers.
    """
    with np.errstate(over="ignore"):  # products are meant modulo 2^64; NumPy warns for scalars
        state = np.asarray(0, np.uint64)
        for word in words:
            state = _mix(state ^ np.asarray(word).astype(np.uint64))
        return np.asarray(state)


def uniform(seed: int, purpose: str, *words: Word) -> NDArray[np.float64]:
    """Returns numbers in [0, 1), multiples of 2^-53, for each combination of `words`, which broadcast."""
    return (hashed(digest(purpose, seed), *words) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _mix(bits: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """A bijection of 64 bits: the finaliser of splitmix64 (Stafford's variant 13)."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
