"""One run, ready for the runtime: what the spec says of it and what the plan worked out."""

from dataclasses import dataclass, field

from nfdsl.schema.model import Model
from nfdsl.schema.training import Recipe


@dataclass(frozen=True)
class Length:
    """A run's exact length.

    Step ``t`` takes positions ``[t * batch, (t + 1) * batch)`` of the concatenated epochs; the
    last step takes what is left of ``images``, which may be less than a batch.
    """

    images: int  # views trained on, repeats counted
    steps: int
    warmup_steps: int
    between_evaluations: int | None = None  # images; None where only the end is evaluated


@dataclass(frozen=True)
class Weights:
    """A file of released weights, known by what it holds, wherever it lies."""

    path: str = field(compare=False)  # as seen from the folder of the spec
    sha256: str  # of its content


@dataclass(frozen=True)
class Run:
    """Everything one training program needs to know; holds no grids, spans or open choices."""

    id: str
    recipe: Recipe
    model: Model
    lr: float  # peak
    length: Length
    start: str | None  # id of the run whose weights to begin from, in the same study directory
    weights: Weights | None = None  # or the file whose weights to begin from
    folder: str = field(default=".", compare=False)  # of the spec, where its paths start; no part of what the run is
