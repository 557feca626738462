"""Blocks by name, with what each inherits.

A definition holds every setting that is in force in a block, its own or inherited; a setting
keeps the span of the line that wrote it, so an error points there whoever inherited it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from nfdsl.check.names import unknown
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.blocks import KINDS
from nfdsl.syntax import ast

REPEATABLE = {"figure"}  # settings that may be written several times in one block


@dataclass(frozen=True)
class Definition:
    """One block with inheritance resolved; settings by name, in the order written."""

    block: ast.Block
    settings: dict[str, tuple[ast.Setting, ...]]
    complete: bool  # False where a parent could not be found: what is missing may be the parent's

    @property
    def kind(self) -> str:
        return self.block.kind.text

    @property
    def name(self) -> str:
        return self.block.name.text


def definitions(file: ast.File) -> tuple[dict[str, Definition], list[Diagnostic]]:
    """Returns the blocks of a file by name, and what is wrong with their names and parents."""
    diagnostics: list[Diagnostic] = []
    blocks: dict[str, ast.Block] = {}
    for block in file.blocks:
        if block.kind.text not in KINDS:
            diagnostics.append(unknown("unknown-block", "kind of block", block.kind.text, block.kind.span, KINDS))
        elif block.name.text in blocks:
            diagnostics.append(_twice(f"block `{block.name.text}`", block.name, blocks[block.name.text].name))
        else:
            blocks[block.name.text] = block
    resolved: dict[str, Definition] = {}
    for name in blocks:
        diagnostics.extend(_resolve(name, blocks, resolved))
    return resolved, diagnostics


def _resolve(name: str, blocks: dict[str, ast.Block], resolved: dict[str, Definition]) -> Iterable[Diagnostic]:
    """Adds `name` and its ancestors to `resolved`, oldest first."""
    lineage: list[ast.Block] = []
    block: ast.Block | None = blocks[name]
    while block is not None and block.name.text not in resolved:
        if block in lineage:
            yield _cycle(block)
            break
        lineage.append(block)
        block, problem = _parent(block, blocks)
        if problem is not None:
            yield problem
    for block in reversed(lineage):
        parent = resolved.get(block.parent.text) if block.parent else None
        if parent and parent.kind != block.kind.text:
            parent = None
        own, problems = _own_settings(block)
        yield from problems
        complete = parent.complete if parent else block.parent is None
        resolved[block.name.text] = Definition(block, (parent.settings if parent else {}) | own, complete)


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
