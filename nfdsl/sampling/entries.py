"""From what processes fed to the rows of the ledger."""

import numpy as np
from numpy.typing import NDArray

from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import FED, SKIPPED, Rows, rows_of
from nfdsl.sampling.multiset import Keys, totals


def entries(
    index: Index, step: int, views: NDArray[np.int64], keys: Keys, unread: NDArray[np.bool_], processes: int
) -> Rows:
    """Returns the rows of one process's part of a step.

    There is one for each range of views that follow one another in an epoch, and one for each view it left out.

    Args:
      views: [n], ascending, the numbers of the views it was to feed.
      keys: of the n records that it did feed; where it left one out, of the one it should have.
      unread: [n], which views it left out, since their record could not be read.
    """
    if not views.size:
        return rows_of(FED, 0)
    elements = index.digester.elements(keys, views % index.terms.repeat)
    follows = (np.diff(views) == 1) & (np.diff(views // index.epoch) == 0)
    starts = np.flatnonzero(np.concatenate([[True], ~follows]))
    fed = rows_of(FED, len(starts))
    fed["count"] = np.diff(starts, append=len(views))
    fed["first"] = views[starts]
    fed["digest"] = totals(np.where(unread, np.uint64(0), elements), starts).T
    skipped = rows_of(SKIPPED, int(unread.sum()))
    skipped["count"], skipped["first"], skipped["digest"] = 1, views[unread], elements[:, unread].T
    rows = np.concatenate([fed, skipped])
    rows["step"], rows["processes"] = step, processes
    return rows


def combined(rows: Rows, epoch: int) -> Rows:
    """Returns the rows of whole steps, in order, from those of all processes in any order.

    Processes that did not feed parts that follow one another leave several rows.

    Args:
      rows: FED and SKIPPED rows [n] of one or more steps.
      epoch: views in an epoch.
    """
    if not rows.size:
        return rows
    rows = rows[np.lexsort((rows["first"], rows["kind"], rows["first"] // epoch, rows["step"]))]
    same_part = (np.diff(rows["step"]) == 0) & (np.diff(rows["first"] // epoch) == 0)
    follows = rows["first"][1:] == rows["first"][:-1] + rows["count"][:-1]
    joins = same_part & follows & (rows["kind"][1:] == FED) & (rows["kind"][:-1] == FED)
    starts = np.flatnonzero(np.concatenate([[True], ~joins]))
    whole = rows[starts]
    whole["count"] = np.add.reduceat(rows["count"], starts)
    whole["digest"] = totals(np.ascontiguousarray(rows["digest"].T), starts).T
    return whole
