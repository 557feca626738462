"""A study with nothing left unsaid: every setting of every block, and where each comes from."""

from collections.abc import Iterator
from dataclasses import dataclass

from nfdsl.check.scope import Definition
from nfdsl.check.study import Study
from nfdsl.schema.blocks import KINDS, Block
from nfdsl.schema.setting import Setting, settings
from nfdsl.show.completed import completed
from nfdsl.show.written import Writer, docstring
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.format import formatted

_WRITER = Writer()


def shown(study: Study) -> str:
    """Returns a spec in the one style that means the same as `study` and leaves nothing to defaults.

    Values keep their author's words. A comment behind each setting says where it comes from: a line of
    the spec, with the block for inherited ones, or the schema; and which of the arguments inside it do.
    """
    parts = [docstring(study.docstring)] if study.docstring else []
    blocks = sorted((block.definition for block in study.blocks.values()), key=lambda found: found.block.span.start)
    parts += ["\n".join(_Shown(definition, study).lines()) for definition in blocks]
    text = formatted(Source("", "\n\n".join(parts)))
    assert text is not None
    return text


@dataclass(frozen=True)
class _Shown:
    """One block of a study, to be shown."""

    definition: Definition
    study: Study

    def lines(self) -> Iterator[str]:
        """Yields the block's settings in its author's order, then those of the schema it leaves out."""
        known = {setting.name: setting for setting in settings(KINDS[self.definition.kind][0])}
        written = self.definition.settings
        yield f"{self.definition.kind} {self.definition.name} {{"
        for name, lines in written.items():
            yield from (self._written(known[name], line) for line in lines)
        yield from (_default(setting) for name, setting in known.items() if name not in written)
        yield "}"

    def _written(self, setting: Setting, line: ast.Setting) -> str:
        assert not isinstance(line.value, ast.Unreadable)
        value = completed(line.value, setting)
        added = f"; default: {', '.join(value.added)}" if value.added else ""
        return f"{setting.name} {value.text}  # {self._origin(line)}{added}"

    def _origin(self, line: ast.Setting) -> str:
        number = line.span.source.position(line.span.start).line
        blocks = [block.definition.block for block in self.study.blocks.values()]
        owner = next(block for block in blocks if any(own is line for own in block.settings))
        return f"line {number}" if owner is self.definition.block else f"from {owner.name.text}, line {number}"


def _default(setting: Setting) -> str:
    """Returns the line for a setting the spec does not mention: a comment where no text could say it."""
    default = setting.default
    if default == ():
        return f"# {setting.name}: none"
    if isinstance(default, Block):
        return f"# {setting.name}: default ({_WRITER.block(default)})"
    source = f" ({setting.description.source})" if setting.description.source else ""
    return f"{setting.name} {_WRITER.written(default, setting)}  # default{source}"
