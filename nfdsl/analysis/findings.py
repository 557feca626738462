"""What a study found, in a few plain sentences that hold while it is unfinished too."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from nfdsl.analysis import ranking, spending
from nfdsl.analysis.curves import Curve, curves, described, epochs
from nfdsl.analysis.equation import equation
from nfdsl.analysis.laws import law_of, left_out
from nfdsl.analysis.numerals import chosen, listed, significant
from nfdsl.analysis.points import FitError
from nfdsl.analysis.rates import doubts, optima
from nfdsl.analysis.replicates import Replicated, in_percent, noted, runs
from nfdsl.audit.run import RunAudit
from nfdsl.study.numerals import count, percent
from nfdsl.study.records import Record, State

_STATES: Mapping[State, str] = {
    "done": "done",
    "diverged": "diverged",
    "failed": "failed",
    "running": "begun and not finished",
    "waiting": "still to come",
    "unneeded": "not needed by the tuning",
}


def findings(records: Sequence[Replicated]) -> tuple[str, ...]:
    """Returns the state of the study, then what each of its blocks tells, a sentence or two each."""
    by_id = {run.id: run for run in runs(records)}
    told = [_progress(runs(records))]
    for block in dict.fromkeys(record.block for record in records):
        members = [record for record in records if record.block == block]
        if members[0].kind == "pretrain":
            told += [_best_loss(block, members), _law(block, members), _rates(block, members)]
        else:
            told += [_best_error(block, members, by_id), ranking.told(block, ranking.ranking(members, by_id))]
    told.append(spending.told(runs(records)))
    return tuple(filter(None, told))


def left_unread(audits: Iterable[RunAudit]) -> str:
    """Returns in how many runs images were left out that could not be read; nothing where there are none."""
    affected = sum(bool(audit.skipped) for audit in audits)
    told = f"In {count(affected, 'run')} images could not be read and were left out; `nfdsl audit` says which."
    return told if affected else ""


def _progress(records: Sequence[Record]) -> str:
    states = Counter(record.state for record in records)
    if states["done"] == len(records):
        return f"All {count(len(records), 'run')} of the study are done."
    parts = [f"{states[state]:,} {wording}" for state, wording in _STATES.items() if states[state]]
    return f"Of {count(len(records), 'run')}: {listed(parts)}."


def _best_loss(block: str, records: Sequence[Replicated]) -> str:
    losses = {record.id: record.holdout_loss for record in records if record.holdout_loss is not None}
    if not losses:
        return f"No run of {block} has a held-out loss yet."
    best = min((record for record in records if record.id in losses), key=lambda record: losses[record.id])
    spread = "" if best.loss_deviation is None else significant(best.loss_deviation, 2)
    reached = f"{significant(losses[best.id])}{noted(best, spread)}"
    return f"The lowest held-out loss of {block} is {reached}: {described(best)}."


def _law(block: str, records: Sequence[Replicated]) -> str:
    try:
        fit = law_of(records, "power")
    except FitError as error:
        return f"No law of {block} can be fitted yet. {error}"
    compute = fit.law.points.compute.max()
    ahead = fit.law.predict(10 * compute)
    said = (
        f"Along {fit.points} compute-optimal runs of {block} the held-out loss falls as {equation(fit)} "
        f"(95% interval of the exponent {fit.law.intervals['b']}): ten times the compute multiplies it by "
        f"{significant(10 ** -fit.law.constants['b'], 2)}. Extrapolated to {significant(10 * compute)} FLOPs, "
        f"ten times the most that was spent, a run would reach {significant(ahead.loss)} "
        f"(95% interval {ahead.interval})."
    )
    return " ".join(filter(None, (said, left_out(records))))


def _rates(block: str, records: Sequence[Replicated]) -> str:
    found = optima(records)
    moves = [move for curve in curves([tuned.record for tuned in found]) if (move := _move(curve))]
    if not moves:
        return ""
    said = [
        f"{verb} for {listed([text for kind, text in moves if kind == verb])}"
        for verb in ("falls", "stays", "rises")
        if any(kind == verb for kind, _ in moves)
    ]
    trend = f"From the smallest to the largest budget of {block} the best learning rate {listed(said)}."
    return " ".join(filter(None, (trend, doubts(found))))


def _move(curve: Curve) -> tuple[str, str] | None:
    """Returns where a curve's learning rate goes, and the curve with its ends; None if it has one budget only."""
    first, last = curve.records[0], curve.records[-1]
    if first.epochs == last.epochs:
        return None
    if first.lr == last.lr:
        return "stays", f"{curve.name} ({chosen(first.lr)})"
    ends = f"{curve.name} ({chosen(first.lr)} to {chosen(last.lr)})"
    return ("falls" if last.lr < first.lr else "rises"), ends


def _best_error(block: str, records: Sequence[Replicated], by_id: Mapping[str, Record]) -> str:
    shares = {record.id: record.top1 for record in records if record.top1 is not None}
    if not shares:
        return f"No run of {block} has been evaluated yet."
    best = max((record for record in records if record.id in shares), key=lambda record: shares[record.id])
    start = by_id.get(best.start or "")
    origin = ", from released weights" if best.weights else ""
    if start is not None:
        origin = f", pre-trained for {epochs(start)} at learning rate {chosen(start.lr)}"
    error = f"{percent(1 - shares[best.id])}{noted(best, in_percent(best.top1_deviation))}"
    return f"The best network of {block} has a top-1 error of {error} on held-out images: {described(best)}{origin}."
