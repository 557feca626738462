"""Which runs two plans share, and why they do not share the others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.diff.runs import Affected, Planned, affected

Changed = Callable[..., Planned]


def compared(changed: Changed, *replacements: tuple[str, str]) -> list[Affected]:
    """Returns the affected cells, once it is sure that they account for every run."""
    old, new = changed(), changed(*replacements)
    cells = list(affected(old, new))
    ids = [{run.id for run in planned.plan.runs} for planned in (old, new)]
    assert sorted(run for cell in cells for run in cell.only_old) == sorted(ids[0] - ids[1])
    assert sorted(run for cell in cells for run in cell.only_new) == sorted(ids[1] - ids[0])
    return cells


@pytest.mark.parametrize(
    "replacements",
    [
        (),
        (
            ("mnist", "digits_of_mnist"),
            ("data        mnist", "data        digits_of_mnist"),
            ("data        mnist", "data        digits_of_mnist"),
        ),
        (
            ("data mnist", "hardware h { device tpu_v4 }\ndata mnist"),
            ("data        mnist", "data        mnist\n hardware h"),
        ),
        (("tune {0.1, 0.2}", "tune {0.2, 0.1} minimizing holdout.error"),),
    ],
)
def test_what_changes_no_run(changed: Changed, replacements: tuple[tuple[str, str], ...]):
    assert compared(changed, *replacements) == []


@pytest.mark.parametrize(
    ("replacement", "expected"),
    [
        (
            ("0.8)", "0.9)"),
            {("base", "optimizer.momentum"): (8, 8, 0), ("tuned", "runs of base"): (2, 2, 0)},
        ),
        (
            ("1e-5", "1e-4"),
            {("decayed", "optimizer.weight_decay"): (8, 8, 0)},
        ),
        (
            ("{0.1, 0.2}", "{0.1, 0.2, 0.4}"),
            {("base", "lr"): (0, 4, 8), ("decayed", "lr"): (0, 4, 8), ("tuned", "runs of base"): (2, 2, 0)},
        ),
        (
            ("1 .. 2 epochs", "1 .. 4 epochs"),
            {("base", "budget"): (0, 4, 0), ("decayed", "budget"): (0, 4, 0), ("tuned", "runs of base"): (2, 2, 0)},
        ),
        (
            ("budget      1 epochs", "budget      2 epochs"),
            {("tuned", "budget"): (2, 2, 0)},
        ),
        (
            ("M: 2", "M: 3"),
            {
                ("base", "model.depth"): (4, 4, 0),
                ("decayed", "model.depth"): (4, 4, 0),
                ("tuned", "runs of base"): (1, 1, 0),
            },
        ),
        (
            (", M: 2", ""),
            {("base", "model"): (4, 0, 0), ("decayed", "model"): (4, 0, 0), ("tuned", "model"): (1, 0, 0)},
        ),
        (
            ("best 1", "best 2"),
            {("tuned", "start"): (0, 2, 0)},
        ),
        (
            ("start       base", "start       decayed"),
            {("tuned", "start.block, runs of decayed"): (2, 2, 0)},
        ),
        (
            ("1e-5)\n", "1e-5)\n  seed {0, 1}\n"),
            {("decayed", "seed"): (0, 8, 0)},
        ),
        (
            ("pretrain decayed", "pretrain slow"),
            {},
        ),
        (
            ("report r", "pretrain late from base { seed 1 }\nreport r"),
            {("late", "pretrain late"): (0, 8, 0)},
        ),
    ],
)
def test_who_is_affected_and_why(
    changed: Changed, replacement: tuple[str, str], expected: dict[tuple[str, str], tuple[int, int, int]]
):
    found: dict[tuple[str, str], tuple[int, int, int]] = {}
    for cell in compared(changed, replacement):
        key = (cell.block, ", ".join(cell.causes))
        numbers = (len(cell.only_old), len(cell.only_new), len(cell.both))
        before = found.get(key, (0, 0, 0))
        found[key] = (before[0] + numbers[0], before[1] + numbers[1], before[2] + numbers[2])
    assert found == expected


@pytest.mark.parametrize(("sam", "causes"), [("rho 0.05", {"hardware.topology"}), ("over global", set())])
def test_chips_make_a_run_another_where_sam_ascends_on_each(changed: Changed, sam: str, causes: set[str]):
    old, new = (
        changed(
            ("start       base", f"sam {sam}\n  hardware h\n  start       base"),
            ("report r", f"hardware h {{ topology {topology} }}\nreport r"),
        )
        for topology in ("[1]", "[2, 1]")
    )
    assert {cause for cell in affected(old, new) for cause in cell.causes} == causes


def test_a_stated_precision_makes_a_run_another(changed: Changed):
    old, new = (
        changed(
            ("start       base", "hardware h\n  start       base"),
            ("report r", f"hardware h {{ precision {precision} }}\nreport r"),
        )
        for precision in ("auto", "float32")
    )
    assert {(cell.block, *cell.causes) for cell in affected(old, new)} == {("tuned", "hardware.precision")}


def test_what_is_said_in_other_words_is_no_cause_beside_one(changed: Changed):
    schedule, words = "schedule cosine(warmup: %s)\n  hardware h", "  lr          0.1\n  dropout %s"
    old, new = (
        changed(
            ("budget      1 epochs", f"{schedule % warmup}\n  budget {budget}"),
            ("  lr          0.1\n", f"{words % dropout}\n"),
            ("report r", f"hardware h {{ device {device} }}\nreport r"),
        )
        for warmup, budget, dropout, device in (
            ("10 steps", "1 epochs", "0.1", "tpu_v4"),
            ("500 images", "4500 images", "0.2", "tpu_v3"),
        )
    )
    assert {(cell.block, *cell.causes) for cell in affected(old, new)} == {("tuned", "dropout")}


def test_hardware_is_a_cause_where_a_budget_is_in_hours(changed: Changed):
    old, new = (
        changed(
            ("budget      1 epochs", "hardware h\n  budget 1e-6 core_hours"),
            ("report r", f"hardware h {{ device {device} }}\nreport r"),
        )
        for device in ("tpu_v4", "tpu_v3")
    )
    assert {(cell.block, *cell.causes) for cell in affected(old, new)} == {("tuned", "hardware.device")}


def test_starts_from_several_blocks_are_told_apart(changed: Changed):
    grid = "start       {one: start(base, best: 2), two: start(decayed, best: 2, by: %s)}"
    old, new = (
        changed(("start       base best 1 by holdout.loss", grid % by)) for by in ("holdout.loss", "holdout.error")
    )
    found = [(cell.labels["start"], *cell.causes) for cell in affected(old, new) if cell.model == "S"]
    assert found == [("two", "start.by"), ("two, 2nd best", "start.by")]


def test_a_cell_is_known_by_its_labels(changed: Changed):
    cells = compared(changed, ("1e-5", "1e-4"))
    assert [(cell.model, dict(cell.labels)) for cell in cells] == [
        ("S", {"budget": "1 epochs"}),
        ("S", {"budget": "2 epochs"}),
        ("M", {"budget": "1 epochs"}),
        ("M", {"budget": "2 epochs"}),
    ]


def test_released_weights_are_compared_by_what_they_hold(
    changed: Changed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("a", "b", "same_as_a"):
        Path(f"{name}.safetensors").write_text(name[-1])
    start = "base best 1 by holdout.loss"
    one, other, same = (
        changed((start, f'released({{v1: "{name}.safetensors"}}, model: net)')) for name in ("a", "b", "same_as_a")
    )
    assert not affected(one, same)
    assert [(cell.model, cell.causes) for cell in affected(one, other)] == [
        ("S", ["start.file"]),
        ("M", ["start.file"]),
    ]
    assert {tuple(cell.causes) for cell in affected(changed(), one)} == {("start",)}
