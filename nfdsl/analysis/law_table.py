"""The laws of a study as a table: constants with intervals, and the error at budgets left out."""

from collections.abc import Sequence
from html import escape

from nfdsl.analysis.drawing import Numbers
from nfdsl.analysis.equation import equation
from nfdsl.analysis.fit import Fit
from nfdsl.analysis.forms import FormName
from nfdsl.analysis.laws import form_of, law_of
from nfdsl.analysis.numerals import significant
from nfdsl.analysis.points import FitError
from nfdsl.analysis.replicates import Replicated
from nfdsl.schema.report import Figure
from nfdsl.study.numerals import percent

_ALWAYS: tuple[FormName, ...] = ("power", "saturating")

BlockFit = tuple[str, Fit | FitError, FormName]


def laws(figures: Sequence[Figure], records: Sequence[Replicated]) -> tuple[BlockFit, ...]:
    """Returns the power law of every pretrain block, with and without an irreducible loss, and what figures ask for."""
    blocks = dict.fromkeys(record.block for record in records if record.kind == "pretrain")
    found: list[BlockFit] = []
    for block in blocks:
        asked: list[FormName] = [
            form_of(figure.fit) for figure in figures if figure.of == block and figure.fit != "none"
        ]
        members = [record for record in records if record.block == block]
        found += _fits(block, members, [*_ALWAYS, *(form for form in asked if form not in _ALWAYS)])
    return tuple(found)


def law_table(found: Sequence[BlockFit]) -> str:
    """Returns a ``<table>`` with a row for each constant; names in it are escaped."""
    head = "".join(f'<th scope="col"{kind}>{name}</th>' for name, kind in _HEADINGS)
    body = "\n".join(row for block, fit, form in found for row in _rows(block, fit, form))
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def law_numbers(found: Sequence[BlockFit]) -> Numbers:
    """Returns the same as numbers."""
    rows = (
        (block, form, name, value, *_ends(fit, name), fit.points, fit.leave_one_out)
        for block, fit, form in found
        if isinstance(fit, Fit)
        for name, value in fit.constants.items()
    )
    return Numbers(("block", "form", "constant", "value", "low", "high", "points", "leave_one_out"), tuple(rows))


_NUMBER = ' class="number"'
_HEADINGS = (
    ("law", ""),
    ("block", ""),
    ("equation", ""),
    ("constant", ""),
    ("value", _NUMBER),
    ("95% interval", _NUMBER),
    ("points", _NUMBER),
    ("leave\N{NON-BREAKING HYPHEN}one\N{NON-BREAKING HYPHEN}out error", _NUMBER),
)


def _fits(block: str, records: Sequence[Replicated], forms: Sequence[FormName]) -> list[BlockFit]:
    return [(block, _fitted(records, form), form) for form in forms]


def _fitted(records: Sequence[Replicated], form: FormName) -> Fit | FitError:
    try:
        return law_of(records, form)
    except FitError as error:
        return error


def _rows(block: str, fit: Fit | FitError, form: FormName) -> list[str]:
    name, where = f'<th scope="row">{form}</th>', f"<td>{escape(block)}</td>"
    if isinstance(fit, FitError):
        return [
            f'<tr class="waiting">{name}{where}<td colspan="6"><span class="why">{escape(str(fit))}</span></td></tr>'
        ]
    error = percent(fit.leave_one_out) if fit.leave_one_out is not None else "too few points"
    shared = [(equation(fit), str(fit.points), error), *[("", "", "")] * (len(fit.constants) - 1)]
    return [
        f"<tr>{name}{where}<td>{written}</td><td>{constant.replace('_', ' ')}</td>"
        f"<td{_NUMBER}>{significant(value)}</td><td{_NUMBER}>{_reach(fit, constant)}</td>"
        f"<td{_NUMBER}>{points}</td><td{_NUMBER}>{left_out}</td></tr>"
        for (written, points, left_out), (constant, value) in zip(shared, fit.constants.items(), strict=True)
    ]


def _reach(fit: Fit, name: str) -> str:
    low, high = _ends(fit, name)
    return "" if low is None or high is None else f"{significant(low)} to {significant(high)}"


def _ends(fit: Fit, name: str) -> tuple[float | None, float | None]:
    interval = fit.intervals.get(name)
    return (None, None) if interval is None else (interval.low, interval.high)
