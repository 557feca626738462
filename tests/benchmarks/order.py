"""Prints how many positions of the order one core computes in a second (of its own time, whatever else runs).

Run: python tests/benchmarks/order.py
"""

import time

import numpy as np

from nfdsl.sampling.order import order

_SECONDS = 1.0


def positions_per_second(length: int, count: int) -> float:
    """Returns the rate for calls of `count` positions spread over a data set of `length` examples."""
    positions = np.linspace(0, length - 1, count).astype(np.int64)
    calls, begin = 0, time.process_time()
    while time.process_time() - begin < _SECONDS:
        order(0, calls, positions, length)
        calls += 1
    return calls * count / (time.process_time() - begin)


if __name__ == "__main__":
    for length in (5_000, 1_281_167, 4_000_000_000, 2**41 + 1):
        for count in (4_096, 65_536, 1_000_000):
            rate = positions_per_second(length, count) / 1e6
            print(f"{length:>17,} examples, {count:>9,} positions a call: {rate:6.1f} M positions/s")
