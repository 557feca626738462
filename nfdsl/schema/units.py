"""Units a spec may write, the dimension each measures, and exact quantities.

Amounts are exact fractions from the first character on: ``0.1 epochs`` is one tenth, not the
nearest binary float, so that a budget has one answer on every machine.
"""

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction


class Dimension(Enum):
    """What a unit measures; the value is the dimension's canonical unit."""

    NUMBER = ""
    IMAGES = "images"
    STEPS = "steps"
    EPOCHS = "epochs"
    PIXELS = "px"
    CHIP_HOURS = "chip_hours"
    CORE_HOURS = "core_hours"
    FLOPS = "FLOPs"
    BYTES = "bytes"
    SECONDS = "seconds"


MEASURED: dict[Dimension, str] = {  # what each dimension measures, for people
    Dimension.NUMBER: "a plain number",
    Dimension.IMAGES: "images; of a budget, views trained on",
    Dimension.STEPS: "steps of the optimizer, each on one batch",
    Dimension.EPOCHS: "passes over the training set",
    Dimension.PIXELS: "pixels along a side of an image",
    Dimension.CHIP_HOURS: "hours of one chip of the hardware",
    Dimension.CORE_HOURS: "hours of one core; a TPU v3 or v4 chip has two",
    Dimension.FLOPS: "floating-point operations of training, two for each multiply-add",
    Dimension.BYTES: "bytes of memory",
    Dimension.SECONDS: "seconds",
}


@dataclass(frozen=True)
class Unit:
    dimension: Dimension
    factor: Fraction = Fraction(1)  # canonical units per one of this


UNITS: dict[str, Unit] = {
    "%": Unit(Dimension.NUMBER, Fraction(1, 100)),
    "image": Unit(Dimension.IMAGES),
    "images": Unit(Dimension.IMAGES),
    "step": Unit(Dimension.STEPS),
    "steps": Unit(Dimension.STEPS),
    "epoch": Unit(Dimension.EPOCHS),
    "epochs": Unit(Dimension.EPOCHS),
    "px": Unit(Dimension.PIXELS),
    "core_hour": Unit(Dimension.CORE_HOURS),
    "core_hours": Unit(Dimension.CORE_HOURS),
    "chip_hour": Unit(Dimension.CHIP_HOURS),
    "chip_hours": Unit(Dimension.CHIP_HOURS),
    "FLOPs": Unit(Dimension.FLOPS),
    "bytes": Unit(Dimension.BYTES),
    "KiB": Unit(Dimension.BYTES, Fraction(2**10)),
    "MiB": Unit(Dimension.BYTES, Fraction(2**20)),
    "GiB": Unit(Dimension.BYTES, Fraction(2**30)),
    "s": Unit(Dimension.SECONDS),
    "seconds": Unit(Dimension.SECONDS),
    "min": Unit(Dimension.SECONDS, Fraction(60)),
    "minutes": Unit(Dimension.SECONDS, Fraction(60)),
    "hours": Unit(Dimension.SECONDS, Fraction(3600)),
    "days": Unit(Dimension.SECONDS, Fraction(86400)),
}

SI_PREFIXES: dict[str, int] = {"k": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}


@dataclass(frozen=True)
class Quantity:
    """An exact amount of one dimension: ``numerator / denominator`` canonical units."""

    numerator: int
    denominator: int
    unit: str  # canonical unit of the dimension, e.g. "epochs"

    @property
    def amount(self) -> Fraction:
        return Fraction(self.numerator, self.denominator)

    @property
    def dimension(self) -> Dimension:
        return Dimension(self.unit)

    def __str__(self) -> str:
        return f"{float(self.amount):.12g} {self.unit}".rstrip()


def quantity(amount: Fraction | int, dimension: Dimension) -> Quantity:
    """Returns ``amount`` canonical units of ``dimension``, in lowest terms."""
    exact = Fraction(amount)
    return Quantity(exact.numerator, exact.denominator, dimension.value)
