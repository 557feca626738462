"""Dotted settings, which override one argument of a word: ``optimizer.weight_decay 1e-5``."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nfdsl.check.names import unknown
from nfdsl.check.rejected import Rejected
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.schema.setting import Setting
from nfdsl.source import Span
from nfdsl.syntax import ast


@dataclass(frozen=True)
class Overrides:
    """The arguments that lines of a block override, by path (``optimizer.weight_decay``)."""

    lines: Mapping[str, ast.Setting]
    block: Span  # the block whose values are evaluated
    span: Span  # what to blame for too many points: the block's name
    used: set[str] = field(default_factory=set[str])

    def below(self, path: str) -> set[str]:
        """Returns the first word of each override below a path."""
        prefix = f"{path}."
        return {line[len(prefix) :].partition(".")[0] for line in self.lines if line.startswith(prefix)}

    def take(self, path: str) -> ast.Setting | None:
        """Returns the line that overrides the argument at a path, if any, which then counts as used."""
        if path in self.lines:
            self.used.add(path)
        return self.lines.get(path)

    def on_top_of(self, inner: Mapping[str, ast.Setting], path: str) -> "Overrides":
        """Returns these after those of the block that a value at `path` comes from."""
        return replace(self, lines={f"{path}.{below}": line for below, line in inner.items()} | dict(self.lines))

    def refuse_second(self, path: str, argument: ast.Value) -> None:
        """Raises `Rejected` where one block both writes an argument in its place and overrides it."""
        line = self.lines.get(path)
        if line is None or not (_within(line.span, self.block) and _within(argument.span, self.block)):
            return
        raise Rejected(
            Diagnostic(
                "defined-twice",
                f"`{path}` is given twice",
                Label(line.name.span, "given again here"),
                (Label(argument.span, "first given here"),),
                help="remove one of them",
            )
        )

    def refuse_unknown(self, path: str, word: str, fields: Sequence[Setting]) -> None:
        """Raises `Rejected` where an argument is overridden that the word at `path` does not have."""
        names = {item.name for item in fields}
        wrong = [(name, span) for name, span in self._words_below(path) if name not in names]
        if wrong:
            what = f"setting of `{word}`"
            raise Rejected(*(unknown("unknown-setting", what, name, span, names) for name, span in wrong))

    def refuse_unused(self, root: str, written: Sequence[ast.Setting]) -> None:
        """Raises `Rejected` where a line below the setting `root` overrides nothing."""
        unused = [line for path, line in self.lines.items() if path.startswith(f"{root}.") and path not in self.used]
        if unused:
            raise Rejected(*(_overrides_nothing(line, written) for line in unused))

    def _words_below(self, path: str) -> Iterator[tuple[str, Span]]:
        """Yields the word right below a path and its place, for each line that has one."""
        for full, line in self.lines.items():
            if full.startswith(f"{path}."):
                rest = full[len(path) + 1 :]
                name = rest.partition(".")[0]
                start = line.name.span.end - len(rest)  # the line may be of another block, where the path differs
                yield name, replace(line.name.span, start=start, end=start + len(name))


def _within(span: Span, block: Span) -> bool:
    return span.source is block.source and block.start <= span.start and span.end <= block.end


def _overrides_nothing(line: ast.Setting, written: Sequence[ast.Setting]) -> Diagnostic:
    root = line.name.text.partition(".")[0]
    said = tuple(Label(setting.span, "this has no such argument") for setting in written[:1])
    return Diagnostic(
        "overrides-nothing",
        f"`{line.name.text}` changes nothing, as `{root}` has no such argument"
        if said
        else f"`{line.name.text}` changes nothing: `{root}` is not set",
        Label(line.name.span, "no argument to change"),
        said,
        help=f"write the whole of `{root}`; a dotted name changes one argument of a word such as `sgd(momentum: 0.9)`",
    )
