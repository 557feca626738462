"""A spec with all the files it imports, read as one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path, PurePath

from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.source import Source, Unreadable, read, reason
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse

MOST = 1000  # files
_ALL_SAVED: Mapping[Path, str] = {}


@dataclass(frozen=True)
class Loaded:
    """A spec and its imports.

    `file` holds the statements of every file, the spec's own first. `sources` are their texts, in that order.
    """

    file: ast.File
    sources: tuple[Source, ...]
    diagnostics: tuple[Diagnostic, ...]
    every_block: bool  # False where a block or a whole file was left out, so that names may seem unknown


def load(source: Source, unsaved: Mapping[Path, str] = _ALL_SAVED) -> Loaded:
    """Returns a spec and the files it imports, and what is wrong with their syntax and with the imports.

    Imports are looked for below the folder of the file that the source is named after.

    Args:
      source: the spec.
      unsaved: texts that stand for those of files, by the files' real paths: what an editor has not saved yet.
    """
    loader = _Loader(source, unsaved)
    loader.read_all()
    loader.refuse_cycle()
    files = list(loader.files.values())
    merged = ast.File(
        files[0].span,
        files[0].docstring,
        tuple(block for file in files for block in file.blocks),
        tuple(let for file in files for let in file.lets),
        tuple(each for file in files for each in file.imports),
    )
    sources = tuple(file.span.source for file in files)
    return Loaded(merged, sources, tuple(loader.diagnostics), loader.every_block)


class _Refused(Exception):
    """An import that is not followed; the message says why, for people, and may be followed by advice."""

    def __init__(self, code: str, why: str, advice: str) -> None:
        super().__init__(why)
        self.code, self.why, self.advice = code, why, advice


class _Loader:
    """Reads files in the order in which imports name them, each once."""

    def __init__(self, source: Source, unsaved: Mapping[Path, str]) -> None:
        self._unsaved = unsaved
        self.diagnostics: list[Diagnostic] = []
        self.every_block = True
        self._root = source.folder
        spec = self._root / Path(source.name).name
        self._waiting: list[tuple[Path, Source]] = [(spec, source)]
        self._known = {spec}
        self._imports: dict[Path, dict[Path, ast.ImportFile]] = {}
        self.files: dict[Path, ast.File] = {}

    def read_all(self) -> None:
        for path, source in self._waiting:  # grows meanwhile
            parsed = parse(source)
            self.files[path] = parsed.file
            self.diagnostics.extend(parsed.diagnostics)
            self.every_block = self.every_block and parsed.every_block
            self._imports[path] = {}
            for each in parsed.file.imports:
                self._follow(path, source, each)

    def _follow(self, importer: Path, source: Source, each: ast.ImportFile) -> None:
        try:
            path = self._allowed(importer, each.path.text)
            if path not in self._known:
                if len(self._waiting) >= MOST:
                    raise _Refused("too-many-imports", f"this is file {MOST + 1:,} of the study", "import fewer files")
                self._waiting.append((path, self._source(path, source, each.path.text)))
                self._known.add(path)
            self._imports[importer].setdefault(path, each)
        except _Refused as refused:
            self.every_block = False
            self.diagnostics.append(
                Diagnostic(
                    refused.code,
                    f"`{each.path.text}` cannot be imported: {refused.why}",
                    Label(each.path.span, "imported here"),
                    help=refused.advice,
                )
            )

    def _source(self, path: Path, importer: Source, text: str) -> Source:
        """Returns an imported file, under its path as seen from where the spec's own name starts."""
        name = str(Path(importer.name).parent / text)
        text = self._unsaved[path] if path in self._unsaved else _read(path)
        below = path.parent.relative_to(self._root)
        return Source(name, text, str(below) if below.parts else "")

    def _allowed(self, importer: Path, text: str) -> Path:
        """Returns the file an import names, if that lies in the folder of the spec, links followed."""
        try:
            path = _real(importer.parent / text)
        except (OSError, RuntimeError, ValueError) as error:
            raise _Refused("unreadable-import", reason(error), "name a file that can be read") from None
        if PurePath(text).is_absolute() or not path.is_relative_to(self._root):
            why = "it lies outside the folder of the spec"
            raise _Refused("import-outside", why, "import only files beside the spec or in folders below it")
        return path

    def refuse_cycle(self) -> None:
        """Adds a diagnostic where files import each other."""
        try:
            TopologicalSorter(self._imports).prepare()
        except CycleError as error:
            cycle: Sequence[Path] = error.args[1]
            # Each is imported by the one after it. Of the last import of the chain, as the spec begins it, the
            # author is most likely to think that it closes the circle.
            order = list(self.files)
            pairs = sorted(pairwise(cycle), key=lambda pair: order.index(pair[1]))
            edges = [self._imports[importer][imported] for imported, importer in pairs]
            self.diagnostics.append(_cycle(edges[-1], edges[:-1]))


def _real(path: Path) -> Path:
    return path.resolve()


def _read(path: Path) -> str:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise _Refused("unreadable-import", "it is no regular file", "name a file that holds a spec")
        return read(str(path)).text
    except (Unreadable, OSError, ValueError) as error:
        why = str(error).removeprefix(f"cannot read {path}: ") if isinstance(error, Unreadable) else reason(error)
        raise _Refused("unreadable-import", why, "the path starts at the folder of the file that imports") from None


def _cycle(closing: ast.ImportFile, others: Sequence[ast.ImportFile]) -> Diagnostic:
    return Diagnostic(
        "import-cycle",
        f"`{closing.path.text}` cannot be imported: it needs this file itself",
        Label(closing.path.span, "the circle closes here"),
        tuple(Label(each.path.span, "imported here") for each in others),
        help="move what both need into a file of its own, and import that",
    )
