"""Points of grids: a value, and the choices of each grid it comes from.

Grids multiply: one choice of one goes with every choice of another. A grid that has a name (of a `let`,
of a block, of a setting in a block) is one grid wherever the name stands, so its choices in several places
must agree. In the words of databases, points are joined by the named grids they share.
"""

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, Generic, TypeVar

from nfdsl.check.rejected import Rejected
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.source import Span
from nfdsl.syntax import ast

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
Labels = tuple[tuple[str, str], ...]  # (axis, choice), axis being a setting's path such as "augment.repeat"

LIMIT = 20_000  # points of a study; more is a slip of the pen, not a study


@dataclass(frozen=True)
class Choice:
    """One choice of a grid.

    `grid` is the grid's name, and `index` tells the choices of a named grid apart; without a name it
    stands where it is written only. A choice without text is not worth showing.
    """

    axis: str
    text: str
    grid: str = ""
    index: int = 0


@dataclass(frozen=True)
class Point(Generic[T_co]):
    """One of the values a grid stands for."""

    value: T_co
    choices: tuple[Choice, ...] = ()

    @property
    def labels(self) -> Labels:
        """What was chosen along each axis, for people; choices along one axis joined."""
        joined: dict[str, str] = {}
        for choice in self.choices:
            if choice.text:
                earlier = joined.get(choice.axis)
                joined[choice.axis] = choice.text if earlier is None else f"{earlier}, {choice.text}"
        return tuple(joined.items())


Points = list[Point[Any]]


def combinations(
    parts: Sequence[Sequence[Point[Any]]], span: Span, *, beside: int = 0
) -> Iterator[Point[tuple[Any, ...]]]:
    """Yields every combination of one point from each part in which no grid has two choices.

    Raises:
      Rejected: there are more than `LIMIT` of them, with the `beside` points that there are already.
    """
    if not all(parts):
        return iter(())
    seen: set[str] = set()
    for part in parts:
        grids = _grids(part)
        if seen & grids:
            return iter(_joined(parts, span))
        seen |= grids
    refuse_more_than_limit(beside + _product(len(part) for part in parts), span)
    return _multiplied(parts)


def _multiplied(parts: Sequence[Sequence[Point[Any]]]) -> Iterator[Point[tuple[Any, ...]]]:
    for chosen in itertools.product(*parts):
        choices = tuple(choice for point in chosen for choice in point.choices)
        yield Point(tuple([point.value for point in chosen]), choices)


def _joined(parts: Sequence[Sequence[Point[Any]]], span: Span) -> Sequence[Point[tuple[Any, ...]]]:
    start: Sequence[Point[tuple[Any, ...]]] = [Point(())]
    return reduce(lambda left, right: _join(left, right, span), parts, start)


def _join(left: Sequence[Point[Any]], right: Sequence[Point[Any]], span: Span) -> Sequence[Point[tuple[Any, ...]]]:
    """Returns the pairs of a point on the left and one on the right that agree on the grids both sides share."""
    shared = sorted(_grids(left) & _grids(right))
    left_groups, right_groups = _by_choice(left, shared), _by_choice(right, shared)
    if set(shared) <= _everywhere(left, right):  # the choice is the same or it is not: no need to compare all
        pairs = [(chosen, chosen) for chosen in left_groups if chosen in right_groups]
    else:
        refuse_more_than_limit(len(left_groups) * len(right_groups), span)
        pairs = [pair for pair in itertools.product(left_groups, right_groups) if _agree(*pair)]
    refuse_more_than_limit(sum(len(left_groups[one]) * len(right_groups[other]) for one, other in pairs), span)
    positions = [(i, j) for one, other in pairs for i in left_groups[one] for j in right_groups[other]]
    return [_paired(left[i], right[j]) for i, j in sorted(positions)]


def _paired(left: Point[tuple[Any, ...]], right: Point[Any]) -> Point[tuple[Any, ...]]:
    known = {choice.grid for choice in left.choices if choice.grid}
    added = tuple(choice for choice in right.choices if choice.grid not in known)
    return Point((*left.value, right.value), left.choices + added)


def _by_choice(points: Sequence[Point[Any]], grids: Sequence[str]) -> dict[tuple[int, ...], list[int]]:
    """Returns the positions of points by what they choose of each grid; -1 where a point has no part in it."""
    groups: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    for position, point in enumerate(points):
        chosen = {choice.grid: choice.index for choice in point.choices}
        groups[tuple(chosen.get(grid, -1) for grid in grids)].append(position)
    return groups


