"""What two specs say differently, setting by setting, in their own words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nfdsl.check.scope import Definition
from nfdsl.check.study import Study
from nfdsl.schema.blocks import KINDS, Block
from nfdsl.schema.setting import Setting, settings
from nfdsl.show.structure import structure_of
from nfdsl.show.written import Writer
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.format import one_line
from nfdsl.syntax.meaning import same_meaning
from nfdsl.syntax.parse import parse

_DEFAULT = ""  # in place of the name of a file


@dataclass(frozen=True)
class Said:
    """The text of a value, and where it begins; a default stands nowhere."""

    text: str
    file: str | None = None
    line: int | None = None


@dataclass(frozen=True)
class Change:
    """A setting that has another value, or a block that is there in only one of the specs."""

    kind: str
    block: str
    setting: str  # "optimizer.momentum"; empty where the whole block comes or goes
    old: Said | None  # None where the block is not there
    new: Said | None
    heirs: tuple[str, ...] = ()  # blocks that inherit the setting, and the change


def changes(one: Study, other: Study) -> Sequence[Change]:
    """Returns what changes from one study to another, block by block in their order, then by setting.

    Only meaning counts: spaces, comments, order and defaults that are spelled out are no changes. What
    a block inherits is told of the block it inherits from.
    """
    found: list[Change] = []
    heirs: dict[tuple[str, str], list[str]] = {}
    for name in dict.fromkeys([*one.blocks, *other.blocks]):
        old, new = (study.blocks[name].definition if name in study.blocks else None for study in (one, other))
        if old is None or new is None or old.kind != new.kind:
            found += [Change(old.kind, name, "", _header(old), None)] if old else []
            found += [Change(new.kind, name, "", None, _header(new))] if new else []
            continue
        for setting in settings(KINDS[old.kind][0]):
            here = list(_setting(setting, old, new))
            owner = _owner(setting.name, old, new, one, other)
            if here and owner not in (None, name):
                heirs.setdefault((str(owner), setting.name), []).append(name)
            else:
                found += here
    return [
        replace(change, heirs=tuple(heirs.get((change.block, change.setting.partition(".")[0]), ())))
        for change in found
    ]


def _header(definition: Definition) -> Said:
    block = definition.block
    parent = f" from {block.parent.text}" if block.parent else ""
    return Said(f"{definition.kind} {definition.name}{parent}", *_place(block))


def _owner(name: str, old: Definition, new: Definition, one: Study, other: Study) -> str | None:
    """Returns the block of both studies that both definitions have a setting from, if it is one."""
    owners = {_author(name, old, one), _author(name, new, other)} - {None}
    (owner,) = owners if len(owners) == 1 else (None,)
    return owner if owner in one.blocks and owner in other.blocks else None


def _author(name: str, definition: Definition, study: Study) -> str | None:
    """Returns the block that wrote a setting, None for a default."""
    if name not in definition.settings:
        return None
    line = definition.settings[name][0]
    blocks = [block.definition.block for block in study.blocks.values()]
    return next(block.name.text for block in blocks if any(own is line for own in block.settings))


def _setting(setting: Setting, old: Definition, new: Definition) -> Iterator[Change]:
    lines = [definition.settings.get(setting.name, ()) for definition in (old, new)]
    if len(lines[0]) <= 1 and len(lines[1]) <= 1:
        pair = [_value(found[0]) if found else _default(setting) for found in lines]
        yield from _value_changes(setting, setting.name, pair[0], pair[1], new)
        return
    # A setting that may be written several times: what went, then what came.
    values = [[_value(line) for line in found] for found in lines]
    for value in (value for value in values[0] if not any(same_meaning(value, kept) for kept in values[1])):
        yield Change(new.kind, new.name, setting.name, _said(value), None)
    for value in (value for value in values[1] if not any(same_meaning(value, kept) for kept in values[0])):
        yield Change(new.kind, new.name, setting.name, None, _said(value))


def _value_changes(
    setting: Setting, path: str, old: ast.Value | None, new: ast.Value | None, block: Definition
) -> Iterator[Change]:
    """Yields where two values differ: in arguments, if they are the same word, or as a whole."""
    if old is not None and new is not None:
        if same_meaning(old, new):
            return
        was, will = (
            structure_of(value, setting.annotation, setting.description) if not isinstance(value, ast.Grid) else None
            for value in (old, new)
        )
        if was is not None and will is not None and was.schema_class is will.schema_class:
            for part in settings(was.schema_class):
                parts = [found.values.get(part.name) or _default(part) for found in (was, will)]
                yield from _value_changes(part, f"{path}.{part.name}", parts[0], parts[1], block)
            return
    if old is not None or new is not None:
        yield Change(block.kind, block.name, path, _said(old), _said(new))


def _value(line: ast.Setting) -> ast.Value:
    assert not isinstance(line.value, ast.Unreadable)
    return line.value


def _default(setting: Setting) -> ast.Value | None:
    """Returns a default as if it were written; None for what cannot be, such as the default hardware."""
    if setting.default == () or isinstance(setting.default, Block):
        return None
    text = Writer().written(setting.default, setting)
    return _value(parse(Source(_DEFAULT, f"_ _ {{ {setting.name} {text} }}")).file.blocks[0].settings[0])


def _said(value: ast.Value | None) -> Said:
    return Said("default") if value is None else Said(one_line(value), *_place(value))


def _place(node: ast.Value | ast.Block) -> tuple[str | None, int | None]:
    source = node.span.source
    return (source.name, source.position(node.span.start).line) if source.name != _DEFAULT else (None, None)
