"""A checked study: every block's points as schema values, and where each setting was written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nfdsl.check.family import family_problem, strangers
from nfdsl.check.links import broken_links
from nfdsl.check.overrides import Overrides
from nfdsl.check.point import Point, Points, combinations, refuse_more_than_limit
from nfdsl.check.references import References, below, levels
from nfdsl.check.rejected import Rejected
from nfdsl.check.rules import broken_rules
from nfdsl.check.scope import Definition, Scope, scope
from nfdsl.check.unknown_settings import unknown_settings
from nfdsl.check.values import Evaluator
from nfdsl.check.zips import WORD, Zips, zips
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.bit import BiT
from nfdsl.schema.blocks import Block
from nfdsl.schema.data import Data
from nfdsl.schema.hardware import Hardware
from nfdsl.schema.model import NFNet
from nfdsl.schema.report import Report
from nfdsl.schema.setting import Setting, settings
from nfdsl.schema.training import Finetune, Pretrain, Start
from nfdsl.schema.vit import ViT
from nfdsl.source import Span
from nfdsl.syntax import ast


@dataclass(frozen=True)
class CheckedBlock:
    """One block: a schema value for every point of its grids."""

    definition: Definition
    points: tuple[Point[Block], ...]
    carried_out: bool  # False of a file that is imported, where nothing of the spec itself needs its runs


@dataclass(frozen=True)
class Study:
    """A file, and what it imports: all of it has passed every check, or what has is told from what has not."""

    docstring: str
    folder: str  # of the spec, absolute: where the paths that its values hold start
    blocks: dict[str, CheckedBlock]  # by name, in the file's order but parents first
    lets: tuple[ast.Let, ...] = ()  # the named values, those set on the command line as they are set


class _Checker:
    """Checks blocks as they are asked for, so that a block may name a later one."""

    def __init__(self, scope: Scope, folder: str, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = diagnostics
        self._folder = folder
        self._definitions = scope.definitions
        self._kinds = {name: definition.kind for name, definition in scope.definitions.items()}
        self._references = References(scope.lets, scope.definitions)
        self._points: dict[str, list[Point[Any]]] = {}
        self._open: dict[str, ast.Name] = {}  # the blocks being checked, and what asked for each, outermost first
        self._size = 0  # points of all blocks

    def let(self, let: ast.Let) -> None:
        """Says what is wrong with the numbers of a named value that no block is refused for."""
        name = let.name
        if self._references.too_deep_is_said or any(_within(each.primary.span, let.span) for each in self.diagnostics):
            return
        try:
            self._references.refuse_circle(name)
            if isinstance(self._references.written(name), _NUMERIC):
                self._references.numbers(name, name.text)
        except Rejected as rejected:
            self.diagnostics.extend(rejected.diagnostics)

    def block(self, reference: ast.Name) -> list[Point[Any]]:
        """Returns the points of the block a word names, none where it is wrong (which is reported once).

        Raises:
          Rejected: the block is being checked: it refers to itself; or it is too deep to be checked.
        """
        name = reference.text
        if name in self._open:
            raise Rejected(_cycle(reference, self._open))
        if name not in self._points:
            with self._references.deeper(_LEVELS_OF_BLOCK, reference.span):
                self._open[name] = reference
                try:
                    self._points[name] = self._checked(self._definitions[name])
                finally:
                    del self._open[name]
        return self._points[name]

    def _checked(self, definition: Definition) -> list[Point[Any]]:
        if problems := _misplaced(definition):
            self.diagnostics.extend(problems)
            return []
        known = list(settings(definition.schema_class))
        before = len(self.diagnostics)
        unknown = list(unknown_settings(definition, known))
        self.diagnostics.extend(each.diagnostic for each in unknown)
        meant = {each.meant for each in unknown}
        meant |= {name for written in definition.settings.values() for name in _crowded(written, known)}
        zipped, problems = zips(definition.settings.get(WORD, ()))
        self.diagnostics.extend(problems)
        parts = [self._setting(definition, setting, zipped, setting.name in meant) for setting in known]
        if len(self.diagnostics) == before:
            self.diagnostics.extend(zipped.problems([setting.name for setting in known]))
        if len(self.diagnostics) > before or not all(parts):
            return []
        try:
            made = self._made(definition, [setting.name for setting in known], parts)
        except Rejected as rejected:
            self.diagnostics.extend(rejected.diagnostics)
            return []
        problems = [problem for point in made for problem in broken_rules(point.value, definition)]
        self.diagnostics.extend(dict.fromkeys(problems))
        return [] if problems else made

    def _made(self, definition: Definition, names: Sequence[str], parts: Sequence[Points]) -> list[Point[Any]]:
        """Returns the points of a block from those of its settings. Raises `Rejected` where there are too many."""
        schema_class = definition.schema_class
        place = definition.block.name.span
        made = [
            Point(schema_class(**dict(zip(names, point.value, strict=True))), point.choices)
            for point in combinations(parts, place, beside=self._size)
        ]
        self._size += len(made)
        refuse_more_than_limit(self._size, place)
        return made

    def _setting(self, definition: Definition, setting: Setting, zipped: Zips, meant: bool) -> Points:
        """Returns the points of a setting, none where it is wrong, which it says."""
        written = definition.settings.get(setting.name, ())
        overrides = below(definition.settings, setting.name)
        if not written and not setting.required and not overrides and setting.name not in zipped.grids:
            return [Point(setting.default)]
        if not written and setting.required:
            if definition.complete and not meant:
                self.diagnostics.append(_missing(definition, setting))
            return []
        lines = {f"{setting.name}.{path}": line for path, line in overrides.items()}
        changed = Overrides(lines, definition.block.span, definition.block.name.span)
        try:
            with self._references.deeper(_depth(written), definition.block.name.span):
                evaluator = Evaluator(self._kinds, self.block, self._references, changed, zipped, self._folder)
                return evaluator.setting(setting, written)
        except Rejected as rejected:
            crowded = _crowded(written, settings(definition.schema_class))
            self.diagnostics.extend(_once(rejected.diagnostics, crowded))
            return []


_NUMERIC = (ast.Number, ast.Shape, ast.List, ast.Range, ast.Binary, ast.Negative)
_RUNS_ON = {"wrong-type", "surplus-value", "unknown-unit"}  # what is first wrong with a value that does
_LEVELS_OF_BLOCK = 3  # a block inside of another is as deep a recursion as so many values


def check(file: ast.File, assignments: Sequence[ast.Assignment]) -> tuple[Study | None, list[Diagnostic]]:
    """Returns the study that a file and its imports, taken as one, describe, or none, and everything that is
    wrong with it, in one pass. Assignments replace what the file says."""
    study, diagnostics = check_sound(file, assignments)
    return (None if diagnostics else study), diagnostics


def check_sound(file: ast.File, assignments: Sequence[ast.Assignment]) -> tuple[Study, list[Diagnostic]]:
    """Returns what is sound of the study that a file and its imports describe, and everything that is wrong with it.

    A block that is not sound has no points.
    """
    known, diagnostics = scope(file, assignments)
    checker = _Checker(known, str(file.span.source.folder), diagnostics)
    points = {name: tuple(checker.block(known.definitions[name].block.name)) for name in known.definitions}
    for let in known.lets.values():
        checker.let(let)
    blocks = {name: CheckedBlock(known.definitions[name], points[name], False) for name in points}
    diagnostics.extend(broken_links({name: (block.definition, block.points) for name, block in blocks.items()}))
    needed = _carried_out(file, blocks)
    if not any(blocks[name].definition.kind in ("pretrain", "finetune") for name in needed) and not diagnostics:
        diagnostics.append(_nothing_to_run(file))
    blocks = {name: replace(block, carried_out=name in needed) for name, block in blocks.items()}
    docstring = file.docstring.text if file.docstring else ""
    study = Study(docstring, str(file.span.source.folder), blocks, tuple(known.lets.values()))
    return study, sorted(dict.fromkeys(diagnostics), key=_place)


def _carried_out(file: ast.File, blocks: Mapping[str, CheckedBlock]) -> set[str]:
    """Returns the blocks of the spec itself, with those of its imports that they start from or draw."""
    needed: set[str] = set()
    waiting = [name for name, block in blocks.items() if block.definition.block.span.source is file.span.source]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(named for point in blocks[name].points for named in _named_runs(point.value))
    return needed


def _named_runs(block: Block) -> set[str]:
    match block:
        case Finetune(start=Start(block=start)):
            return {start}
        case Report():
            return {figure.of for figure in block.figure}
        case Data() | Hardware() | NFNet() | ViT() | BiT() | Pretrain() | Finetune():
            return set()


def _depth(written: Sequence[ast.Setting]) -> int:
    return max((levels(line.value) for line in written if not isinstance(line.value, ast.Unreadable)), default=0)


def _within(span: Span, outer: Span) -> bool:
    return span.source is outer.source and outer.start <= span.start <= outer.end


def _place(diagnostic: Diagnostic) -> int:
    return diagnostic.primary.span.start


def _crowded(written: Sequence[ast.Setting], known: Iterable[Setting]) -> list[str]:
    """Returns the settings whose names stand inside of a value: those that should have had a line of their own."""
    names = {setting.name for setting in known}
    values = (line.value for line in written)
    items = (item for value in values if isinstance(value, ast.Phrase) for item in value.items[1:])
    return [item.text for item in items if isinstance(item, ast.Name) and item.text in names]


def _once(found: Sequence[Diagnostic], crowded: Sequence[str]) -> Sequence[Diagnostic]:
    """Returns what is wrong with a value; where it runs on into other settings that alone, and once."""
    if not crowded or found[0].code not in _RUNS_ON:
        return found
    return [replace(found[0], help=f"`{crowded[0]}` is a setting too: begin a new line with it", fix=None)]


def _misplaced(definition: Definition) -> list[Diagnostic]:
    """Returns what makes a block's family doubtful, and with it everything else that could be said of the block."""
    problem = family_problem(definition.kind, definition.settings)
    return [problem] if problem else list(strangers(definition.block, definition.settings))


def _missing(definition: Definition, setting: Setting) -> Diagnostic:
    unit = setting.description.units[0].value
    return Diagnostic(
        "missing-setting",
        f"{definition.kind} `{definition.name}` needs `{setting.name}`",
        Label(definition.block.name.span, f"`{setting.name}` is not set in this block"),
        help=f"`{setting.name}`{f' (in {unit})' if unit else ''}: {setting.description.doc}",
    )


def _cycle(reference: ast.Name, chain: Mapping[str, ast.Name]) -> Diagnostic:
    names = [*chain][[*chain].index(reference.text) :]
    return Diagnostic(
        "reference-cycle",
        f"block `{reference.text}` refers to itself",
        Label(reference.span, " -> ".join([*names, reference.text])),
        tuple(Label(chain[name].span, "refers to it") for name in names[1:]),
        help="remove one of these references",
    )


def _nothing_to_run(file: ast.File) -> Diagnostic:
    return Diagnostic(
        "nothing-to-run",
        "this study has no `pretrain` block",
        Label(file.span if not file.blocks else file.blocks[-1].name.span, "the file ends without one"),
        help="add a block such as `pretrain scaling { ... }` that names a model, data and a budget",
    )
