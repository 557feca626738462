"""Specs as they are written, with what a test wants to know of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod


@dataclass(frozen=True)
class WrittenSetting:
    """One line of a block; `points` is how many values its grids stand for."""

    name: str
    text: str
    points: int = 1

    def __str__(self) -> str:
        return f"{self.name} {self.text}"


@dataclass(frozen=True)
class WrittenBlock:
    """A block with settings in the order they are written."""

    kind: str
    name: str
    settings: Sequence[WrittenSetting]
    parent: str = ""

    @property
    def points(self) -> int:
        """How many points the block's own grids multiply to."""
        return prod(setting.points for setting in self.settings)

    def __str__(self) -> str:
        origin = f" from {self.parent}" if self.parent else ""
        lines = "".join(f"  {setting}\n" for setting in self.settings)
        return f"{self.kind} {self.name}{origin} {{\n{lines}}}\n"


@dataclass(frozen=True)
class WrittenSpec:
    """A whole spec; its text is what `str` returns."""

    blocks: Sequence[WrittenBlock]
    docstring: str = ""

    def block(self, name: str) -> WrittenBlock:
        return next(block for block in self.blocks if block.name == name)

    def __str__(self) -> str:
        top = f'"""{self.docstring}"""\n\n' if self.docstring else ""
        return top + "\n".join(map(str, self.blocks))
