"""A figure that could be drawn, or why it could not."""

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A finished figure and the sentences that go under it."""

    figure: Figure
    caption: str


@dataclass(frozen=True)
class Missing:
    """What is missing for a figure to be drawn, one sentence."""

    reason: str
