"""The files beside a report: figures as PNG and SVG, and every number as CSV."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from nfdsl.analysis.drawing import Drawing, Numbers
from nfdsl.analysis.figures import Plate
from nfdsl.analysis.render import save_png, save_svg

# What earlier reports may have left; other files in the folder are someone's own.
_OURS = re.compile(r"(?:\d+-\w+-.*|runs|means|laws)\.(?:png|svg|csv)")


def write_files(folder: Path, plates: Sequence[Plate], tables: Mapping[str, Numbers]) -> tuple[Path, ...]:
    """Writes the figures that could be drawn, their numbers and the tables; removes those of earlier reports.

    Returns:
      The figures' PNG files.
    """
    folder.mkdir(exist_ok=True)
    drawn = {plate.file_stem: plate.content for plate in plates if isinstance(plate.content, Drawing)}
    for stem, drawing in drawn.items():
        save_png(drawing.figure, folder / f"{stem}.png")
        save_svg(drawing.figure, folder / f"{stem}.svg")
    numbers = {stem: drawing.numbers for stem, drawing in drawn.items()} | dict(tables)
    for stem, table in numbers.items():
        (folder / f"{stem}.csv").write_text(table.csv(), encoding="utf-8", newline="")
    _remove_others(
        folder, {*(f"{stem}{kind}" for stem in drawn for kind in (".png", ".svg")), *(f"{n}.csv" for n in numbers)}
    )
    return tuple(folder / f"{stem}.png" for stem in drawn)


def _remove_others(folder: Path, written: set[str]) -> None:
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name) and path.name not in written:
            path.unlink()
