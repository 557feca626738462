"""How a network is trained: the pretrain and finetune blocks and the words they are made of."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from nfdsl.schema.augmentation import Augment, CutMix, Mixup, RandAugment
from nfdsl.schema.averages import Average
from nfdsl.schema.data import Data
from nfdsl.schema.evaluation import Evaluate, Metric
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import Model
from nfdsl.schema.objectives import MaskedPatches
from nfdsl.schema.optimizers import SGD, Clip, Optimizer
from nfdsl.schema.probes import FewShot
from nfdsl.schema.schedules import DURATION, Cosine, Schedule
from nfdsl.schema.setting import setting
from nfdsl.schema.units import Dimension, Quantity

BUDGET = (*DURATION, Dimension.FLOPS, Dimension.CORE_HOURS, Dimension.CHIP_HOURS)
Loss = Literal["softmax", "sigmoid"]
Freeze = Literal["nothing", "body", "kernels"]


@dataclass(frozen=True)
class Resolution:
    """Side of the square images that training and evaluation see."""

    word: ClassVar[str] = "resolution"
    train: int = setting("training side", unit=Dimension.PIXELS, at_least=1, shapes=True)
    eval: int = setting("evaluation side", unit=Dimension.PIXELS, at_least=1)


_BUDGET = "how long to train; FLOPs and hours are all that is spent, the ascents of SAM included"
_EXTEND = (
    "points the range goes on by, at the end where the best learning rate lies, before that one is censored; up to the "
    "first run that is another block's"
)


@dataclass(frozen=True)
class Grid:
    """Tries every learning rate of the range."""

    word: ClassVar[str] = "grid"
    extend: int = setting(_EXTEND, default=2, at_least=0, at_most=20)


@dataclass(frozen=True)
class Monotone:
    """Starts each model and budget at the optima of smaller ones, as the optimum falls slowly with both
    (arXiv 2310.16764, Figure 3); small cells are searched, and so is what does not fall slowly."""

    word: ClassVar[str] = "monotone"
    trials: int = setting("runs per model and budget where the optimum falls slowly", default=2, at_least=1)
    extend: int = setting(_EXTEND, default=2, at_least=0, at_most=20)


@dataclass(frozen=True)
class Tune:
    """A learning rate chosen for each model and budget."""

    word: ClassVar[str] = "tune"
    over: tuple[float, ...] = setting("the learning rates to choose from", above=0, collects=True)
    minimizing: Metric = setting("what the best run has least of", default="holdout.loss")
    using: Grid | Monotone = setting("how to search", default=Grid())


@dataclass(frozen=True)
class ExactlyOnce:
    """Every example exactly once per epoch, in an order that is a function of seed, epoch and position."""

    word: ClassVar[str] = "exactly_once"
    seed: int = setting("seed of the order", default=0, at_least=0)


@dataclass(frozen=True)
class SAM:
    """Sharpness-aware minimisation (Foret et al. 2021, eq. 2 and 3)."""

    word: ClassVar[str] = "sam"
    rho: float = setting("length of the ascent step", default=0.05, above=0)
    fraction: float = setting(
        "share of the batch the ascent gradient is taken on",
        default=0.2,
        above=0,
        at_most=1,
        source="Brock et al. 2021, appendix A.4",
        shapes=True,
    )
    over: Literal["shard", "global"] = setting(
        "whose gradient is ascended: that of each part of the batch, one for each chip that `hardware` states whatever"
        " it is trained on (m-sharpness), or that of the whole batch",
        default="shard",
        source="Foret et al. 2021, section 4.1",
        shapes=True,
    )


@dataclass(frozen=True)
class Start:
    """Which trained networks a fine-tune begins from.

    Candidates are the tuned runs: of runs that differ only in learning rate, the best one. Those that differ only in
    seeds are one candidate, ranked by their mean; its best seed is the start.
    """

    word: ClassVar[str] = "start"
    block: str = setting("the pretrain block whose networks are candidates", names=("pretrain",))
    best: int = setting("how many of them", default=1, at_least=1)
    per: Literal["model"] = setting("what each set of candidates has in common", default="model")
    by: Metric = setting("what the best has least of", default="holdout.loss")


@dataclass(frozen=True)
class Released:
    """Published weights that a fine-tune begins from, and the network that they are of.

    Every tensor of the file must fit the network, its classifier aside.
    """

    word: ClassVar[str] = "released"
    file: str = setting(
        "a `.safetensors` file in timm's names or a `.npz` file in big_vision's",
        path=True,
        files=(".safetensors", ".npz"),
    )
    model: Model = setting("the network")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train a network, whatever its size, its start and the length of the run."""

    data: Data = setting("the data set", shapes=True)
    hardware: Hardware = setting("the machine", default=Hardware(), shapes=True)
    batch: int = setting("images in a step, over all devices", unit=Dimension.IMAGES, at_least=1, shapes=True)
    resolution: Resolution = setting("sides of training and evaluation images", shapes=True)
    optimizer: Optimizer = setting("the update rule", default=SGD(), shapes=True)
    clip: Clip | None = setting("gradient clipping", default=None, shapes=True)
    schedule: Schedule = setting("the learning rate's course over the run", default=Cosine(), shapes=True)
    loss: Loss = setting(
        "cross entropy between classes, or of each class by itself (`sigmoid`, whose classifier begins with a bias of "
        "-log(classes))",
        default="softmax",
        shapes=True,
    )
    objective: MaskedPatches | None = setting("what is learnt in place of the labels", default=None, shapes=True)
    label_smoothing: float = setting("share of the target spread over all classes", default=0.0, at_least=0, below=1)
    sam: SAM | None = setting("sharpness-aware minimisation", default=None, shapes=True)
    stochastic_depth: float = setting("chance that the last block is skipped", default=0.0, at_least=0, below=1)
    dropout: float = setting(
        "chance that a feature is dropped before the classifier", default=0.0, at_least=0, below=1, off_at_zero=True
    )
    augment: Augment = setting("changes to training images", default=Augment())
    randaugment: RandAugment | None = setting("further changes, by operations drawn at random", default=None)
    mixup: Mixup | None = setting("training on blends of two images", default=None, shapes=True)
    cutmix: CutMix | None = setting("training on images with a patch of another", default=None, shapes=True)
    layer_decay: float = setting(
        "learning rate of each layer over that of the layer above it, from the classifier down",
        default=1.0,
        above=0,
        at_most=1,
        source="Alabdulmohsin et al. 2023, appendix",
    )
    freeze: Freeze = setting(
        "what keeps its values: `body`, all but the classifier; `kernels`, all but classifier, gains and biases",
        default="nothing",
        shapes=True,
    )
    average: Average | None = setting("average of the weights that is evaluated", default=None, shapes=True)
    evaluate: Evaluate | None = setting("evaluations on the way to the end", default=None)
    probe: FewShot | None = setting("a further question to the trained network", default=None)
    sampling: ExactlyOnce = setting("the order of examples", default=ExactlyOnce())
    seed: int = setting("seed of initial weights and dropout", default=0, at_least=0)

    @property
    def ascents(self) -> int:
        """Parts of a batch on which `sam` ascends, each along a gradient of its own; of hardware, what a result
        depends on."""
        return self.hardware.chips if self.sam is not None and self.sam.over == "shard" else 1

    @property
    def best_by(self) -> Metric | None:
        """What the weights that are kept have least of; none where those at the end are."""
        return self.evaluate.by if self.evaluate is not None and self.evaluate.keep == "best" else None


@dataclass(frozen=True, kw_only=True)
class Pretrain(Recipe):
    """Training from random weights."""

    word: ClassVar[str] = "pretrain"
    model: Model = setting("the network")
    budget: Quantity = setting(_BUDGET, unit=BUDGET, above=0)
    lr: float | Tune = setting("peak learning rate", above=0)


@dataclass(frozen=True, kw_only=True)
class Finetune(Recipe):
    """Training on from pre-trained weights with a new classifier."""

    word: ClassVar[str] = "finetune"
    start: Start | Released = setting("the networks to begin from")
    budget: Quantity = setting(_BUDGET, unit=BUDGET, above=0)
    lr: float | Tune = setting("peak learning rate", above=0)


Training = Pretrain | Finetune
TrainingKind = Literal["pretrain", "finetune"]  # the word each is written with
