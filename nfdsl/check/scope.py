"""Blocks by name, with what each inherits.

A definition holds every setting that is in force in a block, its own or inherited; a setting
keeps the span of the line that wrote it, so an error points there whoever inherited it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from nfdsl.check.family import schema_class
from nfdsl.check.names import unknown
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import KINDS, Block
from nfdsl.schema.setting import settings
from nfdsl.syntax import ast

REPEATABLE = {"figure", "zip"}  # settings that may be written several times in one block

DEEPEST = 64  # generations of blocks that inherit from each other

Settings = dict[str, tuple[ast.Setting, ...]]


@dataclass(frozen=True)
class Definition:
    """One block with inheritance resolved; settings by name, in the order written.

    The name of a setting that overrides one argument of another is dotted.
    """

    block: ast.Block
    settings: Settings
    complete: bool  # False where a parent could not be found: what is missing may be the parent's
    ancestors: tuple[ast.Block, ...] = ()  # the parent first

    @property
    def kind(self) -> str:
        return self.block.kind.text

    @property
    def name(self) -> str:
        return self.block.name.text

    @property
    def schema_class(self) -> type[Block]:
        """The class that says what this block may contain."""
        return schema_class(self.kind, self.settings)

    def line(self, path: str) -> ast.Setting | None:
        """Returns the line in force that says a setting or an argument of one; none where that is a default."""
        while path:
            if lines := self.settings.get(path):
                return lines[0]
            path = path.rpartition(".")[0]
        return None

    def inherits(self, setting: ast.Setting) -> bool:
        """Whether a setting in force here was written in another block."""
        return any(setting is theirs for ancestor in self.ancestors for theirs in ancestor.settings)

    def origin(self, setting: ast.Setting) -> str:
        """Returns where a setting in force here was written, as an addition to what is said of it."""
        lineage = (self.block, *self.ancestors)
        block = next((block for block in lineage if any(setting is own for own in block.settings)), None)
        if block is self.block:
            return ""
        return " (set on the command line)" if block is None else f" (inherited from `{block.name.text}`)"


@dataclass(frozen=True)
class Scope:
    """All that a study's files define, by name; parents before what inherits from them."""

    definitions: dict[str, Definition]
    lets: dict[str, ast.Let]


def scope(file: ast.File, assignments: Sequence[ast.Assignment]) -> tuple[Scope, list[Diagnostic]]:
    """Returns what a file and its imports, taken as one, define, and what is wrong with names and parents.

    Assignments replace what the file says.
    """
    diagnostics: list[Diagnostic] = []
    known: dict[str, ast.Block | ast.Let] = {}
    for named in (*file.blocks, *file.lets):
        if isinstance(named, ast.Block) and named.kind.text not in KINDS:
            diagnostics.append(unknown("unknown-block", "kind of block", named.kind.text, named.kind.span, KINDS))
        elif not (problems := list(_name_problems(named, known))):
            known[named.name.text] = named
        else:
            diagnostics.extend(problems)
    blocks = {name: named for name, named in known.items() if isinstance(named, ast.Block)}
    lets = {name: named for name, named in known.items() if isinstance(named, ast.Let)}
    assigned, problems = _assigned(assignments, blocks, lets)
    diagnostics.extend(problems)
    resolved: dict[str, Definition] = {}
    for name in blocks:
        diagnostics.extend(_resolve(name, blocks, assigned, resolved))
    return Scope(resolved, lets), diagnostics


def _name_problems(named: ast.Block | ast.Let, known: Mapping[str, ast.Block | ast.Let]) -> Iterator[Diagnostic]:
    name = named.name
    if name.text in known:
        yield _twice(
            f"{'block' if isinstance(named, ast.Block) else 'value'} `{name.text}`", name, known[name.text].name
        )
    if "." in name.text:
        yield Diagnostic(
            "dotted-name",
            f"`{name.text}` has a dot, which stands between a block and one of its settings",
            Label(name.span, "the name of a block or a value"),
            help=f"write `{name.text.replace('.', '_')}`",
        )


def _assigned(
    assignments: Sequence[ast.Assignment], blocks: Mapping[str, ast.Block], lets: dict[str, ast.Let]
) -> tuple[dict[str, Settings], list[Diagnostic]]:
    """Returns the settings that assignments make, by block; those of named values replace them in `lets`."""
    by_block: dict[str, Settings] = {}
    problems: list[Diagnostic] = []
    for assignment in assignments:
        target, value = assignment.target, assignment.value
        block, _, path = target.text.partition(".")
        if block in blocks and path:
            name = ast.Name(replace(target.span, start=target.span.start + len(block) + 1), path)
            by_block.setdefault(block, {})[path] = (ast.Setting(assignment.span, name, value),)
        elif target.text in lets:
            lets[target.text] = ast.Let(assignment.span, target, value)
        else:
            problems.append(_nothing_to_assign(target, blocks, lets))
    return by_block, problems


