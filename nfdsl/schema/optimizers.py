"""Update rules, and the clipping of gradients before them.

Kernels and the classifier's weight decay; gains and biases never do. *Coupled* decay is added to the clipped
gradient, before the rule sees it; *decoupled* decay is added to what the rule makes of the gradient
(Loshchilov and Hutter 2019). Both are multiplied by the learning rate of the step, peak and course, as
in optax; big_vision's `wd` is that of a decoupled rule times the peak.
"""

from dataclasses import dataclass
from typing import ClassVar

from nfdsl.schema.setting import setting

_HEAD_DECAY = "decay of the classifier's weight, where it is not that of the other kernels"
_ZHAI = "Zhai et al. 2022, section 3.1"


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with momentum; weight decay is added to the clipped gradient."""

    word: ClassVar[str] = "sgd"
    momentum: float = setting("momentum", default=0.9, at_least=0, below=1)
    nesterov: bool = setting("look ahead along the momentum", default=True, shapes=True)
    weight_decay: float = setting("coupled decay of kernels and head, not of gains and biases", default=0.0, at_least=0)
    head_decay: float | None = setting(_HEAD_DECAY, default=None, at_least=0, source=_ZHAI)


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015, algorithm 1); weight decay is added to the clipped gradient."""

    word: ClassVar[str] = "adam"
    beta1: float = setting("decay of the mean gradient", default=0.9, at_least=0, below=1)
    beta2: float = setting("decay of the mean squared gradient", default=0.999, at_least=0, below=1)
    eps: float = setting("added to the root of the mean squared gradient", default=1e-8, above=0)
    weight_decay: float = setting("coupled decay of kernels and head, not of gains and biases", default=0.0, at_least=0)
    head_decay: float | None = setting(_HEAD_DECAY, default=None, at_least=0, source=_ZHAI)


@dataclass(frozen=True)
class AdamW:
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2)."""

    word: ClassVar[str] = "adamw"
    beta1: float = setting("decay of the mean gradient", default=0.9, at_least=0, below=1)
    beta2: float = setting("decay of the mean squared gradient", default=0.999, at_least=0, below=1)
    eps: float = setting("added to the root of the mean squared gradient", default=1e-8, above=0)
    weight_decay: float = setting(
        "decoupled decay of kernels and head, not of gains and biases", default=0.0, at_least=0
    )
    head_decay: float | None = setting(_HEAD_DECAY, default=None, at_least=0, source=_ZHAI)


@dataclass(frozen=True)
class Adafactor:
    """Adafactor as Scaling Vision Transformers has it (Zhai et al. 2022, section 3.4).

    The second moment of a large matrix is factored into rows and columns, the first is kept in bfloat16, and
    the learning rate is not relative to the weights. Weight decay is decoupled.
    """

    word: ClassVar[str] = "adafactor"
    momentum: float = setting("decay of the mean update", default=0.9, at_least=0, below=1)
    decay_exponent: float = setting(
        "the second moment's decay at update t, counted from 1, is 1 - t^-exponent",
        default=0.8,
        above=0,
        source="Shazeer and Stern 2018, section 7.2",
    )
    beta2_cap: float = setting("largest decay of the second moment", default=0.999, at_least=0, below=1)
    weight_decay: float = setting(
        "decoupled decay of kernels and head, not of gains and biases", default=0.0, at_least=0
    )
    head_decay: float | None = setting(_HEAD_DECAY, default=None, at_least=0, source=_ZHAI)


@dataclass(frozen=True)
class AGC:
    """Adaptive gradient clipping of each unit (Brock et al. 2021, eq. 3); the head is not clipped."""

    word: ClassVar[str] = "agc"
    ratio: float = setting("largest gradient norm over weight norm (lambda)", default=0.01, above=0)
    eps: float = setting("smallest weight norm assumed", default=1e-3, above=0)


@dataclass(frozen=True)
class GlobalNorm:
    """Scales the gradient of all weights together down to a norm (Pascanu et al. 2013)."""

    word: ClassVar[str] = "norm"
    limit: float = setting("largest norm of the gradient", default=1.0, above=0)


Optimizer = SGD | Adam | AdamW | Adafactor
Clip = AGC | GlobalNorm
