"""Columns of one-line cells, left out one after the other where the terminal is too narrow for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

Cell = Text | ProgressBar

BAR = 10  # width of a progress bar
_GAP = 2
_WIDEST = 24  # a longer word is cut


@dataclass(frozen=True)
class Column:
    """A name, one cell a line, and the width kept for them; left out where that is 0.

    `spare` says how willingly it is left out where there is no room for all: 0 never, the highest first.
    """

    name: str
    cells: Sequence[Cell]
    width: int
    spare: int = 0
    right: bool = False


def column(name: str, texts: Iterable[str], *, width: int = 0, spare: int = 0, right: bool = False) -> Column:
    """Returns a column of plain texts, at least `width` wide. Nothing in them is read as markup."""
    cells = [plain(text) for text in texts]
    widest = max((width, *(cell.cell_len for cell in cells)))
    return Column(name, cells, min(_WIDEST, max(widest, cell_len(name))) if widest else 0, spare, right)


def plain(text: str, style: str = "") -> Text:
    """Returns `text` as it is, on one line."""
    return Text(" ".join(text.split()), style, no_wrap=True, overflow="ellipsis")


def table(columns: Sequence[Column], styles: Sequence[str], width: int) -> Table:
    """Returns the columns side by side, one line a row in its style, in at most `width` columns of the terminal."""
    fitting = _fitting([column for column in columns if column.width], width)
    grid = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, collapse_padding=True, header_style="dim")
    for part in fitting:
        justify = "right" if part.right else "left"
        grid.add_column(plain(part.name), width=part.width, justify=justify, no_wrap=True, overflow="ellipsis")
    for style, *cells in zip(styles, *(part.cells for part in fitting), strict=True):
        grid.add_row(*cells, style=style)
    return grid


def _fitting(columns: list[Column], width: int) -> list[Column]:
    while sum(part.width + _GAP for part in columns) - _GAP > width:
        worst = max(columns, key=lambda part: part.spare)
        if worst.spare == 0:
            break  # rich cuts what is left
        columns = [part for part in columns if part is not worst]
    return columns
