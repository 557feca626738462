"""Writing the ledger of a run: rows are appended and sealed before the checkpoint that makes them count."""

from pathlib import Path

import numpy as np

from nfdsl.sampling.index import Index, NoIndex, parse_index
from nfdsl.sampling.ledger import (
    ROW,
    Anchor,
    Rows,
    index_hash,
    index_path,
    opening,
    rows_path,
    seal_at,
    sealed,
    verified,
)
from runtime.durable import flush, write_bytes_atomically


class LedgerError(Exception):
    """The ledger is not that of the checkpoint, or of the data; one sentence."""


class Ledger:
    """The ledger of one run, held by one process at a time."""

    def __init__(self, run: Path, index: Index, anchor: Anchor | None):
        """Opens the ledger of the run in the folder `run` to go on from a checkpoint.

        What follows the rows of that checkpoint stays, as long as it is sealed: it tells what was rolled
        back. Takes no longer for long runs than for short ones.

        Args:
          anchor: the checkpoint's; None where the run starts from its beginning.

        Raises:
          LedgerError: the run began on other data, or the ledger does not hold what the checkpoint says.
        """
        self._path = rows_path(run)
        if anchor is None and not _begun_on(run, index):
            _begin(run, index)
        if anchor is not None:
            _require_data(run, index)
        self._rows, self._seal = self._cut(index, anchor)

    def commit(self, rows: Rows) -> Anchor:
        """Appends `rows` and their seal and returns once they are on the disk."""
        content, seal = sealed(rows, self._seal)
        with self._path.open("r+b") as file:
            file.seek(self._rows * ROW.itemsize)
            file.write(content)  # over what an earlier attempt that failed may have left there
            file.truncate()
        flush(self._path)
        self._rows, self._seal = self._rows + len(rows) + 1, seal
        return Anchor(self._rows, seal.hex())

    def _cut(self, index: Index, anchor: Anchor | None) -> tuple[int, bytes]:
        """Cuts off what no seal vouches for; returns the number of rows left and the last seal."""
        first, seal = (1, index.hash) if anchor is None else (anchor.rows, bytes.fromhex(anchor.seal))
        with self._path.open("r+b") as file:
            if anchor is not None and not seal_at(file, anchor):
                raise LedgerError(
                    f"{self._path} does not hold the {anchor.rows:,} rows that the checkpoint counts on: put the"
                    f" file back, or remove the folders {self._path.parent.name} and checkpoints to train anew"
                )
            file.seek(first * ROW.itemsize)
            kept = verified(memoryview(file.read()), seal, first)
            rows = first + len(kept.rows)
            file.truncate(rows * ROW.itemsize)
        return rows, bytes.fromhex(kept.anchor.seal) if kept.anchor else seal


def _begun_on(run: Path, index: Index) -> bool:
    """Returns whether there is a ledger that begins with `index`."""
    try:
        with rows_path(run).open("rb") as file:
            first = memoryview(file.read(ROW.itemsize))
        return index_hash(first) == index.hash and index_path(run).read_bytes() == index.content
    except FileNotFoundError:
        return False


def _begin(run: Path, index: Index) -> None:
    rows_path(run).parent.mkdir(parents=True, exist_ok=True)
    write_bytes_atomically(index_path(run), index.content)
    write_bytes_atomically(rows_path(run), opening(index.hash))


def _require_data(run: Path, index: Index) -> None:
    """Raises `LedgerError` where the ledger was not begun on `index`."""
    if _begun_on(run, index):
        return
    path = index_path(run)
    try:
        begun = parse_index(path.read_bytes())
    except (FileNotFoundError, NoIndex) as error:
        raise LedgerError(f"{path} cannot be read: {error}") from error
    if begun.hash == index.hash:
        raise LedgerError(f"{rows_path(run)} is missing or not the ledger of {path}")
    raise LedgerError(f"{_difference(begun, index)}: put it back as it was, or remove {run} to train anew")


def _difference(begun: Index, now: Index) -> str:
    if begun.terms.fingerprint == now.terms.fingerprint:
        more, fewer = np.setdiff1d(now.left_out, begun.left_out), np.setdiff1d(begun.left_out, now.left_out)
        return (
            f"the list of images of {now.terms.source} to leave out has changed since the run began:"
            f" {len(more):,} more are left out, {len(fewer):,} no longer"
        )
    changed = f"the data set {now.terms.source} has changed since the run began:"
    before, after = begun.course.split, now.course.split
    if before.examples != after.examples:
        return f"{changed} it had {before.examples:,} images to train on and has {after.examples:,} now"
    return f"{changed} its fingerprint was {begun.terms.fingerprint} and is {now.terms.fingerprint} now"
