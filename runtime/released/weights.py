"""Published weights as the parameters of a network."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np

from nfdsl.schema.model import Model
from nfdsl.schema.vit import ViT
from runtime.models.network import build
from runtime.parameters import Parameters
from runtime.released import big_vision, timm
from runtime.released.files import ReleasedError, Tensors, tensors
from runtime.released.source import Source, Tree

_CLASSIFIER = "classifier"
_MOST_SHOWN = 5
# What a fine-tune has no use for: the old classifier, and the layer in front of it (Dosovitskiy et al. 2021, 3.2).
_REPLACED = ("head.", "head/", "pre_logits.", "pre_logits/")


def released(path: Path, model: Model) -> Parameters:
    """Returns the parameters, float32, that a file of published weights has for a network.

    Position embeddings are of the grid that the file has, the classifier is for the classes that it has; None stands
    for a classifier that it has not.

    Args:
      path: a ``.safetensors`` file in timm's names, or a ``.npz`` file in those of big_vision.
      model: the network, which must be the file's: every tensor must fit.

    Raises:
      ReleasedError: the file cannot be read, or its names or shapes are not those of `model`; which, it says.
    """
    found = tensors(path)
    tree = timm.named(model, found) if path.suffix == ".safetensors" else big_vision.named(model, found)
    headless = not any(name in found for source in _leaves(tree[_CLASSIFIER]) for name in source.names)
    body = {name: part for name, part in tree.items() if not (headless and name == _CLASSIFIER)}
    _refuse_names(path, body, found)
    return _arranged(path, body, found, _outline(body, found, model))


def _outline(tree: Tree, found: Tensors, model: Model) -> Parameters:
    """Returns what the parameters must look like, for as many classes and patches as the file is of."""
    classes = tree[_CLASSIFIER]["bias"] if _CLASSIFIER in tree else None
    count = len(found[classes.names[0]].ravel()) if classes else 1
    network = build(model, count, _resolution(tree, found, model), grouped="native")
    return jax.eval_shape(network.initialize, jax.random.key(0))


def _resolution(tree: Tree, found: Tensors, model: Model) -> int:
    if not isinstance(model, ViT) or model.positions != "learned":
        return model.stride
    tokens = found[tree["embedding"]["positions"].names[0]].size // model.width
    return max(1, int(np.sqrt(tokens))) * model.patch


def _refuse_names(path: Path, tree: Tree, found: Tensors) -> None:
    wanted = {name for source in _leaves(tree) for name in source.names}
    missing = sorted(wanted - found.keys())
    strange = sorted(name for name in found.keys() - wanted if not name.startswith(_REPLACED))
    if missing or strange:
        said = [f"it lacks {_shown(missing)}"] if missing else []
        said += [f"it has {_shown(strange)}, for which this model has no place"] if strange else []
        raise ReleasedError(f"{path.name} does not fit the model: {'; '.join(said)}")


def _arranged(path: Path, tree: Tree, found: Tensors, outline: Parameters) -> Parameters:
    problems: list[str] = []

    def parameter(source: Source, wanted: Any) -> np.ndarray | None:
        shapes = ", ".join(f"{name} is {list(found[name].shape)}" for name in source.names[:_MOST_SHOWN])
        try:
            array = source.arrange(*(found[name] for name in source.names))
        except (ValueError, IndexError):
            problems.append(f"{shapes}, of which no {list(wanted.shape)} can be made")
            return None
        if array.shape != wanted.shape:
            problems.append(f"{shapes}, which makes {list(array.shape)} where the model has {list(wanted.shape)}")
        return array.astype(np.float32)

    def nested(tree: Tree, outline: Parameters) -> Parameters:
        return {
            name: (
                dict.fromkeys(part)
                if name not in tree
                else nested(tree[name], part)
                if isinstance(part, dict)
                else parameter(tree[name], part)
            )
            for name, part in outline.items()
        }

    made = nested(tree, outline)
    if problems:
        raise ReleasedError(f"{path.name} does not fit the model: {_shown(problems, '; ')}")
    return made


def _leaves(tree: Tree) -> Iterator[Source]:
    for part in tree.values():
        if isinstance(part, Source):
            yield part
        else:
            yield from _leaves(part)


def _shown(items: list[str], between: str = ", ") -> str:
    more = f"{between}and {len(items) - _MOST_SHOWN} more" if len(items) > _MOST_SHOWN else ""
    return between.join(items[:_MOST_SHOWN]) + more
