"""Masked patch prediction: its targets by hand, what its losses are of, and a study of it from start to end."""

from dataclasses import replace
from threading import Event
from typing import Literal

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.objectives import COLOURS, MaskedPatches
from nfdsl.schema.optimizers import Adam
from nfdsl.schema.probes import FewShot
from nfdsl.schema.program import program_key
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import Resolution
from nfdsl.schema.vit import ViT
from runtime.checkpoint import restore
from runtime.evaluate import evaluate
from runtime.job import RunError
from runtime.masked_patches import colours, patch_evaluation_step, patch_losses
from runtime.mesh import split
from runtime.models.corruption import corruption
from runtime.optim.hyper import hyper
from runtime.parameters import Parameters
from runtime.program import Program, Programs
from runtime.results import Result, read_result
from runtime.step import Inputs, normalize
from runtime.train import Start, train

PATCH, PATCHES, IMAGES = 2, 4, 5
DIGITS = Data(source=Builtin("digits"), classes=10, holdout=97)
TINY = ViT(depth=1, width=16, mlp=16, heads=2, patch=2)


def test_the_colours_of_an_image_made_by_hand():
    """Two by two patches: black, white, a mean just below a level's edge and one on it, channel by channel."""
    image = np.zeros((4, 4, 3), np.uint8)
    image[:2, 2:] = 255
    image[2:, :2] = [[[31, 64, 255], [32, 64, 255]], [[32, 64, 0], [32, 64, 0]]]  # means 31.75, 64 and 127.5
    image[2:, 2:] = [[[0, 200, 96], [64, 200, 96]], [[0, 200, 96], [64, 200, 96]]]  # means 32, 200 and 96
    levels = [(0, 0, 0), (7, 7, 7), (0, 2, 3), (1, 6, 3)]
    expected = [64 * red + 8 * green + blue for red, green, blue in levels]
    np.testing.assert_array_equal(colours(jnp.asarray(image[None]), PATCH), [expected])
    np.testing.assert_array_equal(colours(jnp.asarray(image[None]), 4), [[64 * 2 + 8 * 4 + 3]])


def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (IMAGES, 4, 4, 3), np.uint8)


def predict(parameters, images, keys, regularization):
    """Logits are parameters of their own, so that gradients tell which of them count."""
    return parameters[: len(images)], corruption(keys, 0.5, PATCHES).shares


def logits() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(IMAGES, PATCHES, COLOURS)).astype(np.float32)


def inputs(seen: np.ndarray) -> Inputs:
    x, keys, ones = jnp.asarray(seen), jax.random.split(jax.random.key(3), IMAGES), jnp.ones(IMAGES)
    labels = jnp.zeros(IMAGES, jnp.int32)
    return Inputs(normalize(x, jnp.float32), x, labels, labels, ones, ones, keys)


def test_a_loss_is_the_mean_over_corrupted_patches_and_so_is_its_gradient(run: Run):
    losses = patch_losses(predict, PATCH)

    def total(logits: jax.Array) -> jax.Array:
        return jnp.sum(losses(logits, inputs(pixels()), hyper(run)))

    found, gradient = jax.jit(jax.value_and_grad(total))(logits())
    chosen = np.asarray(corruption(inputs(pixels()).keys, 0.5, PATCHES).chosen)
    right = np.asarray(colours(jnp.asarray(pixels()), PATCH))[..., None]
    of_patches = -np.take_along_axis(log_softmax(logits(), axis=-1), right, axis=-1)[..., 0]
    means = [of_patches[image][chosen[image]].mean() for image in range(IMAGES)]
    np.testing.assert_allclose(found, sum(means), rtol=1e-5)
    assert chosen.sum() == IMAGES * PATCHES / 2
    np.testing.assert_array_equal(np.abs(gradient).max(axis=-1) > 0, chosen)


def batches(size: int):
    for start in range(0, IMAGES, size):
        images = pixels()[start : start + size]
        short = size - len(images)
        weights = np.pad(np.ones(len(images), np.float32), (0, short))
        yield np.pad(images, ((0, short), (0, 0), (0, 0), (0, 0))), np.zeros(size, np.int32), weights


@pytest.mark.parametrize("size", [1, 2, 5])
def test_an_image_is_measured_on_the_same_patches_in_every_batch(size: int):
    """Of the answers, that for the first colour is right for some patches, whichever the batch."""

    def first_colours(parameters, images, keys, regularization):
        assert regularization is None
        levels = jnp.mean(images, axis=(1, 2, 3))[:, None, None] * jnp.arange(COLOURS) / COLOURS
        return jnp.broadcast_to(levels, (len(images), PATCHES, COLOURS)), corruption(keys, 0.5, PATCHES).shares

    step = jax.jit(patch_evaluation_step(first_colours, "softmax", PATCH))
    found = evaluate(step, {}, batches(size))
    whole = evaluate(step, {}, batches(IMAGES))
    assert found.examples == IMAGES
    assert (found.loss, found.top1, found.top5) == pytest.approx((whole.loss, whole.top1, whole.top5), rel=1e-6)


