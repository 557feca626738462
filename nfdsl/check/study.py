"""A checked study: every block's points as schema values, and where each setting was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from nfdsl.check.links import broken_links
from nfdsl.check.names import unknown
from nfdsl.check.point import Point, combinations
from nfdsl.check.rejected import Rejected
from nfdsl.check.rules import broken_rules
from nfdsl.check.scope import Definition, definitions
from nfdsl.check.values import Evaluator
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import KINDS, Block
from nfdsl.schema.setting import Setting, settings
from nfdsl.syntax import ast


@dataclass(frozen=True)
class CheckedBlock:
    """One block: a schema value for every point of its grids."""

    definition: Definition
    points: tuple[Point[Block], ...]


@dataclass(frozen=True)
class Study:
    """A file that has passed every check."""

    docstring: str
    blocks: dict[str, CheckedBlock]  # by name, in the file's order


@dataclass
class _Checker:
    """Checks blocks as they are asked for, so that a block may name a later one."""

    definitions: dict[str, Definition]
    diagnostics: list[Diagnostic]
    points: dict[str, list[Point[Any]]]
    open: list[str]  # blocks being checked, outermost first

    def block(self, reference: ast.Name) -> list[Point[Any]]:
        """Returns the points of the block a word names, none where it is wrong (which is reported once).

        Raises:
          Rejected: the block is being checked: it refers to itself.
        """
        name = reference.text
        definition = self.definitions[name]
        if name in self.open:
            raise Rejected(_cycle(reference, self.open))
        if name not in self.points:
            self.open.append(name)
            try:
                self.points[name] = self._points(definition)
            finally:
                self.open.pop()
        return self.points[name]

    def _points(self, definition: Definition) -> list[Point[Any]]:
        schema_class = KINDS[definition.kind][0]
        known = list(settings(schema_class))
        before = len(self.diagnostics)
        strangers = list(_unknown_settings(definition, known))
        self.diagnostics.extend(strangers)
        misspelt = {stranger.fix.replacement for stranger in strangers if stranger.fix}
        parts = [self._setting(definition, setting, setting.name in misspelt) for setting in known]
        if len(self.diagnostics) > before:
            return []
        try:
            made = [
                Point(schema_class(**dict(zip((s.name for s in known), point.value, strict=True))), point.labels)
                for point in combinations(parts, definition.block.name.span)
            ]
        except Rejected as rejected:
            self.diagnostics.extend(rejected.diagnostics)
            return []
        problems = [problem for point in made for problem in broken_rules(point.value, definition)]
        self.diagnostics.extend(dict.fromkeys(problems))
        return [] if problems else made

    def _setting(self, definition: Definition, setting: Setting, misspelt: bool) -> list[Point[Any]]:
        written = definition.settings.get(setting.name)
        if written is None and not setting.required:
            return [Point(setting.default)]
        if written is None:
            if definition.complete and not misspelt:
                self.diagnostics.append(_missing(definition, setting))
            return []
        kinds = {name: other.kind for name, other in self.definitions.items()}
        try:
            return Evaluator(kinds, self.block).setting(setting, written)
        except Rejected as rejected:
            self.diagnostics.extend(rejected.diagnostics)
            return []


def check(file: ast.File) -> tuple[Study | None, list[Diagnostic]]:
    """Returns the study a file describes, or none, and everything that is wrong with it, in one pass."""
    known, diagnostics = definitions(file)
    checker = _Checker(known, diagnostics, points={}, open=[])
    blocks = {name: CheckedBlock(known[name], tuple(checker.block(known[name].block.name))) for name in known}
    if not diagnostics:
        links = {name: (block.definition, block.points) for name, block in blocks.items()}
        diagnostics.extend(broken_links(links))
    if not any(block.definition.kind in ("pretrain", "finetune") for block in blocks.values()) and not diagnostics:
        diagnostics.append(_nothing_to_run(file))
    if checker.diagnostics:
        return None, sorted(dict.fromkeys(checker.diagnostics), key=_place)
    return Study(file.docstring.text if file.docstring else "", blocks), []


def _place(diagnostic: Diagnostic) -> int:
    return diagnostic.primary.span.start


def _unknown_settings(definition: Definition, known: list[Setting]) -> Iterator[Diagnostic]:
    names = {setting.name for setting in known}
    for name, written in definition.settings.items():
        if name not in names:
            what = f"setting of `{definition.kind}`"
            yield unknown("unknown-setting", what, name, written[0].name.span, names)


def _missing(definition: Definition, setting: Setting) -> Diagnostic:
    unit = setting.description.units[0].value
    return Diagnostic(
        "missing-setting",
        f"{definition.kind} `{definition.name}` needs `{setting.name}`",
        Label(definition.block.name.span, f"`{setting.name}` is not set in this block"),
        help=f"`{setting.name}`{f' (in {unit})' if unit else ''}: {setting.description.doc}",
    )


def _cycle(reference: ast.Name, chain: list[str]) -> Diagnostic:
    names = " -> ".join([*chain[chain.index(reference.text) :], reference.text])
    return Diagnostic(
        "reference-cycle",
        f"block `{reference.text}` refers to itself",
        Label(reference.span, names),
        help="remove one of these references",
    )


def _nothing_to_run(file: ast.File) -> Diagnostic:
    return Diagnostic(
        "nothing-to-run",
        "this study has no `pretrain` block",
        Label(file.span if not file.blocks else file.blocks[-1].name.span, "the file ends without one"),
        help="add a block such as `pretrain scaling { ... }` that names a model, data and a budget",
    )
