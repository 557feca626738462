"""`nfdsl fit`: a law through a table or a study, and what it predicts, as JSON and for people."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Any

from nfdsl.analysis.bootstrap import Interval
from nfdsl.analysis.equation import equation, trends
from nfdsl.analysis.fit import Fit, fit, fittable
from nfdsl.analysis.forms import FormName
from nfdsl.analysis.law import Prediction
from nfdsl.analysis.laws import fitted, left_out, study_points
from nfdsl.analysis.numerals import listed, significant
from nfdsl.analysis.points import FLOPS_PER_MULTIPLY_ADD, FitError
from nfdsl.analysis.points_csv import Table, read_points
from nfdsl.analysis.replicates import Replicated, averaged, runs
from nfdsl.analysis.runs_csv import read_runs
from nfdsl.study.description import read_description
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.records import Record, read_records

_NUMBERS = ("compute", "params", "macs_per_image", "examples", "epochs")


class WrongQuestion(ValueError):
    """A prediction that was asked for in a way that has no answer; the message says what is missing."""


@dataclass(frozen=True)
class Question:
    """What a prediction is asked for: ``compute=1e20``, or ``model=F7,epochs=8``."""

    text: str
    numbers: Mapping[str, float]
    model: str | None


@dataclass(frozen=True)
class Answer:
    """A fit, and the predictions that were asked of it."""

    fit: Fit
    size_name: str
    notes: tuple[str, ...]
    predictions: tuple[tuple[Question, Prediction], ...]


def parse_question(text: str) -> Question:
    """Returns the question that ``NAME=VALUE,...`` asks. Raises `WrongQuestion`."""
    numbers: dict[str, float] = {}
    model = None
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name == "model" and value:
            model = value
        elif name in _NUMBERS and equals:
            numbers[name] = _positive(name, value)
        else:
            raise WrongQuestion(f"{part.strip()!r} is no NAME=VALUE of model, {listed(_NUMBERS)}")
    return Question(text, numbers, model)


def answer(
    source: Path,
    form: FormName,
    questions: Sequence[Question],
    *,
    block: str | None = None,
    keep_censored: bool = False,
) -> Answer:
    """Returns the law of a form through the points of a table, or the runs of a study's block (its first).

    The study is told by its directory, or by the table of all runs that its report writes.

    Raises:
      FitError: the points do not determine the law.
      WrongQuestion: a prediction cannot be told from what is asked, or there is no such block.
      Unreadable: `source` is a folder, and not the directory of a study.
    """
    told = _study(source) if source.is_dir() else read_runs(source)
    records = _block(told, block) if told or source.is_dir() else ()
    table = _study_table(records, form, keep_censored) if records else read_points(source, keep_censored=keep_censored)
    try:
        found = fit(table.points, form)
    except FitError as error:
        rest = () if fittable(table.points) else ("No other form can be fitted either.",)
        raise FitError(" ".join((str(error), *rest, *table.notes))) from None
    predictions = tuple((question, _predicted(found, question, records)) for question in questions)
    return Answer(found, table.points.size_name, (*table.notes, *found.notes), predictions)


def to_json(answer: Answer) -> str:
    """Returns the answer with stable keys; what is without bound is null."""
    found = answer.fit
    content: dict[str, Any] = {
        "form": found.form,
        "constants": {name: _finite(value) for name, value in found.constants.items()},
        "intervals": {name: _ends(interval) for name, interval in found.intervals.items()},
        "points": found.points,
        "leave_one_out": None if found.leave_one_out is None else _finite(found.leave_one_out),
        "left_out": [
            {"budget": one.budget, "points": one.points, "error": _finite(one.error)} for one in found.left_out
        ],
        "optimal": {
            f"{name}_exponent": {"value": trend.exponent, "interval": _ends(trend.interval)}
            for name, trend in trends(found)
        },
        "size": answer.size_name,
        "notes": list(answer.notes),
        "predictions": [
            {
                "asked": question.text,
                "loss": _finite(prediction.loss),
                "interval": _ends(prediction.interval),
                "extrapolation": bool(prediction.outside),
                "outside": list(prediction.outside),
                "note": _unsized(found, question),
            }
            for question, prediction in answer.predictions
        ],
    }
    return json.dumps(content, indent=1, allow_nan=False)


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _ends(interval: Interval) -> list[float | None]:
    return [_finite(interval.low), _finite(interval.high)]


def to_text(answer: Answer) -> str:
    """Returns the answer for people."""
    found = answer.fit
    lines = [f"{found.form}: {equation(found)}   ({found.points} points)".replace("\N{NO-BREAK SPACE}", " ")]
    width = max(map(len, found.constants))
    lines += [
        f"  {name:<{width}}  {significant(value, 4):>14}{_reach(found.intervals.get(name))}"
        for name, value in found.constants.items()
    ]
    if found.form == "parametric":
        lines += [
            f"  compute-optimal {_SIZES[answer.size_name] if name == 'size' else name} grow with compute to the power "
            f"{significant(trend.exponent)}, 95% interval {trend.interval}"
            for name, trend in trends(found)
        ]
    error = found.leave_one_out
    lines.append(
        "  too few points to leave a budget out"
        if error is None
        else f"  budgets left out are predicted with an error of {100 * error:.2g}%"
    )
    lines += [f"  {note}" for note in answer.notes]
    lines += [_told(found, question, prediction) for question, prediction in answer.predictions]
    return "\n".join(lines)


_SIZES = {"params": "parameters", "macs_per_image": "multiply-adds"}


def _reach(interval: Interval | None) -> str:
    return "" if interval is None else f"   95% interval {significant(interval.low)} to {significant(interval.high)}"


def _told(found: Fit, question: Question, prediction: Prediction) -> str:
    beyond = f"; an extrapolation in {listed(prediction.outside)}" if prediction.outside else ""
    said = f"{question.text}: loss {significant(prediction.loss, 4)}, 95% interval {prediction.interval}{beyond}"
    note = _unsized(found, question)
    return f"{said}\n  {note}" if note else said


def _unsized(found: Fit, question: Question) -> str:
    """Returns a sentence on the size that was given to a law of compute alone; empty where there is nothing to say."""
    if "size" in found.law.form.columns or not (question.model or _SIZES.keys() & question.numbers.keys()):
        return ""
    return (
        "That is of a compute-optimal network of this compute, whichever size that is, and not of the size given; "
        "--form parametric knows sizes."
    )


def _study(source: Path) -> tuple[Record, ...]:
    study = StudyDirectory(source)
    return read_records(study, read_description(study).cells)


def _block(records: Sequence[Record], block: str | None) -> tuple[Replicated, ...]:
    blocks = list(dict.fromkeys(record.block for record in records if record.kind == "pretrain"))
    if block is None and blocks:
        block = blocks[0]
    if block not in blocks:
        raise WrongQuestion(f"the study has no pretrain block {block}; it has {listed(blocks) or 'none'}")
    return averaged(record for record in records if record.block == block)


def _study_table(records: Sequence[Replicated], form: FormName, keep_censored: bool) -> Table:
    members = fitted(records, form, keep_censored=keep_censored)
    states = [run.state for run in runs(records)]
    unfinished, failed = states.count("waiting") + states.count("running"), states.count("failed")
    notes = (
        f"{unfinished} of {len(states)} runs are not finished." if unfinished else "",
        f"{failed} of {len(states)} runs failed." if failed else "",
        "" if keep_censored else left_out(records),
    )
    return Table(study_points(members, records), tuple(filter(None, notes)))


def _predicted(found: Fit, question: Question, records: Sequence[Replicated]) -> Prediction:
    given = {**_of_model(question, records), **question.numbers}
    points = found.law.points
    size, examples = given.get(points.size_name, nan), given.get("examples", nan)
    # Parameters are no multiply-adds where those are what size counts.
    compute = given.get("compute", FLOPS_PER_MULTIPLY_ADD * given.get("macs_per_image", size) * examples)
    told = {"compute": compute, "size": size, "examples": examples}
    missing = [name for name in found.law.form.columns if not isfinite(told[name])]
    if missing:
        words = {"compute": "compute", "size": points.size_name, "examples": "examples"}
        enough = "model= and epochs=" if records else f"compute=, or {points.size_name}= and examples="
        raise WrongQuestion(f"{question.text} does not say {listed([words[name] for name in missing])}: give {enough}")
    return found.law.predict(compute, size, examples)


def _of_model(question: Question, records: Sequence[Replicated]) -> Mapping[str, float]:
    """Returns size and examples of a study's model and epochs."""
    sample = next((record for record in records if record.model == question.model), None)
    if question.model is not None and sample is None:
        known = listed(list(dict.fromkeys(record.model for record in records)))
        raise WrongQuestion(f"there is no model {question.model}" + (f"; there is {known}" if known else " in a table"))
    told: dict[str, float] = {}
    if sample is not None:
        told |= {"macs_per_image": sample.macs_per_image, "params": sample.params}
    if "epochs" in question.numbers:
        if not records:
            raise WrongQuestion("a table does not say how many images an epoch has: say examples=")
        told["examples"] = question.numbers["epochs"] * records[0].images / records[0].epochs
    return told


def _positive(name: str, text: str) -> float:
    try:
        value = float(text.replace("_", ""))
    except ValueError:
        value = nan
    if not (isfinite(value) and value > 0):
        raise WrongQuestion(f"{name}={text} is not a number above 0")
    return value
