"""Both forms of a grouped convolution are the same convolution, and "split" stays fast in loops on the CPU."""

import re
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from runtime.models.grouped_convolution import Grouped, convolve

FORMS: tuple[Grouped, Grouped] = ("split", "native")


def arrays(height: int, width: int, side: int, groups: int) -> tuple[jax.Array, jax.Array]:
    random = np.random.default_rng(0)
    x, kernel = random.normal(size=(2, height, width, 2 * groups)), random.normal(size=(side, side, 2, 3 * groups))
    return jnp.asarray(x, jnp.float32), jnp.asarray(kernel, jnp.float32)


def numpy_convolve(x: np.ndarray, kernel: np.ndarray, stride: int, groups: int) -> np.ndarray:
    """Returns the sum over the window as written, of an image padded so that ceil(n / stride) windows fit."""
    side, (batch, height, width, _) = kernel.shape[0], x.shape
    sizes = [-(-n // stride) for n in (height, width)]
    totals = [max((size - 1) * stride + side - n, 0) for size, n in zip(sizes, (height, width), strict=True)]
    padded = np.pad(x, [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)])
    y = np.zeros((batch, *sizes, kernel.shape[-1]))
    for group, outputs in enumerate(np.split(np.arange(kernel.shape[-1]), groups)):
        inputs = slice(group * kernel.shape[2], (group + 1) * kernel.shape[2])
        for row, column in np.ndindex(*sizes):
            window = padded[:, row * stride :, column * stride :, inputs][:, :side, :side]
            y[:, row, column, outputs] = np.einsum("bhwi,hwio->bo", window, kernel[..., outputs])
    return y


@pytest.mark.parametrize("grouped", FORMS)
@pytest.mark.parametrize(("height", "width", "stride"), [(6, 5, 1), (6, 5, 2), (1, 4, 2)])
def test_padding_and_groups_agree_with_numpy(height: int, width: int, stride: int, grouped: Grouped):
    x, kernel = arrays(height, width, 3, 2)
    y = jax.jit(partial(convolve, stride=stride, groups=2, grouped=grouped))(x, kernel)
    expected = numpy_convolve(np.asarray(x, np.float64), np.asarray(kernel, np.float64), stride, 2)
    np.testing.assert_allclose(y, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("height", "width", "side", "stride", "groups"),
    [
        (5, 4, 1, 1, 1),
        (5, 4, 1, 2, 2),
        (6, 5, 3, 1, 3),
        (6, 5, 3, 2, 2),
        (5, 4, 3, 2, 1),
        (1, 1, 3, 2, 1),
        (44, 48, 3, 1, 2),
        (89, 48, 3, 2, 1),
    ],
)
def test_both_forms_have_the_same_gradients(height: int, width: int, side: int, stride: int, groups: int):
    def gradients(grouped: Grouped) -> tuple[jax.Array, jax.Array]:
        def total(x: jax.Array, kernel: jax.Array) -> jax.Array:
            return jnp.sum(jnp.sin(convolve(x, kernel, stride=stride, groups=groups, grouped=grouped)))

        return jax.jit(jax.grad(total, (0, 1)))(*arrays(height, width, side, groups))

    for split, native in zip(*map(gradients, FORMS), strict=True):
        np.testing.assert_allclose(split, native, rtol=1e-4, atol=1e-5 * np.abs(native).max())


@pytest.mark.parametrize("grouped", FORMS)
def test_gradients_keep_a_low_precision(grouped: Grouped):
    x, kernel = (array.astype(jnp.bfloat16) for array in arrays(4, 4, 3, 2))
    form = partial(convolve, groups=2, grouped=grouped)
    gradients = jax.eval_shape(lambda x, kernel: jax.vjp(form, x, kernel)[1](form(x, kernel)), x, kernel)
    assert [gradient.dtype for gradient in gradients] == [jnp.bfloat16, jnp.bfloat16]


@pytest.mark.parametrize("side", [6, 48])
def test_split_gradients_in_a_loop_are_the_kind_of_convolution_that_xla_cpu_has_fast_code_for(side: int):
    """Watches jax-ml/jax#12868: any other kind takes a path up to twenty times slower."""
    kernels = jnp.ones((3, 3, 3, 8, 16))

    def total(kernels: jax.Array, x: jax.Array) -> jax.Array:
        def layer(x: jax.Array, kernel: jax.Array) -> tuple[jax.Array, None]:
            return jnp.sin(convolve(x, kernel, groups=2, grouped="split")), None

        return jnp.sum(lax.scan(layer, x, kernels)[0])

    program = jax.jit(jax.grad(total, (0, 1))).lower(kernels, jnp.ones((2, side, side, 16))).compile().as_text()
    assert program is not None
    kinds = re.findall(r" convolution\(.*dim_labels=(\S+?),? ", program)
    assert "while(" in program
    assert kinds
    assert set(kinds) == {"b01f_01io->b01f"}
