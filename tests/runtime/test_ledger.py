"""Tests of writing the ledger: it goes on from a checkpoint, and only on the data it was begun on."""

from dataclasses import replace

import numpy as np
import pytest

from nfdsl.sampling.index import Index, Terms
from nfdsl.sampling.ledger import FED, ROW, SEAL, STARTED, index_path, rows_of, rows_path, started
from runtime.ledger import Ledger, LedgerError

TERMS = Terms("somewhere", "f1", seed=0, batch=4, repeat=1, images=40)


def index(terms=TERMS, count=10, left_out=(3,)):
    return Index(terms, np.array([5], np.uint64), np.array([count]), np.array(left_out))


def kinds(folder):
    return np.fromfile(rows_path(folder), ROW)["kind"].tolist()[1:]


@pytest.fixture
def begun(tmp_path):
    """A ledger with two commits, of one and two rows; and its anchors."""
    ledger = Ledger(tmp_path, index(), None)
    return tmp_path, [ledger.commit(started(0, 1, 1)), ledger.commit(rows_of(FED, 2))]


def test_rows_and_seals_are_appended(begun):
    folder, (first, second) = begun
    assert kinds(folder) == [STARTED, SEAL, FED, FED, SEAL]
    assert (first.rows, second.rows) == (3, 6)
    assert Ledger(folder, index(), second).commit(rows_of(FED, 1)).rows == 8


def test_what_was_sealed_stays_when_a_run_goes_further_back(begun):
    """It tells of the steps that were rolled back."""
    folder, (first, _) = begun
    assert Ledger(folder, index(), first).commit(started(0, 1, 1)).rows == 8
    assert kinds(folder) == [STARTED, SEAL, FED, FED, SEAL, STARTED, SEAL]
    assert Ledger(folder, index(), None).commit(rows_of(FED, 1)).rows == 10


@pytest.mark.parametrize(
    "left", [b"\x03", b"\x03" * 40, b"\x05" * 40, b"\x03" * 81], ids=["torn", "row", "seal", "rows"]
)
def test_what_no_seal_vouches_for_is_cut_off(begun, left):
    folder, (_, second) = begun
    with rows_path(folder).open("ab") as file:
        file.write(left)
    Ledger(folder, index(), second)
    assert kinds(folder) == [STARTED, SEAL, FED, FED, SEAL]


def test_an_attempt_that_failed_is_written_over(begun, monkeypatch):
    folder, (_, second) = begun
    ledger = Ledger(folder, index(), second)
    monkeypatch.setattr("runtime.ledger.flush", lambda path: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        ledger.commit(rows_of(FED, 3))
    monkeypatch.undo()
    assert ledger.commit(rows_of(FED, 1)).rows == 8
    assert kinds(folder)[5:] == [FED, SEAL]


def test_a_run_cannot_go_on_with_another_ledger(begun):
    folder, (_, second) = begun
    path = rows_path(folder)
    path.write_bytes(path.read_bytes()[:120])
    with pytest.raises(LedgerError, match="does not hold the 6 rows that the checkpoint counts on"):
        Ledger(folder, index(), second)
    path.unlink()
    with pytest.raises(LedgerError, match="is missing"):
        Ledger(folder, index(), second)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (
            index(replace(TERMS, fingerprint="f2"), count=12),
            "data set somewhere has changed since the run began: it had 9 images to train on and has 11 now",
        ),
        (
            index(replace(TERMS, fingerprint="f2")),
            "data set somewhere has changed since the run began: its fingerprint was f1 and is f2 now",
        ),
        (
            index(left_out=(4, 5)),
            "list of images of somewhere to leave out has changed since the run began:"
            " 2 more are left out, 1 no longer",
        ),
    ],
    ids=["images", "fingerprint", "exclusions"],
)
def test_a_run_cannot_go_on_with_other_data(begun, changed, said):
    folder, (_, second) = begun
    with pytest.raises(LedgerError) as caught:
        Ledger(folder, changed, second)
    assert str(caught.value) == f"the {said}: put it back as it was, or remove {folder} to train anew"


def test_before_its_first_checkpoint_a_run_begins_anew_on_other_data(begun):
    folder, _ = begun
    Ledger(folder, index(count=12), None)
    assert kinds(folder) == []
    assert index_path(folder).read_bytes() == index(count=12).content
