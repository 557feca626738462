"""Times training steps of timm's dm_nfnet_f0 in channels_last on CPU, as `step_nfnet.py` does with ours.

    python tests/benchmarks/step_nfnet_torch.py [SIDE] [BATCH] [STEPS] [THREADS]

Needs torch and timm, but nothing of nfdsl. A step is forward, backward, AGC's norms left out, and SGD with momentum.
"""

import statistics
import sys
import time

import timm
import torch

SIDE, BATCH, STEPS, THREADS = (int(x) for x in [*sys.argv[1:], *("128", "8", "5", "2")[len(sys.argv) - 1 :]])


def main() -> None:
    torch.set_num_threads(THREADS)
    model = timm.create_model("dm_nfnet_f0").train().to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)
    images = torch.randn(BATCH, 3, SIDE, SIDE).to(memory_format=torch.channels_last)
    labels = torch.zeros(BATCH, dtype=torch.long)
    seconds: list[float] = []
    print(f"torch {torch.__version__}, timm {timm.__version__}", flush=True)
    for _ in sys.stdin if STEPS == 0 else range(STEPS + 2):
        began, worked = time.perf_counter(), time.process_time()
        optimizer.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
        seconds.append(time.perf_counter() - began)
        if STEPS == 0:
            print(seconds[-1], time.process_time() - worked, flush=True)
    print(f"median {statistics.median(seconds[2:]):.2f} s, least {min(seconds[2:]):.2f} s")


if __name__ == "__main__":
    main()
