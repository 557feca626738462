"""A study with nothing left unsaid: every setting of every block, and where each comes from."""

from collections.abc import Iterator
from dataclasses import dataclass

from nfdsl.check.scope import Definition
from nfdsl.check.study import Study
from nfdsl.schema.blocks import Block
from nfdsl.schema.setting import Setting, settings
from nfdsl.show.completed import Completed, Overrides, completed
from nfdsl.show.structure import default_value
from nfdsl.show.unsayable import MARK, sayable
from nfdsl.show.written import Writer
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.format import formatted


def shown(study: Study, source: Source) -> str:
    """Returns the spec that `source` is, in the one style, with blocks that inherit nothing and default to nothing.

    It means the same. Values keep their author's words, and what stands outside of blocks is kept. A comment
    behind each setting says where it comes from: a line of the spec, with the block for inherited ones, or the
    schema; and where its arguments do, if that is elsewhere.
    """
    definitions = [block.definition for block in study.blocks.values() if block.definition.block.span.source is source]
    text, at = "", 0
    for definition in sorted(definitions, key=lambda found: found.block.span.start):
        span = definition.block.span
        text += source.text[at : span.start] + "\n".join(_Shown(definition, study, source).lines())
        at = span.end
    result = formatted(sayable(Source(source.name, text + source.text[at:])))
    assert result is not None
    return result


@dataclass(frozen=True)
class _Shown:
    """One block of a study, to be shown."""

    definition: Definition
    study: Study
    source: Source

    def lines(self) -> Iterator[str]:
        """Yields the block's settings in its author's order, then those of the schema it leaves out."""
        known = {setting.name: setting for setting in settings(self.definition.schema_class)}
        written = self.definition.settings
        yield f"{self.definition.kind} {self.definition.name} {{"
        for name, lines in written.items():
            if name in known:
                yield from (self._setting(known[name], line) for line in lines)
            elif name not in self._merged(known):
                yield from (f"{name} {_value(line).span.text}  # {self._origin(line)}" for line in lines)
        yield from (self._setting(setting, None) for name, setting in known.items() if name not in written)
        yield "}"

    def _setting(self, setting: Setting, line: ast.Setting | None) -> str:
        """Returns a setting with all that is said of it on other lines; a comment where no text could say it."""
        if line is None and setting.default == ():
            return f"# {setting.name}: none"
        if line is None and isinstance(setting.default, Block):
            return f"# {setting.name}: default ({Writer().block(setting.default)})"
        value = self._completed(setting, line)
        text = f"{setting.name} {value.text}"
        elsewhere = [f"{path}: {self._origin(self._line(f'{setting.name}.{path}'))}" for path in value.overridden]
        if line is None:
            source = [setting.description.source] if setting.description.source else []
            return "; ".join([f"{text}{MARK}", *source, *elsewhere])
        defaults = [f"default: {', '.join(value.defaults)}"] if value.defaults else []
        return "; ".join([f"{text}  # {self._origin(line)}", *elsewhere, *defaults])

    def _completed(self, setting: Setting, line: ast.Setting | None) -> Completed:
        value = _value(line) if line else default_value(setting)
        assert value is not None
        return completed(value, setting, self._overrides(setting.name))

    def _overrides(self, root: str) -> Overrides:
        """Returns what lines with dotted names say of a setting's arguments."""
        dotted = [name for name in self.definition.settings if name.startswith(f"{root}.")]
        return {name.removeprefix(f"{root}."): _value(self._line(name)) for name in dotted}

    def _merged(self, known: dict[str, Setting]) -> set[str]:
        """Returns the dotted names whose values go into the values they change."""
        merged: set[str] = set()
        for name in {dotted.partition(".")[0] for dotted in self.definition.settings if "." in dotted}:
            line = next(iter(self.definition.settings.get(name, ())), None)
            merged |= {f"{name}.{path}" for path in self._completed(known[name], line).overridden}
        return merged

    def _line(self, name: str) -> ast.Setting:
        return self.definition.settings[name][0]

    def _origin(self, line: ast.Setting) -> str:
        source, number = line.span.source, line.span.source.position(line.span.start).line
        place = f"line {number}" if source is self.source else f"{source.name}:{number}"
        blocks = [block.definition.block for block in self.study.blocks.values()]
        owner = next((block for block in blocks if any(own is line for own in block.settings)), self.definition.block)
        return place if owner is self.definition.block else f"from {owner.name.text}, {place}"


def _value(line: ast.Setting) -> ast.Value:
    assert not isinstance(line.value, ast.Unreadable)
    return line.value
