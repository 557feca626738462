"""The report of a study directory: one HTML file, and its figures as PNG files."""

import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.metadata import PackageNotFoundError, version
from itertools import starmap
from pathlib import Path

from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.figures import Plate, plates
from nfdsl.analysis.findings import findings
from nfdsl.analysis.numerals import duration, significant
from nfdsl.analysis.page import box, bullets, definitions, page, paragraphs, section
from nfdsl.analysis.render import inline_svg, save_png
from nfdsl.analysis.table import runs_table
from nfdsl.study.description import Description, read_description
from nfdsl.study.directory import StudyDirectory, write_atomically
from nfdsl.study.numerals import count
from nfdsl.study.records import Record, read_records

# What may stand before a spec's docstring, and the docstring.
_DOCSTRING = re.compile(r'(?:\s|#[^\n]*\n)*"""(.*?)"""', re.DOTALL)

_TABLE_NOTE = '<p class="note">Bold rows with a star have the best learning rate of their model and budget.</p>'


@dataclass(frozen=True)
class ReportFiles:
    """What was written, and the findings as plain sentences."""

    html: Path
    figures: tuple[Path, ...]
    findings: tuple[str, ...]


def write_report(directory: Path) -> ReportFiles:
    """Writes report.html and figures/*.png of a study, finished or not.

    The same directory and the same versions of nfdsl and Python give the same bytes.

    Raises:
      Unreadable: this is not the directory of a study, or a file in it does not hold what it should.
    """
    study = StudyDirectory(directory)
    description = read_description(study)
    records = read_records(study, description.cells)
    drawn = plates(description.figures, records)
    found = findings(records)
    files = _write_figures(study.figures, drawn)
    write_atomically(study.report, _html(description, records, drawn, found))
    return ReportFiles(study.report, files, found)


def _write_figures(folder: Path, drawn: Sequence[Plate]) -> tuple[Path, ...]:
    folder.mkdir(exist_ok=True)
    files: list[Path] = []
    for plate in drawn:
        if isinstance(plate.content, Drawing):
            files.append(folder / f"{plate.file_stem}.png")
            save_png(plate.content.figure, files[-1])
    return tuple(files)


def _html(description: Description, records: Sequence[Record], drawn: Sequence[Plate], found: Sequence[str]) -> str:
    docstring = _DOCSTRING.match(description.spec)
    introduction = paragraphs(docstring[1] if docstring else "") + f'\n<p class="facts">{_facts(records)}</p>'
    return page(
        description.study,
        introduction,
        [
            section("What was found", box("text", bullets(found))),
            section("Figures", box("figures", "\n".join(starmap(_figure, enumerate(drawn, start=1))))),
            section("All runs", f"{_TABLE_NOTE}\n{box('scroll', runs_table(records))}"),
            section("Where this comes from", box("text", _provenance(description))),
        ],
    )


def _facts(records: Sequence[Record]) -> str:
    flops = sum(record.train_flops + record.sam_flops for record in records if record.state == "done")
    seconds = sum(record.seconds or 0.0 for record in records)
    facts = (
        count(len(records), "run"),
        f"{significant(flops)} training FLOPs done" if flops else "",
        f"{duration(seconds)} of training" if seconds else "",
    )
    return escape(" · ".join(filter(None, facts)))


def _figure(number: int, plate: Plate) -> str:
    title = escape(plate.title)
    match plate.content:
        case Drawing(figure, caption):
            shown = f"{inline_svg(figure, f'figure{number}-', title)}\n<figcaption>{escape(caption)}</figcaption>"
        case Missing(reason):
            shown = f'<p class="missing">{escape(reason)}</p>'
    return f"<figure>\n<h3>{number}. {title}</h3>\n{shown}\n</figure>"


def _provenance(description: Description) -> str:
    facts = {
        "Spec": description.spec_path,
        "nfdsl": _version(),
        "Python": platform.python_version(),
        "Figures": "also in figures/ beside this file, as PNG",
    }
    spec = f"<details>\n<summary>The spec</summary>\n<pre>{escape(description.spec)}</pre>\n</details>"
    return f"{definitions(facts)}\n{spec}"


def _version() -> str:
    try:
        return version("nfdsl")
    except PackageNotFoundError:  # run from a source tree
        return "not installed"
