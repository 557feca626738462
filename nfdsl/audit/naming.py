"""What was fed in place of what should have been: told from digests alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from nfdsl.audit.content import Compared
from nfdsl.audit.evidence import Evidence
from nfdsl.audit.spans import Span
from nfdsl.sampling.multiset import NOTHING, Digest, minus, plus, total


@dataclass
class Faults:
    """What was told so far."""

    missing: list[Span] = field(default_factory=list[Span])
    doubled: list[Span] = field(default_factory=list[Span])
    remarks: list[str] = field(default_factory=list[str])  # sentences


def name_faults(evidence: Evidence, compared: Compared) -> Faults:
    """Says of each FED row whose digest is not the one expected what it was fed instead.

    Tried in turn: the views of another step; one process's part twice in place of another's, or left out;
    a single view lost, doubled, or exchanged for another of the step. Else all its views may be missing.
    """
    faults, fed = Faults(), Counter[int]()
    wrong = compared.wrong.tolist()
    if not wrong:
        return faults
    expected, stated = _by_place(compared.places, compared.expected), _by_place(compared.places, compared.stated)
    by_digest = {digest: place for place, digest in expected.items()}
    fed.update(expected.keys() - set(wrong))
    for place in wrong:
        if (other := by_digest.get(stated[place])) is not None:
            fed[other] += 1
            faults.remarks.append(f"step {_step(evidence, place)} was fed the images of step {_step(evidence, other)}")
        elif _exchange(evidence, place, minus(stated[place], expected[place]), faults):
            fed[place] += 1
        else:
            faults.remarks.append(_unknown(evidence, place, stated[place]))
    faults.missing += [_span(evidence, place) for place in wrong if not fed[place]]
    faults.doubled += [_span(evidence, place) for place, times in fed.items() if times > 1]
    return faults


def _by_place(places: NDArray[np.int64], digests: NDArray[np.uint64]) -> dict[int, Digest]:
    return {place: (one, other) for place, (one, other) in zip(places.tolist(), digests.T.tolist(), strict=True)}


def _exchange(evidence: Evidence, place: int, surplus: Digest, faults: Faults) -> bool:
    """Tells which part of a row's views was lost or fed again; returns whether there is an explanation."""
    for parts in (_shares(evidence, place), _singles(evidence, place)):
        if (found := _explained(surplus, [_digest(evidence, part) for part in parts])) is None:
            continue
        gained, lost = found
        faults.missing += [parts[lost]] if lost is not None else []
        faults.doubled += [parts[gained]] if gained is not None else []
        return True
    return False


def _explained(surplus: Digest, parts: Sequence[Digest]) -> tuple[int | None, int | None] | None:
    """Returns which part was fed once too often and which not at all, so that `surplus` comes of it."""
    known = {digest: part for part, digest in enumerate(parts)}
    if surplus in known:
        return known[surplus], None
    for lost, digest in enumerate(parts):
        rest = plus(surplus, digest)
        if rest == NOTHING:
            return None, lost
        if rest in known:
            return known[rest], lost
    return None


def _shares(evidence: Evidence, place: int) -> list[Span]:
    """Returns the part of a row's views that each process had to feed."""
    batch, whole = evidence.index.terms.batch, _span(evidence, place)
    size = batch // max(1, int(evidence.fed["processes"][place]))
    begins = range(_step(evidence, place) * batch, (_step(evidence, place) + 1) * batch, max(1, size))
    shares = [Span(max(begin, whole.first), min(begin + size, whole.last)) for begin in begins]
    return [share for share in shares if share.first < share.last]


def _singles(evidence: Evidence, place: int) -> list[Span]:
    whole = _span(evidence, place)
    return [Span(view, view + 1) for view in range(whole.first, whole.last)]


def _digest(evidence: Evidence, span: Span) -> Digest:
    return total(evidence.index.elements(np.arange(span.first, span.last)))


def _unknown(evidence: Evidence, place: int, stated: Digest) -> str:
    step = _step(evidence, place)
    if stated == NOTHING:
        return f"step {step} was fed nothing"
    return f"step {step} was fed other images than its own; which cannot be told, so all of its own count as missing"


def _step(evidence: Evidence, place: int) -> int:
    return int(evidence.fed["step"][place])


def _span(evidence: Evidence, place: int) -> Span:
    first = int(evidence.fed["first"][place])
    return Span(first, first + int(evidence.fed["count"][place]))
