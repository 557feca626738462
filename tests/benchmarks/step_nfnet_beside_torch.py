"""Compares training steps of NFNet-F0 with those of timm's dm_nfnet_f0, one of each in turn, in two processes.

    taskset -c 0,1 python tests/benchmarks/step_nfnet_beside_torch.py PYTHON [PAIRS] [SIDE] [BATCH]

PYTHON is one that has torch and timm. The steps of a pair are taken within seconds of each other, so what else the
machine does weighs on both alike. A ratio above 1 says how many times as fast ours is: by the clock, and by the time
that processors worked for it, which the work of others does little to.
"""

import statistics
import subprocess
import sys
from pathlib import Path

PYTHON, PAIRS, SIDE, BATCH = [*sys.argv[1:], *("10", "128", "8")[len(sys.argv) - 2 :]]
HERE = Path(__file__).parent


def started(python: str, script: str) -> subprocess.Popen[str]:
    command = [python, str(HERE / script), SIDE, BATCH, "0"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
    assert process.stdout is not None
    print(process.stdout.readline(), end="", flush=True)  # it is ready
    return process


def step(process: subprocess.Popen[str]) -> tuple[float, float]:
    """Returns the seconds of one step, and those of all threads together."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    seconds, of_threads = process.stdout.readline().split()
    return float(seconds), float(of_threads)


def main() -> None:
    ours, theirs = started(sys.executable, "step_nfnet.py"), started(PYTHON, "step_nfnet_torch.py")
    pairs = [(step(ours), step(theirs)) for _ in range(int(PAIRS) + 2)][2:]
    for process in (ours, theirs):
        process.kill()
    for place, kind in enumerate(("by the clock", "of processors")):
        a, b = ([steps[which][place] for steps in pairs] for which in (0, 1))
        ratios = sorted(theirs / ours for ours, theirs in zip(a, b, strict=True))
        print(f"{kind}: ours {statistics.median(a):.2f} s, theirs {statistics.median(b):.2f} s, ", end="")
        print(f"ratio {statistics.median(ratios):.2f} (from {ratios[0]:.2f} to {ratios[-1]:.2f})")


if __name__ == "__main__":
    main()
