"""Tests of programs: what shares one, and that nothing is compiled twice or behind one's back."""

from contextlib import contextmanager
from dataclasses import replace

import jax
import numpy as np
import pytest
from jax import monitoring

from nfdsl.schema.augmentation import Augment, CutMix, Mixup, RandAugment
from nfdsl.schema.averages import EMA, Polyak
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.optimizers import AGC, SGD, Adafactor, AdamW, GlobalNorm
from nfdsl.schema.program import program_key
from nfdsl.schema.run import Length
from nfdsl.schema.schedules import Cosine, Linear, Piecewise, ReciprocalSqrt
from nfdsl.schema.training import SAM, ExactlyOnce, Resolution
from nfdsl.schema.units import Dimension, quantity
from nfdsl.schema.vit import ViT
from runtime.data.batches import Batch
from runtime.program import Program, Programs
from runtime.transfer import transferred


def varied(run, **changes):
    return replace(run, recipe=replace(run.recipe, **changes))


def key(run):
    return program_key(run.model, run.recipe)


@contextmanager
def compilations():
    """Lists what XLA compiles meanwhile."""
    names = []

    def heard(event, seconds, **labels):
        if event == "/jax/core/compile/backend_compile_duration":
            names.append(labels.get("fun_name"))

    monitoring.register_event_duration_secs_listener(heard)
    yield names
    monitoring.unregister_event_duration_listener(heard)


def other_numbers(run):
    """The run with every number changed that is an input of the program."""
    changed = varied(
        run,
        optimizer=SGD(0.5, run.recipe.optimizer.nesterov, 1e-3),
        clip=AGC(0.5, 1e-2),
        schedule=Cosine(quantity(3, Dimension.STEPS)),
        label_smoothing=0.1,
        stochastic_depth=0.2,
        dropout=0.3,
        augment=Augment(area=0.5, repeat=2),
        sampling=ExactlyOnce(7),
        seed=2**40,
    )
    return replace(changed, id="other", lr=0.01, length=Length(999, 40, 5), start="elsewhere")


def test_runs_that_differ_in_numbers_share_a_program(small_run, programs):
    run = varied(small_run, dropout=0.1)
    other = other_numbers(run)
    assert key(other) == key(run)
    assert key(other).id == key(run).id
    assert programs.of(other) is programs.of(run)


def test_no_number_of_a_run_gets_into_its_program(small_run):
    one_device, run = jax.devices()[:1], varied(small_run, dropout=0.1)
    one, other = Program(run, one_device), Program(other_numbers(run), one_device)
    assert one._lower_train().as_text() == other._lower_train().as_text()
    assert one._lower_initialize(None).as_text() == other._lower_initialize(None).as_text()


@pytest.mark.parametrize(
    "changes",
    [
        {"batch": 64},
        {"resolution": Resolution(16, 8)},
        {"optimizer": SGD(0.9, nesterov=False)},
        {"clip": None},
        {"clip": GlobalNorm()},
        {"optimizer": AdamW()},
        {"schedule": Linear()},
        {"schedule": Piecewise(at=(0.5,))},
        {"sam": SAM(0.05)},
        {"mixup": Mixup()},
        {"cutmix": CutMix()},
        {"loss": "sigmoid"},
        {"freeze": "body"},
        {"average": EMA(0.9)},
        {"average": Polyak()},
        {"dropout": 0.1},
        {"hardware": Hardware(precision="bfloat16")},
    ],
)
def test_what_shapes_the_code_makes_another_program(small_run, changes):
    assert key(varied(small_run, **changes)) != key(small_run)
    assert key(varied(small_run, **changes)).id != key(small_run).id


def test_the_points_of_a_staircase_are_inputs_but_not_how_many(small_run):
    points = [(0.5,), (0.25,), (0.5, 0.75)]
    keys = [key(varied(small_run, schedule=Piecewise(at=at))) for at in points]
    assert keys[0] == keys[1] != keys[2]


