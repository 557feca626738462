"""Points of grids: a value, and the labels that say which choice of each grid it comes from."""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from nfdsl.check.rejected import Rejected
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.source import Span
from nfdsl.syntax import ast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Labels = tuple[tuple[str, str], ...]  # (axis, choice), axis being a setting's path such as "augment.repeat"

LIMIT = 100_000  # points of one block; more is a slip of the pen, not a study


@dataclass(frozen=True)
class Point(Generic[T_co]):
    """One of the values a grid stands for."""

    value: T_co
    labels: Labels = ()


def combinations(parts: Sequence[Sequence[Point[Any]]], span: Span) -> Iterator[Point[tuple[Any, ...]]]:
    """Yields every combination of one point from each part.

    Raises:
      Rejected: there are more than `LIMIT` of them.
    """
    refuse_more_than_limit(math.prod(len(part) for part in parts), span)
    for chosen in itertools.product(*parts):
        yield Point(tuple(point.value for point in chosen), merged(point.labels for point in chosen))


def merged(groups: Iterator[Labels]) -> Labels:
    """Returns all labels, those of one axis joined into one."""
    joined: dict[str, str] = {}
    for axis, choice in itertools.chain.from_iterable(groups):
        joined[axis] = f"{joined[axis]}, {choice}" if axis in joined else choice
    return tuple(joined.items())


def sweep(grid: ast.Grid, axis: str, evaluate: Callable[[ast.Value], Sequence[Point[T]]]) -> list[Point[T]]:
    """Returns the points of every entry, labelled by the entry's label or else by its text."""
    points: list[Point[T]] = []
    for entry in grid.entries:
        text = entry.label.text if entry.label else entry.value.span.text
        for point in evaluate(entry.value):
            named = any(known == axis for known, _ in point.labels)
            points.append(point if named else Point(point.value, (*point.labels, (axis, text))))
    return points


def refuse_more_than_limit(size: int, span: Span) -> None:
    if size > LIMIT:
        raise Rejected(
            Diagnostic(
                "grid-too-large",
                f"this stands for {size:,} points, more than the {LIMIT:,} nfdsl accepts",
                Label(span, "grids multiply"),
                help="make a range coarser or a grid shorter",
            )
        )
