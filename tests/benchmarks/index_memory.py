"""Prints what memory the index of a run takes, by the number of its examples: in itself, and while batches are built.

Run: python tests/benchmarks/index_memory.py

Shards and held-out images are as many each time, as in a data set of 4 x 10^9 images; only the shards grow.
"""

import time
import tracemalloc

import numpy as np

from nfdsl.sampling.entries import entries
from nfdsl.sampling.index import Index, Terms

SHARDS, HELD_OUT, BATCH = 4_096, 130_000, 4_096


def index_of(examples: int) -> Index:
    each = -(-(examples + HELD_OUT) // SHARDS)
    terms = Terms("benchmark", "f", 0, BATCH, 1, 4 * examples)
    words = np.arange(1, SHARDS + 1, dtype=np.uint64)
    left_out = np.linspace(0, SHARDS * each - 1, HELD_OUT).astype(np.int64)
    return Index(terms, words, np.full(SHARDS, each), left_out)


def build(index: Index, step: int) -> None:
    """Computes what a batch shows, and its row of the ledger."""
    views = step * BATCH + np.arange(BATCH)
    shown = index.course.at(views)
    entries(index, step, views, index.keys(shown.records), np.zeros(BATCH, np.bool_), 1)


def main() -> None:
    for examples in (10**7, 10**9, 4 * 10**9):
        tracemalloc.start()
        index = index_of(examples)
        build(index, 0)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        began = time.process_time()
        for step in range(1, 21):
            build(index, step * (index.terms.steps // 21))
        took = (time.process_time() - began) / 20
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(
            f"{examples:>13,} examples: {kept / 2**20:.2f} MiB, {peak / 2**20:.2f} MiB at most while a batch of"
            f" {BATCH:,} is built ({took * 1e3:.1f} ms); the file has {len(index.content) / 2**20:.2f} MiB"
        )


if __name__ == "__main__":
    main()
