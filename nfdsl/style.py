"""Files put in the one style of specs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nfdsl.diagnostics import Diagnostic
from nfdsl.rewrite import rewrite
from nfdsl.source import Unreadable, read
from nfdsl.syntax.format import formatted
from nfdsl.syntax.parse import parse


@dataclass(frozen=True)
class Styled:
    """What became of one file."""

    changed: bool  # or would be
    diagnostics: Sequence[Diagnostic] = ()  # why it could not be formatted, if so


def style(name: str, *, check: bool) -> Styled:
    """Puts the file of this name in style, and writes it only where that changes it; not at all to `check`.

    Lines end in a line feed whatever they ended in before. A file that does not parse is left alone.

    Raises:
      Unreadable: it cannot be read, or not be written; the message names it and says why.
    """
    source = read(name)
    text = formatted(source)
    if text is None:
        return Styled(False, parse(source).diagnostics)
    changed = text.encode() != Path(name).read_bytes()
    if changed and not check:
        try:
            rewrite(Path(name), text)
        except OSError as error:
            raise Unreadable(f"cannot write {name}: {error.strerror}") from error
    return Styled(changed)
