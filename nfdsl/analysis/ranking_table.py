"""The ranking of networks before and after fine-tuning, in HTML."""

from collections.abc import Sequence
from html import escape

from nfdsl.analysis.curves import epochs
from nfdsl.analysis.numerals import chosen
from nfdsl.analysis.ranking import Ranked
from nfdsl.analysis.replicates import share
from nfdsl.study.numerals import loss

_HEADINGS = ("by error", "network", "pre-training", "learning rate", "top-1 error", "held-out loss", "by loss")
_TEXTS = ("network", "pre-training")


def ranking_table(ranked: Sequence[Ranked]) -> str:
    """Returns a ``<table>`` with a row for each network, best by fine-tuned error first; names in it are escaped."""
    head = "".join(f'<th scope="col"{_class(heading)}>{heading}</th>' for heading in _HEADINGS)
    body = "\n".join(map(_row, ranked))
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _row(one: Ranked) -> str:
    error = None if one.finetuned.top1 is None else 1 - one.finetuned.top1
    cells = (
        escape(one.start.model),
        escape(epochs(one.start)),
        chosen(one.start.lr),
        share(error, one.finetuned.top1_deviation),
        loss(one.start.holdout_loss),
        str(one.by_loss),
    )
    told = "".join(f"<td{_class(name)}>{cell}</td>" for name, cell in zip(_HEADINGS[1:], cells, strict=True))
    return f'<tr><th scope="row" class="number">{one.by_error}</th>{told}</tr>'


def _class(heading: str) -> str:
    return "" if heading in _TEXTS else ' class="number"'
