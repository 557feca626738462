"""A ledger that was forged, truncated or edited is found, whatever was done to it."""

import json
import random
import shutil
from dataclasses import replace

import numpy as np
import pytest

from nfdsl.audit.run import audit_run
from nfdsl.sampling.ledger import FED, ROW, Anchor, anchor_path, index_path, parse_anchor, rows_path, sealed


@pytest.fixture
def folder(simulated, tmp_path):
    """A finished run, its last checkpoint in the middle of many commits."""
    simulation = simulated(50, batch=12, images=125, hosts=2)
    while simulation.step < 11:
        simulation.feed()
        if simulation.step % 3 == 0:
            simulation.commit()
    simulation.commit()
    simulation.complete()
    shutil.copytree(simulation.folder, tmp_path / "r")
    assert audit_run(tmp_path / "r").verdict == "proved"
    return tmp_path / "r"


def reason(folder):
    audited = audit_run(folder)
    assert audited.verdict == "unreadable"
    (finding,) = audited.findings
    return finding


def test_any_bit_that_is_flipped_is_found(folder):
    for path in (rows_path(folder), index_path(folder), anchor_path(folder / "checkpoints" / "11")):
        content = path.read_bytes()
        draws = random.Random(0)
        for place in [*range(0, len(content), 7), len(content) - 1]:
            damaged = bytearray(content)
            damaged[place] ^= 1 << draws.randrange(8)
            path.write_bytes(damaged)
            assert audit_run(folder).verdict == "unreadable", (path, place)
        path.write_bytes(content)
    assert audit_run(folder).verdict == "proved"


def test_an_edit_is_placed(folder):
    rows = np.fromfile(rows_path(folder), ROW)
    place = int(np.flatnonzero((rows["kind"] == FED) & (rows["step"] == 4))[0])
    rows["count"][place] += 1
    rows.tofile(rows_path(folder))
    assert "rows 6 to 10 (steps 3 to 5) break their seal" in reason(folder)


def test_a_checkpoint_that_counts_on_rows_without_a_seal_is_found(folder):
    path = anchor_path(folder / "checkpoints" / "11")
    anchor = parse_anchor(path.read_bytes())
    path.write_text(replace(anchor, rows=anchor.rows - 1).dump())
    assert f"rows 16 to {anchor.rows - 1} (steps 9 to 10) break their seal" in reason(folder)


@pytest.mark.parametrize("rows", [0, 1, 2, 7, 10])
def test_a_ledger_that_was_truncated_is_found_even_at_a_seal(folder, rows):
    path = rows_path(folder)
    path.write_bytes(path.read_bytes()[: rows * ROW.itemsize])
    assert "truncated" in reason(folder) or rows == 0


def test_a_ledger_that_was_written_anew_is_found(folder):
    """All its seals fit, but not the one that the checkpoint keeps."""
    path = rows_path(folder)
    rows = np.fromfile(path, ROW)
    told = rows[np.isin(rows["kind"], [2, FED])]
    told["digest"][5] = (1, 2)
    index_hash = bytes(path.read_bytes()[8:40])
    content, _ = sealed(told, index_hash)
    path.write_bytes(path.read_bytes()[:40] + content + content)
    assert "was edited" in reason(folder) or "was rewritten" in reason(folder)


def test_whoever_forges_the_checkpoint_too_needs_the_digests_of_the_right_records(folder):
    path = rows_path(folder)
    rows = np.fromfile(path, ROW)
    told = rows[np.isin(rows["kind"], [2, FED])]
    told["digest"][told["step"] == 5] = told["digest"][told["step"] == 6][:1]
    content, seal = sealed(told, bytes(path.read_bytes()[8:40]))
    path.write_bytes(path.read_bytes()[:40] + content)
    anchor_path(folder / "checkpoints" / "11").write_text(Anchor(len(told) + 2, seal.hex()).dump())
    audited = audit_run(folder)
    assert audited.verdict == "refuted"
    assert audited.findings == ("step 5 was fed the images of step 6",)


@pytest.mark.parametrize("path", [rows_path, index_path])
def test_what_is_missing_is_named(folder, path):
    path(folder).unlink()
    assert reason(folder) == f"{path(folder)} is missing"


def test_the_index_must_be_that_of_the_run(folder):
    (folder / "run.json").write_text(json.dumps([125, 12, 1, 99]))
    assert reason(folder) == f"{index_path(folder)} is not the index of the run in run.json"


def test_a_run_cannot_be_done_with_steps_to_go(folder):
    shutil.rmtree(folder / "checkpoints" / "11")
    assert reason(folder) == "result.json says that the run is done, the last checkpoint is of step 9"


def test_what_was_being_written_when_a_run_was_killed_does_no_harm(folder):
    with rows_path(folder).open("ab") as file:
        file.write(b"\x03" * 50)
    assert audit_run(folder).verdict == "proved"
