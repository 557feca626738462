"""Tests of compilation in the background."""

import threading

import jax
import jax.numpy as jnp
import pytest

from runtime.compilation import Compilation
from runtime.events import Compiled


def lowered(function, *arguments):
    return lambda: jax.jit(function).lower(*arguments)


def test_a_function_is_compiled_and_said_once():
    compilation = Compilation("p0", "train", lowered(lambda x: x + 1, jnp.float32(0)), {})
    assert compilation.executable()(jnp.float32(2)) == 3
    assert compilation.done(0)
    assert not compilation.failed
    (event,) = compilation.news("r0")
    assert event == Compiled("r0", "p0", "train", event.seconds, cached=False)
    assert event.seconds > 0
    assert list(compilation.news("r1")) == []


def test_nobody_has_to_wait_for_it():
    begun, go_on = threading.Event(), threading.Event()

    def lower():
        begun.set()
        go_on.wait()
        return jax.jit(lambda x: x).lower(jnp.float32(0))

    compilation = Compilation("p0", "train", lower, {})
    assert begun.wait(60)
    assert not compilation.done(0.01)
    assert not compilation.failed
    go_on.set()
    assert compilation.done(60)


def test_what_goes_wrong_is_raised_where_the_function_is_asked_for():
    def lower():
        raise ValueError("the batch does not divide")

    compilation = Compilation("p0", "train", lower, {})
    for ask in (compilation.executable, lambda: list(compilation.news("r0"))):
        with pytest.raises(ValueError, match="the batch does not divide"):
            ask()
    assert compilation.failed