def test_no_number_of_any_rule_gets_into_a_program(small_run):
    one_device = jax.devices()[:1]
    rules = {
        "mixup": Mixup(),
        "cutmix": CutMix(),
        "optimizer": Adafactor(),
        "clip": GlobalNorm(),
        "schedule": ReciprocalSqrt(),
        "average": Polyak(),
    }
    others = {
        "mixup": Mixup(0.5),
        "cutmix": CutMix(0.5),
        "layer_decay": 0.5,
        "randaugment": RandAugment(),
        "optimizer": Adafactor(0.5, 0.6, 0.7, 0.8, 0.9),
        "clip": GlobalNorm(2.0),
        "schedule": ReciprocalSqrt(quantity(1, Dimension.STEPS), 2, 3),
        "average": Polyak(0.1),
    }
    one, other = (Program(varied(small_run, **changes), one_device) for changes in (rules, others))
    assert one.key == other.key
    assert one._lower_train().as_text() == other._lower_train().as_text()


def test_the_share_of_the_batch_that_sam_ascends_on_is_a_shape(small_run):
    keys = {key(varied(small_run, sam=SAM(rho, fraction))) for rho in (0.1, 0.2) for fraction in (0.5, 1.0)}
    assert len(keys) == 2


def test_models_classes_and_evaluation_sides(small_run):
    wider = replace(small_run, model=NFNet(depth=(1,), width=(16,), group_width=4))
    classes = varied(small_run, data=replace(small_run.recipe.data, classes=11))
    assert len({key(run) for run in (small_run, wider, classes)}) == 3
    assert key(varied(small_run, resolution=Resolution(8, 16))) == key(small_run)


def test_each_function_is_compiled_once(small_run):
    program = Programs(jax.devices()[:1]).of(small_run)
    with compilations() as names:
        first, second, larger = (program.evaluator(side) for side in (8, 8, 16))
        assert first.executable() is second.executable()
        assert larger.executable() is not first.executable()
    assert second is first
    assert len(names) == 2


def test_what_failed_to_compile_is_compiled_anew_when_it_is_asked_for_again(small_run, monkeypatch):
    program, lower, asked = Programs(jax.devices()[:1]).of(small_run), Program._lower_forward, []

    def fails_once(self, forward, side):
        asked.append(side)
        if len(asked) == 1:
            raise OSError(28, "No space left on device")
        return lower(self, forward, side)

    monkeypatch.setattr(Program, "_lower_forward", fails_once)
    with pytest.raises(OSError, match="No space left on device"):
        program.evaluator(8).executable()
    assert callable(program.evaluator(8).executable())
    assert program.evaluator(8) is program.evaluator(8)
    assert asked == [8, 8]


def batch_of(run, program):
    draws, size, side = np.random.default_rng(0), run.recipe.batch, run.recipe.resolution.train
    images = draws.integers(0, 256, (size, side, side, 3), np.uint8)
    labels, numbers = draws.integers(0, 10, size, np.int32), np.arange(size)
    return program.inputs(Batch(images, labels, np.ones(size, np.float32), numbers, numbers.astype(np.int32)))


def test_a_run_that_shares_a_program_compiles_nothing(small_run, programs):
    program, other = programs.of(small_run), varied(other_numbers(small_run), dropout=0)
    initialize, train = program.initializer(None).executable(), program.trainer().executable()
    with compilations() as names:
        numbers = program.hyper(other)
        state = initialize(numbers, None)
        for _ in range(3):
            before = state
            state, metrics = train(state, numbers, *batch_of(small_run, program))
        assert np.isfinite(jax.device_get(metrics.loss))
    assert names == []
    assert all(leaf.is_deleted() for leaf in jax.tree.leaves(before))  # its memory is the new state's
    assert jax.device_get(state.step) == 3


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_only_the_network_computes_in_what_is_said(small_run, programs, precision):
    run = varied(small_run, hardware=Hardware(precision=precision))
    (exact, expected), (loss, trained) = (after_two_steps(programs, each) for each in (small_run, run))
    assert loss == pytest.approx(exact, rel=1e-2)
    assert (loss == exact) == (precision == "float32")
    assert {leaf.dtype.name for leaf in jax.tree.leaves(trained)} == {"float32"}
    kernels = [parameters["classifier"]["kernel"] for parameters in (expected, trained)]
    np.testing.assert_allclose(*kernels, atol=5e-3)
    assert "bf16" not in programs.of(run)._lower_forward(programs.of(run)._measured, 8).as_text()


