"""Networks as pure functions of their parameters."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import assert_never

import jax
from flax import nnx

from nfdsl.schema.bit import BiT
from nfdsl.schema.model import Model, NFNet
from nfdsl.schema.objectives import MaskedPatches
from nfdsl.schema.run import Run
from nfdsl.schema.vit import ViT
from runtime.models.bit import BigTransfer
from runtime.models.convolution import Convolution
from runtime.models.grouped_convolution import Grouped
from runtime.models.masked_vit import MaskedVisionTransformer
from runtime.models.nfnet import NormalizerFree
from runtime.models.regularization import Regularization
from runtime.models.remat import Remat
from runtime.models.standardization import StandardizedConvolution
from runtime.models.traversal import Traversal
from runtime.models.vit import VisionTransformer
from runtime.parameters import Layouts, Parameters, layouts, placed, values

Module = NormalizerFree | VisionTransformer | BigTransfer


@dataclass(frozen=True, eq=False)
class Network:
    """A network without its parameters, which are nested dicts of arrays; `layouts` are nested alike."""

    layouts: Layouts
    create: Callable[[jax.Array], Module]
    structure: nnx.GraphDef[Module]
    prepared: nnx.GraphDef[Module]  # the same, of what `prepare` returns

    def initialize(self, key: jax.Array) -> Parameters:
        """Returns parameters in float32, drawn by a typed key."""
        return values(self.create(key))

    def predict(
        self,
        parameters: Parameters,
        images_BxHxWx3: jax.Array,
        keys_B: jax.Array,
        regularization: Regularization | None,
    ) -> tuple[jax.Array, jax.Array]:
        """Returns what a network of masked patches answers: see `MaskedVisionTransformer.predict`.

        Its parameters are the same prepared or not: it has no kernels to standardize.
        """
        module = nnx.merge(self.prepared, parameters)
        assert isinstance(module, MaskedVisionTransformer), "only a network built with that objective predicts patches"
        return module.predict(images_BxHxWx3, keys_B, regularization)

    def apply(
        self, parameters: Parameters, images_BxHxWx3: jax.Array, regularization: Regularization | None
    ) -> jax.Array:
        """Returns logits [B, K] in float32, computed in the dtype of images and parameters, which must agree.

        Without `regularization`, as in evaluation, nothing is random.
        """
        return self.forward(self.prepare(parameters), images_BxHxWx3, regularization)

    def prepare(self, parameters: Parameters) -> Parameters:
        """Returns what `forward` computes with: parameters with standardized kernels.

        No image is needed for it, so devices that share a copy of the parameters can do a part each.
        """
        return values(_prepared(nnx.merge(self.structure, parameters)))

    def forward(
        self, prepared: Parameters, images_BxHxWx3: jax.Array, regularization: Regularization | None
    ) -> jax.Array:
        """Returns what `apply` does, from prepared parameters."""
        return _separate(nnx.merge(self.prepared, prepared))(images_BxHxWx3, regularization)


def network_of(run: Run, grouped: Grouped, remat: Remat = "none") -> Network:
    """Returns the network that `run` trains; as `build`."""
    recipe = run.recipe
    classes, side, objective = recipe.data.classes, recipe.resolution.train, recipe.objective
    return build(run.model, classes, side, grouped=grouped, objective=objective, remat=remat)


def build(
    model: Model,
    classes: int,
    resolution: int,
    *,
    grouped: Grouped,
    objective: MaskedPatches | None = None,
    remat: Remat = "none",
    unroll: bool = False,
) -> Network:
    """Returns the network of `model` with one logit for each of `classes`; allocates nothing.

    Args:
      model: the family, with its depth and width.
      classes: the number of logits.
      resolution: side of the images it is trained on; learned position embeddings are of its patches, and resized
        where images of another side are seen.
      grouped: how grouped convolutions are computed.
      objective: what it learns in place of `classes`, if anything.
      remat: what the backward pass computes again rather than keeps.
      unroll: whether a stage's blocks are written out in the program, which then grows with depth, or scanned.

    Raises:
      ValueError: the network has no patches that could be masked.
    """
    create = partial(_create, model, classes, resolution, grouped, objective, Traversal(remat, unroll))
    module = jax.eval_shape(lambda: create(jax.random.key(0)))
    structure = nnx.graphdef(module)
    prepared = nnx.graphdef(jax.eval_shape(lambda: _prepared(create(jax.random.key(0)))))
    return Network(placed(layouts(module), module.depths()), create, structure, prepared)


def _prepared(module: Module) -> Module:
    """Returns `module` with standardized kernels."""
    for _, part in nnx.iter_modules(module):
        if isinstance(part, Convolution | StandardizedConvolution):
            part.prepare()
    return module


def _separate(module: Module) -> Module:
    """Returns `module` with the groups of its kernels apart, as TPUs take them."""
    for _, part in nnx.iter_modules(module):
        if isinstance(part, Convolution):
            part.separate()
    return module


def _create(
    model: Model,
    classes: int,
    resolution: int,
    grouped: Grouped,
    objective: MaskedPatches | None,
    traversal: Traversal,
    key: jax.Array,
) -> Module:
    if objective is not None:
        if not isinstance(model, ViT) or model.backbone is not None:
            raise ValueError("only a vision transformer without a backbone has patches that can be masked")
        return MaskedVisionTransformer(key, model, objective, resolution, grouped, traversal)
    match model:
        case NFNet():
            return NormalizerFree(key, model, classes, grouped, traversal)
        case ViT():
            return VisionTransformer(key, model, classes, resolution, grouped, traversal)
        case BiT():
            return BigTransfer(key, model, classes, grouped, traversal)
        case _:
            assert_never(model)
