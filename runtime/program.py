"""Programs: what is compiled, once for all runs that share it.

What shapes a program's code is its key, `nfdsl.schema.program.ProgramKey`; every other number of a
run is an input, `runtime.optim.hyper.Hyper`. All compilation is ahead of time: later
calls have the shapes that were compiled, or fail.
"""

from collections.abc import Callable, Hashable, Sequence
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import NamedSharding
from jax.stages import Lowered
from jax.typing import DTypeLike
from numpy.typing import NDArray

from nfdsl.schema.program import ProgramKey, program_key
from nfdsl.schema.run import Run
from runtime.choices import choose, remedy, training_dtype
from runtime.compilation import Compilation, Kind
from runtime.data.batches import Batch
from runtime.evaluate import EvaluationStep, FeatureStep, Inputs, evaluation_step, feature_step
from runtime.masked_patches import patch_evaluation_step, patch_losses
from runtime.mesh import SHARD, data_mesh, process_rows, replicated, shard_size, split
from runtime.models.grouped_convolution import Grouped
from runtime.models.network import Network, network_of
from runtime.optim.hyper import Hyper, hyper
from runtime.optim.sam import ascents_each
from runtime.parameters import Parameters
from runtime.placement import places, state_shardings
from runtime.state import TrainState, initial_state
from runtime.step import Losses, Metrics, Step, classification, train_step
from runtime.transfer import with_rare_classes

TPU_OPTIONS = {
    "xla_enable_async_all_gather": True,  # weights are put together while others are computed with
    "xla_tpu_enable_multi_level_nested_loop_fusion": True,  # convolutions compute activations as they read them
    "xla_tpu_enable_advanced_while_initializer_removal": True,  # what a loop overwrites is not filled with zeros first
}
_INITIAL = 2**32 - 1  # folded into a run's key where its steps (below 2^31) are, so that no step repeats these draws

T = TypeVar("T")
Initialize = Callable[[Hyper, Parameters | None], TrainState]


