"""Prints the slowest of many hostile files, in seconds of the processor, and what memory all of them took.

The files are those of tests/test_robustness.py: thousands made from their numbers, each thing thousands of times over.
A file that takes long is measured again, as a busy machine may have made it so.

Run: python tests/benchmarks/robustness.py [FILES, 100000 unless told]
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

from nfdsl.catalogue import prelude
from nfdsl.testing.hostile import bombs, hostile
from nfdsl.verdict import verdict

ROOT = Path(__file__).parents[2]
LONG = 1.0  # seconds; the goal
AGAIN = 3  # times that a long one is measured


def examples() -> list[str]:
    """Returns specs to change: the examples, and every snippet of the language."""
    snippets = [path.read_text() for path in sorted((ROOT / "tests" / "language").glob("*.nfx"))]
    cases = [case + prelude() for text in snippets for case in text.split("---\n")]
    return [*[path.read_text() for path in sorted((ROOT / "specs").glob("*.nfx"))] * 20, *cases]


def seconds(path: Path, data: bytes) -> float:
    """Returns the processor's time to check a file, the shortest of several where the first is long."""
    path.write_bytes(data)
    timings: list[float] = []
    while not timings or (timings[-1] > LONG / 2 and len(timings) < AGAIN):
        begin = time.process_time()
        verdict(str(path), fix=False)
        timings.append(time.process_time() - begin)
    return min(timings)


def main(files: int) -> None:
    made = hostile(examples())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "study.nfx"
        seconds(path, prelude().encode())
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        slowest = sorted((seconds(path, bomb.encode()), bomb) for bomb in bombs())[-3:]
        for taken, bomb in reversed(slowest):
            print(f"{taken:.3f} s: {bomb[:40]!r}... of {len(bomb):,} characters", flush=True)
        timings = sorted((seconds(path, made.file(number)), number) for number in range(files))
    total = sum(taken for taken, _ in timings)
    added = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{files:,} files: {total:.0f} s, {sum(taken > LONG for taken, _ in timings)} above {LONG} s")
    for taken, number in reversed(timings[-5:]):
        print(f"{taken:.3f} s: file {number}, {made.file(number)[:60]!r}...")
    print(f"memory added: {added / 1024:.0f} MiB")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