def _nothing_to_assign(target: ast.Name, blocks: Iterable[str], lets: Iterable[str]) -> Diagnostic:
    block, dot, path = target.text.partition(".")
    if not dot and block in blocks:
        return Diagnostic(
            "incomplete-path",
            f"`{block}` is a block; `--set` changes one of its settings",
            Label(target.span, "which setting?"),
            help=f"write, for example, `--set {block}.batch=...`",
        )
    span = replace(target.span, end=target.span.start + len(block))
    return unknown("unknown-name", "block" if path else "block or value", block, span, [*blocks, *lets])


def _resolve(
    name: str, blocks: dict[str, ast.Block], assigned: Mapping[str, Settings], resolved: dict[str, Definition]
) -> Iterable[Diagnostic]:
    """Adds `name` and its ancestors to `resolved`, oldest first."""
    lineage: dict[str, ast.Block] = {}
    block: ast.Block | None = blocks[name]
    while block is not None and block.name.text not in resolved:
        if block.name.text in lineage:
            yield _cycle(block)
            break
        lineage[block.name.text] = block
        block, problem = _parent(block, blocks)
        if problem is not None:
            yield problem
    for block in reversed(lineage.values()):
        parent = resolved.get(block.parent.text) if block.parent else None
        if parent and parent.kind != block.kind.text:
            parent = None
        own, problems = _own_settings(block)
        yield from problems
        if parent and len(parent.ancestors) >= DEEPEST:
            yield _too_many_generations(block)
            parent = None
        complete = parent.complete if parent else block.parent is None
        own |= assigned.get(block.name.text, {})
        in_force = (_inherited(parent, own) if parent else {}) | own
        ancestors = (parent.block, *parent.ancestors) if parent else ()
        resolved[block.name.text] = Definition(block, in_force, complete, ancestors)


def _inherited(parent: Definition, own: Settings) -> Settings:
    """Returns what is inherited: not the arguments of words that the block replaces as a whole, nor what the
    parent should not have."""
    known = {setting.name for setting in settings(parent.schema_class)} | REPEATABLE
    roots = {name: name.partition(".")[0] for name in parent.settings}
    return {
        name: lines
        for name, lines in parent.settings.items()
        if roots[name] in known and (name == roots[name] or roots[name] not in own)
    }


def _too_many_generations(block: ast.Block) -> Diagnostic:
    return Diagnostic(
        "nesting-too-deep",
        f"blocks inherit from each other more than {DEEPEST} deep",
        Label((block.parent or block.name).span, "one generation too many"),
        help="inherit from a block nearer to the first",
    )


def _parent(block: ast.Block, blocks: dict[str, ast.Block]) -> tuple[ast.Block | None, Diagnostic | None]:
    if block.parent is None:
        return None, None
    parent = blocks.get(block.parent.text)
    if parent is None:
        same_kind = [name for name, other in blocks.items() if other.kind.text == block.kind.text]
        return None, unknown("unknown-parent", block.kind.text, block.parent.text, block.parent.span, same_kind)
    if parent.kind.text != block.kind.text:
        return None, Diagnostic(
            "parent-kind",
            f"a {block.kind.text} cannot inherit from the {parent.kind.text} `{parent.name.text}`",
            Label(block.parent.span, f"this is a {parent.kind.text}"),
            (Label(parent.name.span, "defined here"),),
            help=f"name another {block.kind.text} after `from`",
        )
    return parent, None


def _own_settings(block: ast.Block) -> tuple[dict[str, tuple[ast.Setting, ...]], list[Diagnostic]]:
    own: dict[str, tuple[ast.Setting, ...]] = {}
    problems: list[Diagnostic] = []
    for setting in block.settings:
        name = setting.name.text
        if name in own and name not in REPEATABLE:
            problems.append(_twice(f"setting `{name}`", setting.name, own[name][0].name))
        else:
            own[name] = (*own.get(name, ()), setting)
    return own, problems


def _twice(what: str, second: ast.Name, first: ast.Name) -> Diagnostic:
    return Diagnostic(
        "defined-twice",
        f"{what} is defined twice",
        Label(second.span, "defined again here"),
        (Label(first.span, "first defined here"),),
        help="remove one of them or give it another name",
    )


def _cycle(block: ast.Block) -> Diagnostic:
    place = block.parent or block.name
    return Diagnostic(
        "inheritance-cycle",
        f"block `{block.name.text}` inherits from itself",
        Label(place.span, "the chain of `from` comes back here"),
        help="remove one `from` of the chain",
    )
