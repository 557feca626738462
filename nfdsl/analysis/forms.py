"""What a law's form has to offer: constants from losses, losses from constants, for many sets of losses at once."""

from typing import Literal, Protocol

import numpy as np

from nfdsl.analysis.points import Floats, Points

FormName = Literal["power", "saturating", "double", "parametric", "isoflop", "envelope"]
FORMS: tuple[FormName, ...] = ("power", "saturating", "double", "parametric", "isoflop", "envelope")


class Form(Protocol):
    """A form of law. It holds no state."""

    @property
    def names(self) -> tuple[str, ...]:
        """What the constants are called."""
        ...

    @property
    def columns(self) -> tuple[str, ...]:
        """What its losses depend on, of compute, size and examples."""
        ...

    @property
    def least_squares(self) -> bool:
        """Whether the constants leave the least squares of log loss, or nearly so."""
        ...

    @property
    def repetitions(self) -> int:
        """How many draws its intervals take."""
        ...

    def require(self, points: Points) -> None:
        """Raises `FitError` unless the points determine the constants and leave a residual."""
        ...

    def constants(self, points: Points, log_losses: Floats) -> Floats:
        """Returns the constants nearest to each set of losses.

        Args:
          points: where they were measured; their own losses do not count.
          log_losses: shape [sets, points].

        Returns:
          Shape [sets, constants]; coefficients may be logarithms, see `named`.
        """
        ...

    def named(self, constants: Floats) -> Floats:
        """Returns the constants as people know them, in the order of `names`, in the shape of `constants`."""
        ...

    def log_loss(self, constants: Floats, points: Points) -> Floats:
        """Returns the law's log losses, shape [sets, points], for constants of shape [sets, constants]."""
        ...

    def budgets(self, points: Points) -> Floats:
        """Returns what is left out together in cross-validation, shape [points]."""
        ...


def exponential(logs: Floats) -> Floats:
    """Returns what has these logarithms: infinite where that is too large for a number."""
    with np.errstate(over="ignore"):
        return np.exp(logs)
