"""The table of all runs, in HTML."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from nfdsl.analysis.numerals import chosen, duration, significant
from nfdsl.analysis.run_numbers import other_accuracies
from nfdsl.audit.run import RunAudit
from nfdsl.audit.study import remarks
from nfdsl.study.numerals import loss, percent
from nfdsl.study.records import Record

_SHORT_ID = 8


@dataclass(frozen=True)
class Column:
    """A heading and one cell for each record, as HTML."""

    heading: str
    cells: tuple[str, ...]
    numeric: bool = True

    @property
    def empty(self) -> bool:
        return not any(self.cells)


@dataclass(frozen=True)
class Links:
    """Where in the page more is told: of a block by its line of the spec, of a run by the config of its cell."""

    lines: Mapping[str, int]  # by block
    configs: Mapping[str, str]  # by cell, the run whose config stands in the page


def runs_table(records: Sequence[Record], links: Links, audits: Mapping[str, RunAudit]) -> str:
    """Returns a ``<table>`` with a row for each record; names in it are escaped, empty columns left out.

    Rows of tuned runs are bold and have a star where there was a choice of learning rates.

    Args:
      records: of all runs.
      links: what is told of them elsewhere in the page.
      audits: of the runs that have been audited, by id.
    """
    sizes = Counter(record.cell for record in records)
    marked = [record.tuned and sizes[record.cell] > 1 for record in records]
    reasons = Column("why", tuple(_reason(record) for record in records), numeric=False)
    sampling = Column("sampling", tuple(_verdict(audits.get(record.id)) for record in records), numeric=False)
    known = (*_texts(records, links), *_numbers(records, marked), sampling, reasons)
    marks = zip(records, marked, strict=True)
    return rows_of(known, [f"{record.state}{' tuned' if mark else ''}" for record, mark in marks])


def rows_of(columns: Sequence[Column], styles: Sequence[str]) -> str:
    """Returns a ``<table>`` of the columns, without the empty ones, each row in its style."""
    shown = [column for column in columns if not column.empty]
    head = "".join(f'<th scope="col"{_class(column)}>{column.heading}</th>' for column in shown)
    body = "\n".join(f'<tr class="{style}">{_cells(shown, place)}</tr>' for place, style in enumerate(styles))
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def named(records: Sequence[Record]) -> tuple[Column, ...]:
    """Returns what tells runs apart: block, model, variant."""
    return (
        Column("block", tuple(escape(record.block) for record in records), numeric=False),
        Column("model", tuple(escape(record.model) for record in records), numeric=False),
        Column("variant", tuple(escape(_variant(record)) for record in records), numeric=False),
    )


def _texts(records: Sequence[Record], links: Links) -> tuple[Column, ...]:
    return (
        Column("run", tuple(_id(record, links) for record in records), numeric=False),
        Column("block", tuple(_block(record, links) for record in records), numeric=False),
        *named(records)[1:],
        Column("state", tuple(_state(record) for record in records), numeric=False),
    )


def _numbers(records: Sequence[Record], marked: Sequence[bool]) -> tuple[Column, ...]:
    rates = zip(records, marked, strict=True)
    return (
        Column("learning rate", tuple(f"{'★ ' if mark else ''}{chosen(record.lr)}" for record, mark in rates)),
        Column("epochs", tuple(chosen(record.epochs) for record in records)),
        Column("steps", tuple(_steps(record) for record in records)),
        Column("images", tuple(f"{record.images:,}" for record in records)),
        Column("training FLOPs", tuple(significant(record.train_flops) for record in records)),
        Column("core-hours", tuple(_measured(record.core_hours) for record in records)),
        Column("training loss", tuple(loss(record.train_loss) for record in records)),
        Column("held-out loss", tuple(loss(record.holdout_loss) for record in records)),
        Column("top-1", tuple(percent(record.top1) for record in records)),
        *(
            Column(escape(name), tuple(percent(record.accuracies.get(name)) for record in records))
            for name in other_accuracies(records)
        ),
        Column("time", tuple("" if record.seconds is None else duration(record.seconds) for record in records)),
    )


def _id(record: Record, links: Links) -> str:
    short = f'<code title="{escape(record.id)}">{escape(record.id[:_SHORT_ID])}</code>'
    config = links.configs.get(record.cell)
    return short if config is None else f'<a href="#config-{escape(config)}">{short}</a>'


def _block(record: Record, links: Links) -> str:
    line = links.lines.get(record.block)
    return escape(record.block) if line is None else f'<a href="#line-{line}">{escape(record.block)}</a>'


def _cells(columns: Sequence[Column], place: int) -> str:
    first, *others = columns
    rest = "".join(f"<td{_class(column)}>{column.cells[place]}</td>" for column in others)
    return f'<th scope="row">{first.cells[place]}</th>{rest}'


def _class(column: Column) -> str:
    return ' class="number"' if column.numeric else ""


def _measured(value: float | None) -> str:
    return "" if value is None else significant(value)


def _steps(record: Record) -> str:
    whole = record.state in ("done", "waiting", "unneeded")
    return f"{record.steps:,}" if whole else f"{record.step:,} of {record.steps:,}"


def _variant(record: Record) -> str:
    named = ("model", "budget", "lr")  # these have columns of their own
    return ", ".join(f"{axis} {choice}" for axis, choice in record.labels.items() if axis not in named)


def _reason(record: Record) -> str:
    return f'<span class="why">{escape(record.failure)}</span>' if record.failure else ""


def _verdict(audit: RunAudit | None) -> str:
    if audit is None:
        return ""
    told = escape(" ".join(remarks(audit)), quote=True)
    return f'<span class="verdict {audit.verdict}" title="{told}">{audit.verdict}</span>'


def _state(record: Record) -> str:
    return f'<span class="state">{record.state}</span>'
