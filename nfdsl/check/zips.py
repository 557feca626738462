"""Lines ``zip budget, lr``: the grids of several settings go together instead of multiplying."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from nfdsl.check.names import unknown
from nfdsl.check.point import Choice, Point, Points
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.syntax import ast

WORD = "zip"


@dataclass(frozen=True)
class Zips:
    """The zips of one block, and how many points each setting in one was found to have."""

    names: Mapping[str, ast.Name]  # by the path named
    grids: Mapping[str, str]  # the common grid, by the path of each setting that goes along it
    lengths: dict[str, int] = field(default_factory=dict[str, int])

    def paired(self, points: Points, path: str) -> Points:
        """Returns the points of the setting at a path as those of the grid it is zipped along, if it is."""
        grid = self.grids.get(path)
        if grid is None:
            return points
        self.lengths[path] = len(points)
        return [
            Point(point.value, (*point.choices, Choice(path, "", grid, index))) for index, point in enumerate(points)
        ]

    def problems(self, known: Sequence[str]) -> Iterator[Diagnostic]:
        """Yields what is wrong with the zips, once all settings have been evaluated."""
        first: dict[str, str] = {}
        for path, name in self.names.items():
            if path not in self.lengths:
                yield unknown("unknown-setting", "setting with a grid", path, name.span, known)
                continue
            other = first.setdefault(self.grids[path], path)
            if self.lengths[other] != self.lengths[path]:
                yield _unequal(self.names[other], self.lengths[other], name, self.lengths[path])


def zips(lines: Sequence[ast.Setting]) -> tuple[Zips, list[Diagnostic]]:
    """Returns the zips that a block's lines `zip` say, and what is wrong with those lines."""
    names: dict[str, ast.Name] = {}
    grids: dict[str, str] = {}
    problems: list[Diagnostic] = []
    for number, line in enumerate(lines):
        items = line.value.items if isinstance(line.value, ast.Phrase) else (line.value,)
        if isinstance(line.value, ast.Unreadable) or (len(lines) == 1 and _is_none(line.value)):
            continue
        if len(items) < 2 or not all(isinstance(item, ast.Name) for item in items):
            problems.append(_malformed(line))
            continue
        for item in items:
            if isinstance(item, ast.Name) and item.text in names:
                problems.append(_twice(item, names[item.text]))
            elif isinstance(item, ast.Name):
                names[item.text] = item
                grids[item.text] = f"zip {number} of {line.span}"
    return Zips(names, grids), problems


def _is_none(value: ast.Value) -> bool:
    return isinstance(value, ast.Name) and value.text == "none"


def _malformed(line: ast.Setting) -> Diagnostic:
    return Diagnostic(
        "malformed-zip",
        "a `zip` names two or more settings of the block",
        Label(line.span, "not the names of settings"),
        help="write, for example, `zip budget, lr`; or `zip none` to undo those inherited",
    )


def _twice(second: ast.Name, first: ast.Name) -> Diagnostic:
    return Diagnostic(
        "defined-twice",
        f"`{second.text}` is zipped twice",
        Label(second.span, "named again here"),
        (Label(first.span, "first named here"),),
        help="name all that goes together in one `zip`",
    )


def _unequal(first: ast.Name, length: int, second: ast.Name, other: int) -> Diagnostic:
    return Diagnostic(
        "unequal-zip",
        f"`{first.text}` and `{second.text}` cannot be zipped: they have {length:,} and {other:,} points",
        Label(second.span, f"{other:,} points"),
        (Label(first.span, f"{length:,} points"),),
        help="give them as many points each, or remove the `zip` to have every combination",
    )