def _agree(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    return all(a == b or a < 0 or b < 0 for a, b in zip(one, other, strict=True))


def _grids(points: Sequence[Point[Any]]) -> set[str]:
    return {choice.grid for point in points for choice in point.choices if choice.grid}


def _everywhere(*sides: Sequence[Point[Any]]) -> set[str]:
    """Returns the grids in which every point has a part."""
    points = itertools.chain.from_iterable(sides)
    return reduce(set[str].intersection, ({choice.grid for choice in point.choices} for point in points))


def named(points: Sequence[Point[T]], grid: str, axis: str) -> list[Point[T]]:
    """Returns the points as those of one grid with a name, which is used on an axis.

    The choices of grids written in it become one choice of it; those of other named grids are kept.
    """
    if len(points) == 1 and not points[0].choices:
        return list(points)
    return [_named(point, Choice(axis, "", grid, index)) for index, point in enumerate(points)]


def _named(point: Point[T], choice: Choice) -> Point[T]:
    own = replace(choice, text=", ".join(other.text for other in point.choices if not other.grid and other.text))
    return Point(point.value, (own, *(_along(choice.axis, other) for other in point.choices if other.grid)))


def _along(axis: str, choice: Choice) -> Choice:
    return choice if choice.axis == axis else replace(choice, axis=axis)


def sweep(grid: ast.Grid, axis: str, evaluate: Callable[[ast.Value], Sequence[Point[T]]]) -> list[Point[T]]:
    """Returns the points of every entry, labelled by the entry's label or else by its text.

    Raises:
      Rejected: there is no entry, two have one label, or there are more than `LIMIT` points.
    """
    if not grid.entries:
        raise Rejected(_empty_grid(grid))
    if repeated := [*_repeated(grid)]:
        raise Rejected(*repeated)
    found: list[tuple[str, Point[T]]] = []
    for entry in grid.entries:
        text = entry.label.text if entry.label else entry.value.span.text
        found.extend((text, _labelled(point, axis, text)) for point in evaluate(entry.value))
        refuse_more_than_limit(len(found), grid.span)
    entries: defaultdict[Labels, set[str]] = defaultdict(set)
    for text, point in found:
        entries[point.labels].add(text)
    # Where two networks have an F0, say of which.
    return [point if len(entries[point.labels]) == 1 else _qualified(point, axis, text) for text, point in found]


def _labelled(point: Point[T], axis: str, text: str) -> Point[T]:
    if any(choice.axis == axis and choice.text for choice in point.choices):
        return point
    return Point(point.value, (*point.choices, Choice(axis, text)))


def _qualified(point: Point[T], axis: str, text: str) -> Point[T]:
    return Point(point.value, (Choice(axis, text), *point.choices))


def refuse_more_than_limit(size: int, span: Span) -> None:
    if size > LIMIT:
        count = f"{size:,}" if size < _UNCOUNTED else f"more than {_UNCOUNTED:,}"
        raise Rejected(
            Diagnostic(
                "grid-too-large",
                f"this stands for {count} points, more than the {LIMIT:,} nfdsl accepts",
                Label(span, "grids multiply"),
                help="make a range coarser or a grid shorter",
            )
        )


_UNCOUNTED = 10**15


def _product(sizes: Iterator[int]) -> int:
    """Returns the product, or a number no smaller than `_UNCOUNTED` once it is that large or larger."""
    product = 1
    for size in sizes:
        product *= size
        if product >= _UNCOUNTED:
            return product
    return product


def _repeated(grid: ast.Grid) -> Iterator[Diagnostic]:
    """Yields a diagnostic for each label that an earlier entry has."""
    first: dict[str, ast.Name] = {}
    for label in (entry.label for entry in grid.entries if entry.label):
        if label.text in first:
            yield Diagnostic(
                "defined-twice",
                f"two points of this grid are called `{label.text}`",
                Label(label.span, "named so again here"),
                (Label(first[label.text].span, "first named so here"),),
                help="give each point a name of its own",
            )
        first.setdefault(label.text, label)


def _empty_grid(grid: ast.Grid) -> Diagnostic:
    return Diagnostic(
        "empty-grid",
        "this grid has no points, so nothing would be run",
        Label(grid.span, "nothing in it"),
        help="write one value at least between the braces",
    )
