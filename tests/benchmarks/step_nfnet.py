"""Times training steps of NFNet-F0 in float32 on CPU: forward, backward, and SGD with momentum.

    taskset -c 0,1 python tests/benchmarks/step_nfnet.py [SIDE] [BATCH] [STEPS]

`step_nfnet_beside_torch.py` compares it with PyTorch's step: it has STEPS be 0, which takes a step for each line of
stdin and prints its seconds, and those of all its threads together.
"""

import statistics
import sys
import time
from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from nfdsl.schema.model import NFNet
from runtime.models.network import build
from runtime.models.regularization import Regularization

SIDE, BATCH, STEPS = (int(x) for x in [*sys.argv[1:], *("128", "8", "5")[len(sys.argv) - 1 :]])
F0 = NFNet((1, 2, 6, 3), (256, 512, 1536, 1536))


def stepper() -> Callable[[], None]:
    """Returns what takes one step after the other."""
    network = build(F0, 1000, SIDE, grouped="split")
    rule = optax.sgd(0.1, momentum=0.9, nesterov=True)

    def loss(parameters, images, labels, keys):
        logits = network.apply(parameters, images, Regularization(keys, 0.0, 0.0))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def step(parameters, momentum, images, labels, keys):
        updates, momentum = rule.update(jax.grad(loss)(parameters, images, labels, keys), momentum)
        return optax.apply_updates(parameters, updates), momentum

    parameters = jax.jit(network.initialize)(jax.random.key(0))
    state = (parameters, rule.init(parameters))
    images = jax.random.normal(jax.random.key(1), (BATCH, SIDE, SIDE, 3))
    inputs = images, jnp.zeros(BATCH, jnp.int32), jax.random.split(jax.random.key(2), BATCH)
    advance = jax.jit(step, donate_argnums=(0, 1)).lower(*state, *inputs).compile()

    def take() -> None:
        nonlocal state
        state = jax.block_until_ready(advance(*state, *inputs))

    return take


def main() -> None:
    began = time.perf_counter()
    take, seconds = stepper(), list[float]()
    print(f"jax {jax.__version__}: compiled in {time.perf_counter() - began:.0f} s", flush=True)
    for _ in sys.stdin if STEPS == 0 else range(STEPS + 2):
        began, worked = time.perf_counter(), time.process_time()
        take()
        seconds.append(time.perf_counter() - began)
        if STEPS == 0:
            print(seconds[-1], time.process_time() - worked, flush=True)
    print(f"median {statistics.median(seconds[2:]):.2f} s, least {min(seconds[2:]):.2f} s")


if __name__ == "__main__":
    main()