class Program:
    """The functions of one key on some devices; each begins to be compiled when it is first asked for."""

    def __init__(self, run: Run, devices: Sequence[Any]):
        """Builds the network of `run`; compiles nothing and allocates nothing on devices.

        Args:
          run: any of the key.
          devices: as `runtime.mesh.data_mesh` takes them.

        Raises:
          ValueError: the batch, or the parts of it that SAM ascends on, do not divide evenly over the devices, or
            they do not make whole groups of the hardware's `shards`; SAM is asked for along with `gather block`; or
            the network has no patches that its objective could mask.
        """
        shard_size(run.recipe.batch, len(devices))
        ascents_each(run.recipe.ascents, run.recipe.batch, len(devices))
        self.key = program_key(run.model, run.recipe)
        self._platform = devices[0].platform
        on_cpu = self._platform == "cpu"
        self.dtype = training_dtype(run.recipe.hardware, self._platform)
        self._grouped: Grouped = "split" if on_cpu else "native"
        self.choice = choose(run, len(devices), self._grouped, self.dtype)
        self.mesh = data_mesh(devices, self.choice.shards)
        self._run, self._recipe, self._side = run, run.recipe, run.recipe.resolution.train
        self.network = network_of(run, self._grouped, self.choice.remat)
        self._losses, self._measured = _task(self.network, run)
        self._hyper = self._whole_outline(hyper(run))
        state = jax.eval_shape(self._initialize, self._hyper, None)
        self._places = places(self.network.layouts, state.parameters, self.mesh.shape[SHARD])
        self._shardings = state_shardings(state, state.parameters, self._places, self.mesh)
        self.state = jax.tree.map(_outline, state, self._shardings)
        self._compilations: dict[Hashable, Compilation[Any]] = {}

    def initializer(self, pretrained: Parameters | None) -> Compilation[Initialize]:
        """Returns ``initialize(hyper, pretrained)``: the state before the first step.

        Parameters are drawn from the run's seed, but those that `pretrained` has are taken from there.
        """
        structure = jax.tree.structure(pretrained)
        return self._compilation("initialize", structure, lambda: self._lower_initialize(pretrained))

    def trainer(self) -> Compilation[Step]:
        """Returns `runtime.step.train_step`; it consumes the state it is given."""
        return self._compilation("train", None, self._lower_train)

    def evaluator(self, side: int) -> Compilation[EvaluationStep]:
        """Returns the evaluation step of what the recipe has learned, for images of that side."""
        return self._compilation("evaluate", side, lambda: self._lower_forward(self._measured, side))

    def featurizer(self, side: int) -> Compilation[FeatureStep]:
        """Returns `runtime.evaluate.feature_step` for images of that side."""
        return self._compilation(
            "evaluate",
            ("features", side),
            lambda: self._lower_forward(feature_step(self.network.apply, self.network.layouts), side),
        )

    def remedy(self) -> str:
        """Returns what would make a step fit that does not fit the devices."""
        return remedy(self._run, self.mesh.size, self._grouped, self.dtype, self.choice)

    def hyper(self, run: Run) -> Hyper:
        """Returns the run's numbers on the devices."""
        return jax.device_put(hyper(run), replicated(self.mesh))

    def outlined(self, run: Run) -> Parameters:
        """Returns the outline of another run's parameters, each in parts on these devices where it can be.

        Nothing else of that run needs to fit them: not its batch, nor how it shares them out.
        """
        network = network_of(run, self._grouped)
        parameters = jax.eval_shape(network.initialize, jax.random.key(0))
        lie = places(network.layouts, parameters, self.mesh.shape[SHARD])
        return jax.tree.map(_outline, parameters, state_shardings(parameters, parameters, lie, self.mesh))

    def placed(self, pretrained: Parameters) -> Parameters:
        """Returns parameters, or those of them that there are, where they lie in the state."""
        return jax.device_put(pretrained, jax.tree.map(lambda leaf: leaf.sharding, self._placed_outline(pretrained)))

    @property
    def rows(self) -> NDArray[np.int64]:
        """The rows of each batch that this process feeds [n], ascending."""
        return process_rows(self.mesh, self._recipe.batch, jax.process_index())

    def inputs(self, batch: Batch) -> Inputs:
        """Returns this process's `rows` of a batch, in their order, as those of the global arrays on the devices."""
        sharding = split(self.mesh)
        images, labels, weights = (
            jax.make_array_from_process_local_data(sharding, part)
            for part in (batch.images, batch.labels, batch.weights)
        )
        return images, labels, weights

    def _compilation(self, kind: Kind, variant: Hashable, lower: Callable[[], Lowered]) -> Compilation[Any]:
        """Returns what was begun before, unless that failed: what was in the way then may be gone."""
        begun = self._compilations.get((kind, variant))
        if begun is None or begun.failed:
            begun = self._compilations[kind, variant] = Compilation(self.key.id, kind, lower, self._options(kind))
        return begun

    def _options(self, kind: Kind) -> dict[str, Any]:
        """Returns XLA's options.

        What runs once is not worth optimizing where that takes longer than running it.
        """
        if self._platform == "cpu" and kind == "initialize":
            return {"xla_backend_optimization_level": 0}
        return TPU_OPTIONS if self._platform == "tpu" else {}

    def _lower_initialize(self, pretrained: Parameters | None) -> Lowered:
        def initialize(hyper: Hyper, pretrained: Parameters | None) -> TrainState:
            return self._initialize(hyper, pretrained)

        jitted = jax.jit(initialize, out_shardings=self._shardings)
        return jitted.lower(self._hyper, None if pretrained is None else self._placed_outline(pretrained))

    def _lower_train(self) -> Lowered:
        step = train_step(
            self.network.prepare,
            self._losses,
            self.network.layouts,
            self._places,
            self.mesh,
            self.dtype,
            self._recipe.ascents,
            self.choice.gather,
        )

        def train(state: TrainState, hyper: Hyper, *inputs: jax.Array) -> tuple[TrainState, Metrics]:
            return step(state, hyper, *inputs)

        shardings = (self._shardings, replicated(self.mesh))
        jitted = jax.jit(train, out_shardings=shardings, donate_argnums=0)
        with self._multiplying(self.dtype):
            return jitted.lower(self.state, self._hyper, *self._batch(self._side))

    def _lower_forward(self, forward: EvaluationStep | FeatureStep, side: int) -> Lowered:
        jitted = jax.jit(forward, out_shardings=replicated(self.mesh))
        with self._multiplying(jnp.float32):
            return jitted.lower(self.state.parameters, *self._batch(side))

    def _multiplying(self, dtype: DTypeLike) -> AbstractContextManager[None]:
        """Makes what is traced multiply in `dtype`: accelerators round factors of float32 to fewer bits by default."""
        rounds = self._platform != "cpu" and dtype == jnp.float32
        return jax.default_matmul_precision("float32" if rounds else None)

    def _initialize(self, hyper: Hyper, pretrained: Parameters | None) -> TrainState:
        parameters = self.network.initialize(jax.random.fold_in(hyper.key, _INITIAL))
        if self._recipe.loss == "sigmoid":
            parameters = with_rare_classes(parameters, self.network.layouts)
        if pretrained is not None:
            parameters = jax.tree.map(_first_of, pretrained, parameters, is_leaf=lambda leaf: leaf is None)
        return initial_state(parameters, self.network.layouts, hyper)

    def _batch(self, side: int) -> tuple[jax.ShapeDtypeStruct, ...]:
        """Returns the outline of `inputs`."""
        sharding, size = split(self.mesh), self._recipe.batch
        return (
            jax.ShapeDtypeStruct((size, side, side, 3), jnp.uint8, sharding=sharding),
            jax.ShapeDtypeStruct((size,), jnp.int32, sharding=sharding),
            jax.ShapeDtypeStruct((size,), jnp.float32, sharding=sharding),
        )

    def _placed_outline(self, pretrained: Parameters) -> Parameters:
        """Returns the outline of what `placed` returns."""
        return jax.tree.map(lambda like, given: given if given is None else like, self.state.parameters, pretrained)

    def _whole_outline(self, tree: T) -> T:
        """Returns the outline of `tree`, whole on every device."""
        sharding = replicated(self.mesh)
        return jax.tree.map(lambda leaf: _outline(leaf, sharding), tree)


class Programs:
    """The programs of this process, so that runs of one key share what was compiled."""

    def __init__(self, devices: Sequence[Any]):
        self._devices = devices
        self._programs: dict[ProgramKey, Program] = {}

    def of(self, run: Run) -> Program:
        """Returns the program that trains `run`.

        Raises:
          ValueError: the batch does not divide evenly over the devices.
        """
        key = program_key(run.model, run.recipe)
        if key not in self._programs:
            self._programs[key] = Program(run, self._devices)
        return self._programs[key]


def _task(network: Network, run: Run) -> tuple[Losses, EvaluationStep]:
    """Returns what the network learns, and how that is measured."""
    loss, patch = run.recipe.loss, run.model.stride
    if run.recipe.objective is None:
        return classification(network.forward), evaluation_step(network.apply, loss)
    return patch_losses(network.predict, patch), patch_evaluation_step(network.predict, loss, patch)


def _outline(array: Any, sharding: NamedSharding) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=sharding)


def _first_of(given: jax.Array | None, otherwise: jax.Array) -> jax.Array:
    return otherwise if given is None else given
