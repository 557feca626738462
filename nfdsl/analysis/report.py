"""The report of a study directory: one HTML file, its figures as PNG and SVG files, and its numbers as CSV."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import starmap
from pathlib import Path

from nfdsl.analysis.configs import config_text, imagenet_blocks, tuned_runs
from nfdsl.analysis.curves import described
from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.figures import Plate, default_figures, learning_plates, plates
from nfdsl.analysis.files import write_files
from nfdsl.analysis.findings import findings, left_unread
from nfdsl.analysis.law_table import BlockFit, law_numbers, law_table, laws
from nfdsl.analysis.numerals import duration, significant
from nfdsl.analysis.page import box, bullets, definitions, page, paragraphs, section
from nfdsl.analysis.provenance import block_lines, facts, spec_lines
from nfdsl.analysis.ranking import Ranked, ranking
from nfdsl.analysis.ranking_table import ranking_table
from nfdsl.analysis.render import inline_svg
from nfdsl.analysis.replicates import Replicated, averaged, runs
from nfdsl.analysis.run_numbers import all_means, all_runs
from nfdsl.analysis.seeds_table import seeds_table
from nfdsl.analysis.table import Links, runs_table
from nfdsl.audit.run import RunAudit, audit_run
from nfdsl.schema.run import Run
from nfdsl.study.description import Description, read_description
from nfdsl.study.directory import StudyDirectory, write_atomically
from nfdsl.study.numerals import count
from nfdsl.study.records import Record, read_learning_curve, read_records
from nfdsl.study.result import Result

# What may stand before a spec's docstring, and the docstring.
_DOCSTRING = re.compile(r'(?:\s|#[^\n]*\n)*"""(.*?)"""', re.DOTALL)

_RUNS_NOTE = (
    '<p class="note">Bold rows with a star have the best learning rate of their model and budget. A run leads to its '
    "Fiddle config, a block to its line of the spec. Sampling is proved where the ledger shows that each example "
    "counted exactly once an epoch.</p>"
)
_SEEDS_NOTE = (
    '<p class="note">Runs that differ in seeds alone, as means with the standard deviation over the seeds. Figures, '
    "laws and rankings are of these means; bold rows with a star have the learning rate of the lowest mean.</p>"
)
_CONFIGS_NOTE = (
    '<p class="note">The Fiddle config of the best run of each model and budget; the others of its grid differ in '
    "learning rate alone.</p>"
)


@dataclass(frozen=True)
class ReportFiles:
    """What was written, and the findings as plain sentences."""

    html: Path
    figures: tuple[Path, ...]
    findings: tuple[str, ...]


@dataclass(frozen=True)
class _Content:
    """All that a report tells."""

    description: Description
    records: tuple[Record, ...]
    points: tuple[Replicated, ...]  # the same, replicates as one
    results: tuple[Result, ...]
    runs: Mapping[str, Run]  # tuned ones
    plates: tuple[Plate, ...]
    laws: tuple[BlockFit, ...]
    findings: tuple[str, ...]
    audits: Mapping[str, RunAudit]  # of complete runs


def write_report(directory: Path) -> ReportFiles:
    """Writes report.html and figures/ of a study, finished or not; figures of earlier reports are removed.

    The same directory and the same versions of nfdsl and Python give the same bytes.

    Raises:
      Unreadable: this is not the directory of a study, or a file in it does not hold what it should.
    """
    study = StudyDirectory(directory)
    content = _gathered(study)
    means = {"means": all_means(content.points)} if _repeated(content.points) else {}
    tables = {"runs": all_runs(content.records), **means, "laws": law_numbers(content.laws)}
    files = write_files(study.figures, content.plates, tables)
    write_atomically(study.report, _html(content))
    return ReportFiles(study.report, files, content.findings)


def _gathered(study: StudyDirectory) -> _Content:
    description = read_description(study)
    records = read_records(study, description.cells)
    results, _ = study.results(record.id for record in records)
    points = averaged(records)
    configs = tuned_runs(study, records)
    figures = description.figures or default_figures(points)
    tuned = runs(point for point in points if point.tuned)
    told = {run.id: read_learning_curve(study, run.id) for run in tuned}
    audits = {run: audit_run(study.run(run)) for run in results}
    return _Content(
        description,
        records,
        points,
        tuple(results.values()),
        configs,
        (
            *plates(figures, points, imagenet_blocks(records, configs)),
            *learning_plates(points, told, after=len(figures)),
        ),
        laws(figures, points),
        tuple(filter(None, (*findings(points), left_unread(audits.values())))),
        audits,
    )


def _html(content: _Content) -> str:
    spec = content.description.spec
    docstring = _DOCSTRING.match(spec)
    told = _facts(content.records, content.audits)
    introduction = paragraphs(docstring[1] if docstring else "") + f'\n<p class="facts">{told}</p>'
    cells = {record.cell: record.id for record in content.records if record.id in content.runs}
    links = Links(block_lines(spec), cells)
    table = runs_table(content.records, links, content.audits)
    ranked, repeated = _rankings(content.points), _repeated(content.points)
    return page(
        content.description.study,
        introduction,
        [
            section("What was found", box("text", bullets(content.findings))),
            section("Figures", box("figures", "\n".join(starmap(_figure, enumerate(content.plates, start=1))))),
            *([section("Laws", box("scroll", law_table(content.laws)))] if content.laws else []),
            *([section("After fine-tuning", "\n".join(starmap(_ranking, ranked)))] if ranked else []),
            *([section("Over seeds", f"{_SEEDS_NOTE}\n{box('scroll', seeds_table(repeated))}")] if repeated else []),
            section("All runs", f"{_RUNS_NOTE}\n{box('scroll', table)}"),
            section("Where this comes from", f"{box('text', _provenance(content))}\n{_configs(content)}"),
        ],
    )


def _facts(records: Sequence[Record], audits: Mapping[str, RunAudit]) -> str:
    flops = sum(record.train_flops + record.sam_flops for record in records if record.state == "done")
    seconds = sum(record.seconds or 0.0 for record in records)
    proved = sum(audit.verdict == "proved" for audit in audits.values())
    facts = (
        count(len(records), "run"),
        f"{significant(flops)} training FLOPs done" if flops else "",
        f"{duration(seconds)} of training" if seconds else "",
        f"exactly-once sampling proved for {proved} of {len(audits)} complete runs" if audits else "",
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


def _repeated(points: Sequence[Replicated]) -> list[Replicated]:
    """Returns the means over several seeds, but for those that tuning did without."""
    return [point for point in points if point.repeated and point.state != "unneeded"]


def _rankings(points: Sequence[Replicated]) -> list[tuple[str, tuple[Ranked, ...]]]:
    """Returns each finetune block with the networks it started from, where it had a choice."""
    by_id = {run.id: run for run in runs(points)}
    blocks = dict.fromkeys(point.block for point in points if point.kind == "finetune")
    found = ((block, ranking([point for point in points if point.block == block], by_id)) for block in blocks)
    return [(block, ranked) for block, ranked in found if len(ranked) > 1]


def _ranking(block: str, ranked: Sequence[Ranked]) -> str:
    return f"<h3>{escape(block)}</h3>\n{box('scroll', ranking_table(ranked))}"


def _provenance(content: _Content) -> str:
    told = facts(content.description, content.results, content.runs)
    spec = f'<pre class="spec">{spec_lines(content.description.spec)}</pre>'
    return f"{definitions(told)}\n<details>\n<summary>The spec</summary>\n{spec}\n</details>"


def _configs(content: _Content) -> str:
    """Returns the Fiddle configs of the tuned runs, folded; empty where none was prepared."""
    shown = [record for record in content.records if record.id in content.runs]
    if not shown:
        return ""
    folded = "\n".join(
        f"<details>\n<summary>{escape(f'{record.block}, {described(record)}')}</summary>\n"
        f'<pre id="config-{escape(record.id)}">{escape(config_text(content.runs[record.id]))}</pre>\n</details>'
        for record in shown
    )
    return f"<h3>Configs</h3>\n{_CONFIGS_NOTE}\n{folded}"