def masked(run: Run, **changes) -> Run:
    """A run of two seconds, whose last batch is short."""
    objective = MaskedPatches()
    recipe = replace(run.recipe, data=DIGITS, objective=objective, optimizer=Adam(), clip=None, **changes)
    return replace(run, id="masked", recipe=recipe, model=TINY, lr=0.01, length=Length(600, 19, 2))


def carried_out(run: Run, folder, programs: Programs, start: Start | None = None, stop: Event | None = None) -> None:
    folder.mkdir(exist_ok=True, parents=True)
    for _ in train(run, folder, programs, start, stop or Event()):
        pass


def came_to(run: Run, folder, programs: Programs):
    """Returns the parameters and the result of a run, without times."""
    restored = restore(folder / "checkpoints", programs.of(run).state)
    assert restored.state is not None
    result = read_result(folder / "result.json")
    assert isinstance(result, Result)
    return restored.state.parameters, replace(result, seconds=0.0, images_per_second=None)


def test_a_run_learns_colours_and_goes_on_bit_for_bit_after_a_stop(
    small_run: Run, programs: Programs, tmp_path, stop_at
):
    run = masked(small_run, probe=FewShot(DIGITS, shots=(10,), ridge=1.0))
    carried_out(run, tmp_path / "whole", programs)
    parameters, result = came_to(run, tmp_path / "whole", programs)
    assert result.holdout_loss is not None
    assert result.holdout_loss < 0.7 * np.log(COLOURS)
    assert result.top1 is not None
    assert 0 < result.top1 < 1
    assert result.examples_evaluated == 97
    assert result.few_shot is not None
    assert result.few_shot["10"] > 0.15
    assert np.asarray(parameters["mask"]).any()
    for looks in (6, 9):
        carried_out(run, tmp_path / "stopped", programs, stop=stop_at(looks))
        assert not (tmp_path / "stopped" / "result.json").exists()
    carried_out(run, tmp_path / "stopped", programs)
    again, same = came_to(run, tmp_path / "stopped", programs)
    jax.tree.map(np.testing.assert_array_equal, again, parameters)
    assert same == result


@pytest.mark.parametrize("pool", ["gap", "map"])
def test_a_fine_tune_takes_the_encoder_and_neither_mask_nor_predictor(
    pool: Literal["gap", "map"], small_run: Run, programs: Programs, tmp_path
):
    start = replace(masked(small_run), model=replace(TINY, pool=pool), length=Length(64, 2, 0))
    carried_out(start, tmp_path / "masked", programs)
    recipe = replace(start.recipe, objective=None, resolution=Resolution(12, 12))
    run = replace(start, id="tuned", recipe=recipe, lr=0.0, start="masked")
    carried_out(run, tmp_path / "tuned", programs, Start(start, tmp_path / "masked"))
    learnt, _ = came_to(start, tmp_path / "masked", programs)
    tuned, result = came_to(run, tmp_path / "tuned", programs)
    assert "mask" not in tuned
    assert ("pooling" in tuned, "pooling" in learnt) == (pool == "map", False)
    assert tuned["classifier"]["kernel"].shape == (16, 10)
    assert tuned["embedding"]["positions"].shape == (6, 6, 16)
    for part in ("blocks", "norm"):
        jax.tree.map(np.testing.assert_array_equal, tuned[part], learnt[part])
    np.testing.assert_array_equal(tuned["embedding"]["patches"]["kernel"], learnt["embedding"]["patches"]["kernel"])
    assert result.state == "done"


def test_the_same_patches_are_masked_however_many_devices_there_are(small_run: Run, programs: Programs):
    run, draws = masked(small_run), np.random.default_rng(0)
    batch = draws.integers(0, 256, (32, 8, 8, 3), np.uint8), np.zeros(32, np.int32), np.ones(32, np.float32)

    def stepped(program: Program) -> tuple[float, Parameters]:
        numbers = program.hyper(run)
        state = program.initializer(None).executable()(numbers, None)
        arrays = jax.device_put(batch, split(program.mesh))
        for _ in range(2):
            state, metrics = program.trainer().executable()(state, numbers, *arrays)
        return float(metrics.loss), jax.device_get(state.parameters)

    one, two = stepped(programs.of(run)), stepped(Programs(jax.devices()[:2]).of(run))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5), two, one)


def test_the_objective_is_part_of_the_program_and_of_nothing_else(small_run: Run, programs: Programs):
    run = masked(small_run)
    plain = replace(run, recipe=replace(run.recipe, objective=None))
    fewer = replace(run, recipe=replace(run.recipe, objective=MaskedPatches(0.15)))
    keys = [program_key(each.model, each.recipe) for each in (run, plain, fewer)]
    assert len({key.id for key in keys}) == 3
    assert programs.of(run) is programs.of(replace(run, lr=0.5, id="other"))


def test_a_network_without_patches_is_refused_in_one_sentence(small_run: Run, programs: Programs, tmp_path):
    run = replace(small_run, recipe=replace(small_run.recipe, objective=MaskedPatches()))
    with pytest.raises(RunError, match="only a vision transformer without a backbone has patches"):
        carried_out(run, tmp_path, programs)