def after_two_steps(programs, run):
    program = programs.of(run)
    state, train, numbers = initialized(programs, run), program.trainer().executable(), program.hyper(run)
    for _ in range(2):
        state, metrics = train(state, numbers, *batch_of(run, program))
    return jax.device_get((metrics.loss, state.parameters))


def test_accelerators_do_not_round_what_is_to_be_float32(small_run):
    """By default they multiply numbers of float32 rounded to bfloat16 or TensorFloat-32."""
    for precision, rounded in (("float32", False), ("bfloat16", True)):
        program = Program(varied(small_run, hardware=Hardware(precision=precision)), jax.devices()[:1])
        program._platform = "tpu"
        train, evaluation = program._lower_train(), program._lower_forward(program._measured, 8)
        assert ("HIGHEST" not in train.as_text()) == rounded
        assert "HIGHEST" in evaluation.as_text()


def initialized(programs, run, pretrained=None):
    program = programs.of(run)
    initialize = program.initializer(pretrained).executable()
    return initialize(program.hyper(run), pretrained)


def test_initial_weights_are_a_function_of_the_seed(small_run, programs):
    state, same, other = (initialized(programs, varied(small_run, seed=seed)) for seed in (1, 1, 2))
    jax.tree.map(np.testing.assert_array_equal, state, same)
    kernels = [tree.parameters["classifier"]["kernel"] for tree in (state, other)]
    assert not np.allclose(*kernels)
    assert state.step == 0


def test_pretrained_weights_are_taken_over_and_the_rest_is_drawn(small_run, programs):
    program, fresh = programs.of(small_run), initialized(programs, small_run).parameters
    trained = jax.tree.map(lambda leaf: leaf + 1, fresh)
    kept = transferred(trained, program.network.layouts, fresh)
    state = initialized(programs, small_run, kept)
    jax.tree.map(np.testing.assert_array_equal, state.parameters["stem"], trained["stem"])
    jax.tree.map(np.testing.assert_array_equal, state.parameters["classifier"], fresh["classifier"])
    assert all(np.all(momentum == 0) for momentum in jax.tree.leaves(state.optimizer_state))


def test_parameters_of_a_run_that_these_devices_could_not_train_are_outlined_in_parts(small_run):
    """As large arrays of the program's own are: its batch, its SAM and its groups of devices do not fit these."""
    model = ViT(depth=1, width=128, mlp=512, heads=2, patch=4)
    own = replace(varied(small_run, hardware=Hardware(shards=2)), model=model)
    other = varied(own, batch=3, sam=SAM(0.05), hardware=Hardware(shards=8, topology=(8,)), average=EMA(0.5))
    program = Program(own, jax.devices()[:2])
    with pytest.raises(ValueError, match="does not divide evenly"):
        Program(other, jax.devices()[:2])
    outlined = program.outlined(other)
    jax.tree.map(np.testing.assert_equal, outlined, program.state.parameters)  # shapes and shardings
    assert any(not leaf.sharding.is_fully_replicated for leaf in jax.tree.leaves(outlined))


def test_where_each_class_is_judged_by_itself_it_is_rare_at_first(small_run, programs):
    state = initialized(programs, varied(small_run, loss="sigmoid"))
    np.testing.assert_allclose(state.parameters["classifier"]["bias"], -np.log(10), rtol=1e-6)
    assert np.all(initialized(programs, small_run).parameters["classifier"]["bias"] == 0)
