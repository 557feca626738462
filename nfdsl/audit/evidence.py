"""What the files of a run say it was fed, once nothing in them contradicts the rest."""

import json
import mmap
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nfdsl.run_json import UnreadableRun, load
from nfdsl.sampling.index import Index, NoIndex, Terms, parse_index
from nfdsl.sampling.ledger import (
    FED,
    ROW,
    SEAL,
    SKIPPED,
    STARTED,
    Anchor,
    Rows,
    anchor_path,
    index_hash,
    index_path,
    parse_anchor,
    rows_path,
    verified,
)
from nfdsl.schema.run import Run
from nfdsl.source import reason


class NoEvidence(Exception):
    """The files prove nothing: one is missing, truncated, edited or forged; one sentence says which."""


@dataclass(frozen=True, eq=False)
class Evidence:
    """What led to the weights of a checkpoint."""

    index: Index
    step: int  # of that checkpoint; 0 where there is none
    seal: str  # the last that counts, hexadecimal
    fed: Rows  # FED rows [n] that count, in the order of their views
    skipped: Rows  # SKIPPED rows [m] that count
    rolled_back: int  # steps that were taken and do not count

    @property
    def images(self) -> int:
        """Views that must have been fed."""
        return min(self.step * self.index.terms.batch, self.index.terms.images)


def evidence(folder: Path, step: int | None = None) -> Evidence:
    """Returns the evidence in a run's folder for its last checkpoint, or that of a step. Raises `NoEvidence`."""
    index = _index(folder)
    step = _last_step(folder / "checkpoints") if step is None else step
    anchor = _anchor(folder / "checkpoints" / str(step)) if step else None
    rows = _rows(rows_path(folder), index, step, anchor)
    live, rolled_back = _counting(rows)
    fed = live[live["kind"] == FED]
    if (np.diff(fed["first"]) < 0).any():
        fed = fed[np.argsort(fed["first"], kind="stable")]
    return Evidence(index, step, anchor.seal if anchor else "0", fed, live[live["kind"] == SKIPPED], rolled_back)


def _index(folder: Path) -> Index:
    path = index_path(folder)
    try:
        index = parse_index(path.read_bytes())
        run = load((folder / "run.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise _lost(error) from error
    except (NoIndex, UnreadableRun) as error:
        raise NoEvidence(f"{path if isinstance(error, NoIndex) else folder / 'run.json'}: {error}") from error
    if not _speaks_of(index.terms, run):
        raise NoEvidence(f"{path} is not the index of the run in run.json")
    return index


def _lost(error: OSError) -> NoEvidence:
    if isinstance(error, FileNotFoundError):
        return NoEvidence(f"{error.filename} is missing")
    return NoEvidence(f"{error.filename} cannot be read: {reason(error)}")


def _speaks_of(terms: Terms, run: Run) -> bool:
    recipe = run.recipe
    told = recipe.sampling.seed, recipe.batch, recipe.augment.repeat, run.length.images
    return told == (terms.seed, terms.batch, terms.repeat, terms.images)


def _last_step(checkpoints: Path) -> int:
    return max((int(path.name) for path in checkpoints.glob("*") if path.name.isdecimal()), default=0)


def _anchor(checkpoint: Path) -> Anchor:
    """Returns how far the ledger of a checkpoint goes."""
    path = anchor_path(checkpoint)
    try:
        return parse_anchor(path.read_bytes())
    except (OSError, ValueError) as error:
        raise NoEvidence(f"{path} cannot be read: {error}") from error


def _rows(path: Path, index: Index, step: int, anchor: Anchor | None) -> Rows:
    """Returns the rows that the checkpoint of `step` counts on."""
    content = _content(path)
    if index_hash(content) != index.hash:
        raise NoEvidence(f"{path} does not begin with the hash of its index: one of them was edited or exchanged")
    if anchor is None:
        return np.zeros(0, ROW)
    if (there := len(content) // ROW.itemsize) < anchor.rows:
        raise NoEvidence(f"{path} was truncated: step {step:,} counts on {anchor.rows:,} rows, it holds {there:,}")
    found = verified(content[ROW.itemsize : anchor.rows * ROW.itemsize], index.hash, first=1)
    if found.unsealed:
        begin, end = found.edited or (1 + len(found.rows), anchor.rows)
        raise NoEvidence(f"{path} was edited: rows {begin:,} to {end:,}{_steps(content, begin, end)} break their seal")
    if found.anchor != anchor:
        raise NoEvidence(f"{path} was rewritten: its seal is not the one that the checkpoint of step {step:,} keeps")
    return found.rows


def _content(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise _lost(error) from error
    except ValueError:  # there is no mapping of an empty file
        return memoryview(b"")


def _steps(content: memoryview, begin: int, end: int) -> str:
    """Returns which steps rows `begin` to `end` speak of, as far as they can be trusted."""
    rows = np.frombuffer(content[begin * ROW.itemsize : end * ROW.itemsize], ROW)
    steps = rows["step"][rows["kind"] == FED]
    return f" (steps {steps.min():,} to {steps.max():,})" if steps.size else ""


def _counting(rows: Rows) -> tuple[Rows, int]:
    """Returns the rows that were not rolled back, and how many steps were."""
    starts = np.flatnonzero(rows["kind"] == STARTED)
    later = np.minimum.accumulate(rows["step"][starts][::-1])[::-1]  # the earliest step gone back to from there on
    reached = np.append(later, np.iinfo(np.int64).max)
    live = rows["step"] < np.repeat(reached, np.diff(starts, prepend=0, append=len(rows)))
    said = (rows["kind"] != SEAL) & (rows["kind"] != STARTED)
    gone = rows[~live & (rows["kind"] == FED)]
    return rows[live & said], _distinct(gone)


def _distinct(rows: Rows) -> int:
    """Returns how many steps were taken in vain, each attempt counted."""
    return len(rows) - int((np.diff(rows["step"]) == 0).sum())


@dataclass(frozen=True)
class Finished:
    """What a complete run says of itself."""

    state: str
    best: int | None  # the step of the best weights, where it kept them


def finished(folder: Path) -> Finished | None:
    """Returns what a run's `result.json` says, None where the run is not complete. Raises `NoEvidence`."""
    path = folder / "result.json"
    try:
        content = json.loads(path.read_bytes())
        best = content.get("best")
        return Finished(str(content["state"]), None if best is None else int(best["step"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _lost(error) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoEvidence(f"{path} cannot be read: {error}") from error
