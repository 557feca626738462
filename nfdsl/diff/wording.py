"""What two specs say differently, setting by setting, in their own words."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from nfdsl.check.scope import Definition
from nfdsl.check.study import Study
from nfdsl.schema.setting import Setting, settings
from nfdsl.show.structure import DEFAULTS, Structure, default_value, structure_of
from nfdsl.syntax import ast
from nfdsl.syntax.format import one_line
from nfdsl.syntax.meaning import same_meaning


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


def let_changes(old: Sequence[ast.Let], new: Sequence[ast.Let]) -> Iterator[Change]:
    """Yields what changes of named values: the name stands in place of a block's."""
    was, will = (
        {let.name.text: let.value for let in lets if not isinstance(let.value, ast.Unreadable)} for lets in (old, new)
    )
    for name in dict.fromkeys([*was, *will]):
        if name not in was or name not in will or not same_meaning(was[name], will[name]):
            sides = [_said(values[name]) if name in values else None for values in (was, will)]
            yield Change("let", name, "", sides[0], sides[1])


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
        for name_of_setting, here in _settings(old, new):
            owner = _owner(name_of_setting, old, new, one, other)
            if here and owner not in (None, name):
                heirs.setdefault((str(owner), name_of_setting), []).append(name)
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


def _owner(root: str, old: Definition, new: Definition, one: Study, other: Study) -> str | None:
    """Returns the block of both studies that all lines about a setting are from, if there is one."""
    owners = _authors(root, old, one) | _authors(root, new, other)
    (owner,) = owners if len(owners) == 1 else (None,)
    return owner if owner in one.blocks and owner in other.blocks else None


def _authors(root: str, definition: Definition, study: Study) -> set[str]:
    """Returns the blocks that wrote what a definition says of a setting and its arguments."""
    blocks = [block.definition.block for block in study.blocks.values()]
    return {
        block.name.text
        for name, lines in definition.settings.items()
        if name.partition(".")[0] == root
        for block in blocks
        if any(own is line for line in lines for own in block.settings)
    }


def _settings(old: Definition, new: Definition) -> Iterator[tuple[str, Sequence[Change]]]:
    """Yields each setting that either definition has, with what changes of it and of its arguments."""
    known = {setting.name: setting for each in (old, new) for setting in settings(each.schema_class)}
    roots = dict.fromkeys([*known, *(name.partition(".")[0] for name in [*old.settings, *new.settings])])
    for root in roots:
        lines = [definition.settings.get(root, ()) for definition in (old, new)]
        if root in known and len(lines[0]) <= 1 and len(lines[1]) <= 1:
            values = [_value(found[0]) if found else default_value(known[root]) for found in lines]
            yield root, list(_Pair(old, new).changes(known[root], root, values[0], values[1]))
        else:
            yield root, list(_lines_changed(root, lines[0], lines[1], new))


def _lines_changed(
    root: str, old: Sequence[ast.Setting], new: Sequence[ast.Setting], block: Definition
) -> Iterator[Change]:
    """Yields what changes of a setting that may be written several times: what goes, then what comes."""
    gone, come = [[_value(line) for line in lines] for lines in (old, new)]
    for value in (value for value in gone if not any(same_meaning(value, kept) for kept in come)):
        yield Change(block.kind, block.name, root, _said(value), None)
    for value in (value for value in come if not any(same_meaning(value, kept) for kept in gone)):
        yield Change(block.kind, block.name, root, None, _said(value))


@dataclass(frozen=True)
class _Pair:
    """One block before and after."""

    old: Definition
    new: Definition

    def changes(self, setting: Setting, path: str, old: ast.Value | None, new: ast.Value | None) -> Iterator[Change]:
        """Yields where two values of a setting differ: in arguments, if they are the same word, or as a whole."""
        dotted = [name for name in [*self.old.settings, *self.new.settings] if name.startswith(f"{path}.")]
        if old is not None and new is not None:
            was, will = (structure_of(value, setting) for value in (old, new))
            if was is not None and will is not None and was.schema_class is will.schema_class:
                for part in settings(was.schema_class):
                    below = f"{path}.{part.name}"
                    parts = self._part(self.old, was, part, below), self._part(self.new, will, part, below)
                    yield from self.changes(part, below, *parts)
                return
        if (old is None) != (new is None) or (old is not None and new is not None and not same_meaning(old, new)):
            yield self._change(path, old, new)
        for name in dict.fromkeys(dotted):
            lines = [definition.settings.get(name) for definition in (self.old, self.new)]
            values = [_value(found[0]) if found else None for found in lines]
            if values[0] is None or values[1] is None or not same_meaning(values[0], values[1]):
                yield self._change(name, values[0], values[1])

    def _part(self, definition: Definition, structure: Structure, part: Setting, path: str) -> ast.Value | None:
        """Returns what a definition says of an argument: on a line of its own, in the word, or nothing."""
        if path in definition.settings:
            return _value(definition.settings[path][0])
        return structure.values.get(part.name) or default_value(part)

    def _change(self, path: str, old: ast.Value | None, new: ast.Value | None) -> Change:
        return Change(self.new.kind, self.new.name, path, _said(old), _said(new))


def _value(line: ast.Setting) -> ast.Value:
    assert not isinstance(line.value, ast.Unreadable)
    return line.value


def _said(value: ast.Value | None) -> Said:
    return Said("default") if value is None else Said(one_line(value), *_place(value))


def _place(node: ast.Value | ast.Block) -> tuple[str | None, int | None]:
    source = node.span.source
    return (source.name, source.position(node.span.start).line) if source.name != DEFAULTS else (None, None)
