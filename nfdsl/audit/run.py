"""The verdict on one run: whether each example counted exactly once an epoch in its weights.

Those are its last, and where it keeps them its best weights, each judged by the ledger up to their checkpoint.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from nfdsl.audit.content import Compared, compared, drawn, epoch_sums, of_epochs
from nfdsl.audit.coverage import Coverage, coverage
from nfdsl.audit.evidence import Evidence, NoEvidence, evidence, finished
from nfdsl.audit.naming import Faults, name_faults
from nfdsl.audit.spans import Span, count, joined, split
from nfdsl.sampling.index import Index

Verdict = Literal["proved", "unfinished", "diverged", "refuted", "unreadable"]

_NAMED = 16  # records of a part


@dataclass(frozen=True)
class Part:
    """Views of one epoch that lie side by side. Everything is counted from 0."""

    epoch: int
    first: int  # place in the epoch; with ``repeat K`` each image takes K places
    last: int  # the first place after it
    steps: tuple[int, int]  # that take these views: first and last
    records: tuple[int, ...]  # what the first of these views show, as numbers in the data set


@dataclass(frozen=True)
class EpochAudit:
    """One epoch, or as much of it as the run has."""

    epoch: int
    views: int  # that had to be fed
    of: int  # in a whole epoch
    right: bool  # all were, once each


@dataclass(frozen=True)
class RunAudit:
    """What the ledger of a run proves.

    ``proved``: the run is complete and each view that it had to be fed counts exactly once in its weights.
    ``unfinished``: so far, up to `steps`. ``diverged``: so far, and there are no weights to speak of.
    ``refuted``: some views are missing, doubled, or not where they belong. ``unreadable``: the files prove
    nothing; they are missing, truncated, edited or forged.
    """

    id: str
    verdict: Verdict
    findings: tuple[str, ...]  # sentences: what is wrong, or must be known
    steps: int = 0  # that count
    epochs: tuple[EpochAudit, ...] = ()
    missing: tuple[Part, ...] = ()
    doubled: tuple[Part, ...] = ()
    skipped: tuple[Part, ...] = ()  # could not be read, and the run was to go on
    rolled_back: int = 0  # steps that were taken and do not count
    compared: float = 0.0  # share of the steps that were compared one by one with what the order says
    best: int | None = None  # the step of the best weights, where they are others than the last


def audit_run(folder: Path) -> RunAudit:
    """Returns the verdict on the run in a folder ``STUDY/runs/ID``, from its ledger and nothing else."""
    try:
        told = finished(folder)
        state, best = (told.state, told.best) if told else (None, None)
        found = evidence(folder)
        if state == "done" and found.step != found.index.terms.steps:
            raise NoEvidence(f"result.json says that the run is done, the last checkpoint is of step {found.step:,}")
        judged = _judged(folder.name, state, found)
        return judged if best in (None, found.step) else _with_best(judged, state, evidence(folder, best))
    except NoEvidence as error:
        return RunAudit(folder.name, "unreadable", (str(error),))


def _with_best(judged: RunAudit, state: str | None, found: Evidence) -> RunAudit:
    """Returns the verdict on a run, and on the best weights that it kept."""
    best = _judged(judged.id, state, found)
    if best.verdict != "refuted" or judged.verdict == "refuted":
        return replace(judged, best=found.step)
    wrong = f"the best weights, of step {found.step:,}, were not fed each example once an epoch"
    findings = (wrong, *best.findings)
    return replace(
        judged, verdict=best.verdict, findings=findings, missing=best.missing, doubled=best.doubled, best=found.step
    )


def _judged(name: str, state: str | None, found: Evidence) -> RunAudit:
    covered, wrong = coverage(found), _wrong_epochs(found)
    rows = _compared(found, wrong)
    faults = name_faults(found, rows)
    missing, doubled = joined([*covered.missing, *faults.missing]), joined([*covered.doubled, *faults.doubled])
    findings = [*_misplacements(covered), *faults.remarks, *_contradictions(found, wrong, covered, faults)]
    right = not (missing or doubled or findings)
    return RunAudit(
        id=name,
        verdict=_verdict(state, right),
        findings=tuple(findings),
        steps=found.step,
        epochs=_epochs(found, wrong, [*missing, *doubled]),
        missing=_parts(found.index, missing),
        doubled=_parts(found.index, doubled),
        skipped=_parts(found.index, joined(Span(first, first + 1) for first in found.skipped["first"].tolist())),
        rolled_back=found.rolled_back,
        compared=len(rows.places) / len(found.fed) if len(found.fed) else 1.0,
    )


def _verdict(state: str | None, right: bool) -> Verdict:
    if not right:
        return "refuted"
    if state is None:
        return "unfinished"
    return "proved" if state == "done" else "diverged"


def _wrong_epochs(found: Evidence) -> list[int]:
    """Returns the whole epochs whose rows do not add up to the data set."""
    sums = epoch_sums(found)
    return [epoch for epoch in range(found.images // found.index.epoch) if sums.get(epoch) != found.index.whole]


def _compared(found: Evidence, wrong: list[int]) -> Compared:
    """Compares rows one by one: those drawn, and all of the epochs in which something is wrong."""
    chosen = drawn(found) | of_epochs(found, wrong)
    first = compared(found, chosen)
    if not first.wrong.size:
        return first
    amiss = np.unique(found.fed["first"][first.wrong] // found.index.epoch)
    return compared(found, chosen | of_epochs(found, amiss.tolist()))


def _misplacements(covered: Coverage) -> list[str]:
    return [f"step {step} was fed views {span.first:,} to {span.last - 1:,}" for step, span in covered.misplaced]


def _contradictions(found: Evidence, wrong: list[int], covered: Coverage, faults: Faults) -> list[str]:
    """Returns what cannot be: every step is right and their sum is not."""
    if not wrong or covered.missing or covered.doubled or faults.missing or faults.doubled or faults.remarks:
        return []
    source = found.index.terms.source
    return [f"epoch {epoch} does not add up to {source}, though each step is right" for epoch in wrong]


def _epochs(found: Evidence, wrong: list[int], amiss: list[Span]) -> tuple[EpochAudit, ...]:
    size = found.index.epoch
    bad = {*wrong, *(span.first // size for span in split(amiss, size))}
    sizes = [Span(first, min(first + size, found.images)) for first in range(0, found.images, size)]
    return tuple(EpochAudit(epoch, count([span]), size, epoch not in bad) for epoch, span in enumerate(sizes))


def _parts(index: Index, spans: list[Span]) -> tuple[Part, ...]:
    return tuple(_part(index, span) for span in split(spans, index.epoch))


def _part(index: Index, span: Span) -> Part:
    epoch, batch = span.first // index.epoch, index.terms.batch
    shown = index.course.at(np.arange(span.first, min(span.last, span.first + _NAMED * index.terms.repeat)))
    records = dict.fromkeys(shown.records.tolist())
    before = epoch * index.epoch
    steps = span.first // batch, (span.last - 1) // batch
    return Part(epoch, span.first - before, span.last - before, steps, tuple(records))
