"""Times training steps of NFNet-F0 in float32 on CPU: forward, backward, and SGD with momentum.

    taskset -c 0,1 python tests/benchmarks/step_nfnet.py [SIDE] [BATCH] [STEPS]

To compare, run `step_nfnet_torch.py` before or after, on the same cores and while nothing else runs.
"""

import statistics
import sys
import time

import jax
import jax.numpy as jnp
import optax

from nfdsl.schema.model import NFNet
from runtime.models.network import build
from runtime.models.regularization import Regularization

SIDE, BATCH, STEPS = (int(x) for x in [*sys.argv[1:], *("128", "8", "5")[len(sys.argv) - 1 :]])
F0 = NFNet((1, 2, 6, 3), (256, 512, 1536, 1536))


def main() -> None:
    network = build(F0, 1000, SIDE, grouped="split")
    rule = optax.sgd(0.1, momentum=0.9, nesterov=True)

    def loss(parameters, images, labels, keys):
        logits = network.apply(parameters, images, Regularization(keys, 0.0, 0.0))
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def step(parameters, momentum, images, labels, keys):
        updates, momentum = rule.update(jax.grad(loss)(parameters, images, labels, keys), momentum)
        return optax.apply_updates(parameters, updates), momentum

    parameters = jax.jit(network.initialize)(jax.random.key(0))
    momentum = rule.init(parameters)
    images = jax.random.normal(jax.random.key(1), (BATCH, SIDE, SIDE, 3))
    labels, keys = jnp.zeros(BATCH, jnp.int32), jax.random.split(jax.random.key(2), BATCH)
    began = time.perf_counter()
    advance = jax.jit(step, donate_argnums=(0, 1)).lower(parameters, momentum, images, labels, keys).compile()
    compiling, seconds = time.perf_counter() - began, list[float]()
    for _ in range(STEPS + 2):
        began = time.perf_counter()
        parameters, momentum = jax.block_until_ready(advance(parameters, momentum, images, labels, keys))
        seconds.append(time.perf_counter() - began)
    print(f"jax {jax.__version__}: compiled in {compiling:.0f} s; ", end="")
    print(f"median {statistics.median(seconds[2:]):.2f} s, least {min(seconds[2:]):.2f} s")


if __name__ == "__main__":
    main()
