"""The state of a study in one line, and a table of it: the same while it is followed and when it is read from files."""

from collections.abc import Iterator, Sequence

from rich.progress_bar import ProgressBar
from rich.table import Table

from nfdsl.study.display.columns import BAR, Column, column, table
from nfdsl.study.display.groups import Compute, Group
from nfdsl.study.numerals import count, loss, percent


def state_line(study: Group) -> str:
    """Returns ``3 of 9 cells settled, 1 censored; 2 runs diverged; 31% of 110k core-hours spent``."""
    cells = f"{study.settled:,} of {count(study.cells, 'cell')} settled"
    parts = [cells + (f", {study.censored:,} censored" if study.censored else ""), *_trouble(study)]
    return "; ".join([*parts, _spent(study.spent, study.expected)])


def summary_table(summary: Sequence[Group], width: int) -> Table:
    """One line for each group."""
    return table(
        [
            column("block", (group.block for group in summary)),
            column("model", (group.model for group in summary)),
            Column("progress", [bar(group.over, group.total) for group in summary], BAR),
            column("runs", (f"{group.over}/{group.total}" for group in summary), right=True),
            column("settled", (f"{group.settled}/{group.cells}" for group in summary), spare=3, right=True),
            column("censored", (f"{group.censored or ''}" for group in summary), spare=6, right=True),
            column("spent", (_share(group) for group in summary), spare=7, right=True),
            column("best held-out", (_best_loss(group) for group in summary), spare=1, right=True),
            column("top-1", (_best_top1(group) for group in summary), width=6, spare=2, right=True),
            column("with", (group.best.point if group.best else "" for group in summary), spare=5),
            column("trouble", (", ".join(_trouble(group)) for group in summary), spare=4),
        ],
        ["" if group.over or group.best else "dim" for group in summary],
        width,
    )


def bar(done: int, of: int) -> ProgressBar:
    return ProgressBar(total=max(1, of), completed=done, width=BAR)


def _trouble(group: Group) -> Iterator[str]:
    for number, word in ((group.diverged, "diverged"), (group.missing, "missing")):
        if number:
            yield f"{number} {word}"


def _spent(spent: Compute, expected: Compute) -> str:
    share = percent(spent.flops / expected.flops if expected.flops else 1.0)
    if expected.core_hours:
        return f"{share} of {float(f'{expected.core_hours:.3g}'):,.10g} core-hours spent"
    return f"{share} of {expected.flops:.3g} training FLOPs spent"


def _share(group: Group) -> str:
    return percent(group.spent.flops / group.expected.flops) if group.expected.flops else ""


def _best_loss(group: Group) -> str:
    return "" if group.best is None else loss(group.best.holdout_loss)


def _best_top1(group: Group) -> str:
    return "" if group.best is None else percent(group.best.top1)
