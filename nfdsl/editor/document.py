"""One version of one open file, and what is known of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePath

from nfdsl.check.scope import Definition, Scope, scope
from nfdsl.check.study import check
from nfdsl.diagnose import Planned, planned_of
from nfdsl.diagnostics import Diagnostic
from nfdsl.editor.uses import NameUse, Use, let_uses, use_at, uses
from nfdsl.plan import Plan, plan
from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.load import Loaded, load
from nfdsl.syntax.parse import Parsed, parse


@dataclass(frozen=True, eq=False)
class Document:
    """What a source says, worked out as far as it is asked for, and once."""

    source: Source
    unsaved: Mapping[Path, str] = field(default_factory=dict[Path, str])  # other files' texts, by their real paths

    @cached_property
    def parsed(self) -> Parsed:
        return parse(self.source)

    @cached_property
    def _loaded(self) -> Loaded:
        return load(self.source, self.unsaved)

    @cached_property
    def _scope(self) -> Scope:
        return scope(self._loaded.file, ())[0]

    @property
    def definitions(self) -> Mapping[str, Definition]:
        """The blocks that can be referred to, by name, those of imported files too."""
        return self._scope.definitions

    @cached_property
    def families(self) -> Mapping[str, str]:
        """The family that each block is of, by its name."""
        return {name: definition.schema_class.word for name, definition in self.definitions.items()}

    @property
    def lets(self) -> Mapping[str, ast.Let]:
        """The named values that can be referred to, by name."""
        return self._scope.lets

    @cached_property
    def uses(self) -> Sequence[Use]:
        """What each word of this file is."""
        return self._uses_in(self.parsed.file)

    @cached_property
    def all_uses(self) -> Sequence[Use]:
        """What each word is of this file and of those it imports."""
        file = self._loaded.file
        blocks = tuple(block for block in file.blocks if block.span.source is not self.source)
        lets = tuple(let for let in file.lets if let.span.source is not self.source)
        return [*self.uses, *self._uses_in(ast.File(file.span, None, blocks, lets))]

    def _uses_in(self, file: ast.File) -> Sequence[Use]:
        found = [use for block in file.blocks for use in uses(block, self.lets, self.families.get(block.name.text, ""))]
        return [*found, *(use for let in file.lets for use in let_uses(let))]

    @property
    def files(self) -> Mapping[Path, Source]:
        """This file and those it imports, by their real paths."""
        return {Path(source.name).resolve(): source for source in self._loaded.sources}

    def imported_at(self, offset: int) -> Source | None:
        """Returns the file that is imported by the line at an offset, if it could be read."""
        paths = (each.path for each in self.parsed.file.imports)
        path = next((path for path in paths if path.span.start <= offset <= path.span.end), None)
        if path is None:
            return None
        wanted = (Path(self.source.name).parent / path.text).resolve()
        return next((source for source in self._loaded.sources if Path(source.name).resolve() == wanted), None)

    def at(self, offset: int) -> tuple[Use, Span] | None:
        """Returns the innermost use at an offset, and its place."""
        return use_at(self.uses, offset)

    def defined(self, name: str) -> Span | None:
        """Returns where a block or a value gets its name."""
        named = self.definitions[name].block if name in self.definitions else self.lets.get(name)
        return named.name.span if named else None

    def overridden(self, block: str, setting: str) -> ast.Setting | None:
        """Returns the setting a block would have inherited had it not set its own."""
        parent = self.definitions[block].block.parent if block in self.definitions else None
        inherited = self.definitions.get(parent.text) if parent else None
        return inherited.settings.get(setting, (None,))[0] if inherited else None

    @cached_property
    def _checked(self) -> tuple[Planned | None, list[Diagnostic]]:
        return planned_of(self._loaded, PurePath(self.source.name).stem, ())

    @property
    def diagnostics(self) -> Sequence[Diagnostic]:
        """Everything that is wrong, be it in this file or in one it needs."""
        return self._checked[1]

    def plan_of(self, block: str) -> Plan | None:
        """Returns the plan of the study, or of a block and what it needs if something else is wrong; else none."""
        if self._checked[0] is not None:
            return self._checked[0].plan
        needed = [self.definitions[name].block for name in self._needed(block)]
        if not needed:
            return None
        study, _ = check(ast.File(self.parsed.file.span, None, tuple(needed), tuple(self.lets.values())), ())
        return plan(study, block)[0] if study else None

    def plan_with(self, block: str) -> Plan | None:
        """Returns a plan with runs that need a block, if there is one: the study's, else that of one training block."""
        if self._checked[0] is not None:
            return self._checked[0].plan
        training = (name for name, other in self.definitions.items() if other.kind in ("pretrain", "finetune"))
        plans = (self.plan_of(name) for name in training if block in self._needed(name))
        return next((found for found in plans if found is not None), None)

    def _needed(self, block: str) -> Sequence[str]:
        """Returns a block and every block it refers to, whatever it takes to get there."""
        needed, ahead = dict[str, None](), [block]
        while ahead:
            name = ahead.pop()
            if name in self.definitions and name not in needed:
                needed[name] = None
                found = uses(self.definitions[name].block, self.lets, self.families[name])
                ahead += [use.name for use in found if isinstance(use, NameUse) and not use.defines]
        return list(needed)
