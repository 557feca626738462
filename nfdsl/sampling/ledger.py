"""The ledger of a run: what each step was fed, in rows of 40 bytes, sealed so that no edit goes unseen.

::

    STUDY/runs/ID/ledger/index      what the run should be fed (`nfdsl.sampling.index`)
    STUDY/runs/ID/ledger/rows       this file: rows of 40 bytes, little-endian, only ever appended to
    STUDY/runs/ID/checkpoints/S/ledger.json     {"rows", "seal"}: how far the ledger goes that counts in S

    kind       1 byte     0 zero     2 processes     4 count     8 step     8 first     16 digest

====== ======== =========================================================================================
kind            what the row says
====== ======== =========================================================================================
1      OPENED   bytes 8 to 39 are the SHA-256 of the index; always the first row, and nowhere else
2      STARTED  a worker of `processes` processes and `count` devices goes on from the state after `step` steps:
                rows of that step and later ones that come before this row do not count
3      FED      in `step`, `processes` processes fed the views ``[first, first + count)``, all in one epoch, whose
                multiset digest is `digest` (`nfdsl.sampling.multiset`), taken from the records that were read
4      SKIPPED  in `step`, view `first` could not be read and was left out; `digest` is what it would have added
5      SEAL     bytes 8 to 39 are the SHA-256 of the seal before (or the index's hash) and all rows since
====== ======== =========================================================================================

A step takes one row for each epoch it touches: 40 bytes but at the seam of two epochs. A batch of rows
and its seal are appended before the checkpoint that they belong to is committed, and count once it is: it
holds the number of rows and the last seal. So rows count exactly if the weights they made do.
"""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

OPENED, STARTED, FED, SKIPPED, SEAL = range(1, 6)

ROW = np.dtype(
    [
        ("kind", "u1"),
        ("zero", "u1"),
        ("processes", "<u2"),
        ("count", "<u4"),
        ("step", "<i8"),
        ("first", "<i8"),
        ("digest", "<u8", (2,)),
    ]
)

Rows = NDArray[np.void]  # of dtype ROW


@dataclass(frozen=True)
class Anchor:
    """How far a ledger goes: what a checkpoint keeps of it."""

    rows: int
    seal: str  # hexadecimal; that of row ``rows - 1``

    def dump(self) -> str:
        return json.dumps(asdict(self))


def parse_anchor(text: str | bytes) -> Anchor:
    """Returns the anchor that `Anchor.dump` wrote. Raises ValueError where it is none."""
    stated: Any = json.loads(text)
    match stated:
        case {"rows": int(rows), "seal": str(seal)} if rows > 0 and len(seal) == 64:
            return Anchor(rows, seal)
        case _:
            raise ValueError("no rows and seal of a ledger")


def rows_of(kind: int, count: int) -> Rows:
    """Returns `count` rows of a kind, the rest zero."""
    rows = np.zeros(count, ROW)
    rows["kind"] = kind
    return rows


def started(step: int, processes: int, devices: int) -> Rows:
    """Returns the row of a worker that goes on after `step` steps."""
    row = rows_of(STARTED, 1)
    row["step"], row["processes"], row["count"] = step, processes, devices
    return row


def opening(index_hash: bytes) -> bytes:
    """Returns the first row."""
    return _mark(OPENED, index_hash)


def sealed(rows: Rows, before: bytes) -> tuple[bytes, bytes]:
    """Returns the bytes of `rows` and their seal, to be appended after the seal `before`; and the new seal."""
    content = rows.tobytes()
    seal = _seal(before, memoryview(content))
    return content + _mark(SEAL, seal), seal


@dataclass(frozen=True, eq=False)
class Verified:
    """Rows whose seals have been verified."""

    rows: Rows  # [n], seals included, and nothing after the last of them
    anchor: Anchor | None  # the last seal; None where there is none
    edited: tuple[int, int] | None  # the first rows that their seal does not fit, from and to, if there are any
    unsealed: int  # bytes after the last seal that fits


def verified(content: memoryview, before: bytes, first: int = 0) -> Verified:
    """Returns what of `content`, which follows row ``first - 1`` and the seal `before`, its seals vouch for.

    One pass at the speed of SHA-256, whatever the length of the run.
    """
    whole = len(content) // ROW.itemsize
    rows = np.frombuffer(content, ROW, whole)
    begin, seal, edited = 0, before, None
    for place in np.flatnonzero(rows["kind"] == SEAL).tolist():
        expected = _seal(seal, content[begin * ROW.itemsize : place * ROW.itemsize])
        if bytes(content[place * ROW.itemsize : (place + 1) * ROW.itemsize]) != _mark(SEAL, expected):
            edited = first + begin, first + place
            break
        begin, seal = place + 1, expected
    anchor = Anchor(first + begin, seal.hex()) if begin else None
    return Verified(rows[:begin], anchor, edited, len(content) - begin * ROW.itemsize)


def index_hash(content: memoryview) -> bytes | None:
    """Returns the hash in the first row of a ledger's bytes; None where that row is none."""
    stated = bytes(content[8 : ROW.itemsize])
    return stated if bytes(content[: ROW.itemsize]) == opening(stated) else None


def seal_at(file: BinaryIO, anchor: Anchor) -> bool:
    """Returns whether a ledger's file holds the seal of `anchor` where it says."""
    file.seek((anchor.rows - 1) * ROW.itemsize)
    return file.read(ROW.itemsize) == _mark(SEAL, bytes.fromhex(anchor.seal))


def index_path(run: Path) -> Path:
    """Returns where the index of the run in the folder `run` lies."""
    return run / "ledger" / "index"


def rows_path(run: Path) -> Path:
    """Returns where the rows of the run in the folder `run` lie."""
    return run / "ledger" / "rows"


def anchor_path(checkpoint: Path) -> Path:
    """Returns where the checkpoint in a folder keeps its anchor."""
    return checkpoint / "ledger.json"


def _mark(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + bytes(7) + content


def _seal(before: bytes, rows: memoryview) -> bytes:
    summed = hashlib.sha256(before)
    summed.update(rows)
    return summed.digest()
