"""The plan as people see it: what there is, what is known, what would still be run."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from nfdsl.plan import Plan
from nfdsl.study.forecast import forecast
from nfdsl.study.landscape import Landscape
from nfdsl.study.result import Result
from nfdsl.study.tuning.known import Known
from nfdsl.tables import plan_json, print_plan

DONE = Result("done", 10, 10, 1.0, 1.0, 0.5, 0.9, 100, 1.0, 1000.0)


@pytest.fixture
def reference(planned: Callable[[str], Plan], spec: Callable[[str], str]) -> Plan:
    return planned(spec("convnets_match_vits"))


@pytest.fixture
def quickstart(planned: Callable[[str], Plan], spec: Callable[[str], str]) -> Plan:
    return planned(spec("quickstart"))


def shown(
    plan: Plan,
    losses: dict[str, float | None],
    changes: tuple[str, ...] = (),
    compiled: frozenset[str] = frozenset(),
    *,
    width: int = 200,
) -> list[str]:
    results = {
        run: replace(DONE, holdout_loss=loss, state="diverged" if loss is None else "done")
        for run, loss in losses.items()
    }
    console = Console(file=StringIO(), width=width)
    print_plan(plan, forecast(Landscape(plan), Known(results, {})), changes, compiled, console)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_reference_study_says_what_tuning_takes_and_what_it_may_take(reference: Plan):
    lines = shown(reference, {})
    assert lines[lines.index("scaling") + 1].split()[:5] == ["F0", "0.25", "epochs", "2", "of"]
    assert lines[-3].startswith("240 runs of 12 programs: ")
    assert lines[-2] == "core-hours: 6 x multiply-adds an image at 35% of the chips' peak, the `mfu` of the hardware"
    assert lines[-1].startswith("tuning tries 96 of these (1.2")
    assert lines[-1].endswith("M core-hours) where optima fall slowly with size and budget, 312 at most")


def test_core_hours_of_compiled_programs_are_told_apart(reference: Plan):
    known = reference.programs[0]
    line = shown(reference, {}, compiled=frozenset({known.id}))[-2]
    assert line.startswith("core-hours of F0: as estimated by the compiler; of the others: 6 x multiply-adds")
    programs = json.loads(plan_json(reference, {}, compiled={known.id}))["programs"]
    assert [program["core_hours_of"] for program in programs] == ["compiled program", *["stated mfu"] * 11]
    everything = frozenset(program.id for program in reference.programs)
    assert shown(reference, {}, compiled=everything)[-2] == "core-hours: as estimated by the compiler"


def test_without_a_known_peak_there_are_no_core_hours(quickstart: Plan):
    assert not any("core-hours:" in line for line in shown(quickstart, {}))
    assert {program["core_hours_of"] for program in json.loads(plan_json(quickstart, {}))["programs"]} == {None}


def test_nothing_is_cut_in_a_narrow_terminal(reference: Plan):
    lines = shown(reference, {}, width=80)
    assert not any("…" in line for line in lines)
    assert "core-hours" in next(line for line in lines if "varied" in line)
    assert "FLOPs" not in next(line for line in lines if "varied" in line)


def test_a_grid_may_go_on_beyond_its_range(quickstart: Plan):
    assert shown(quickstart, {})[-1] == ("tuning goes on beyond a range at whose end its best lies: 48 runs at most")


def test_what_is_known_of_each_cell(quickstart: Plan):
    first, second, third, fourth, *_ = quickstart.cells
    losses = dict(zip(first.runs, (2.0, 1.0, None), strict=True))  # settled inside
    losses |= dict(zip((*second.runs, *second.above), (5.0, 4.0, 3.0, 2.0, 1.0), strict=True))  # up to the last
    losses |= dict.fromkeys((*third.below, *third.runs))  # everything diverged
    losses |= {fourth.runs[0]: 1.0}
    lines = shown(quickstart, losses, ("would run 1 run of x because lr changed 0.1 -> 0.2",))
    states = [line for line in lines if "epochs" in line or "epoch" in line]
    assert states[0].endswith("lr 0.4")
    assert states[1].endswith("lr 25.6, highest tried")
    assert states[2].endswith("no result")
    assert states[3].endswith("1 of 3 done")
    assert states[4].endswith("waiting")
    assert lines[-2].startswith("14 done, 20 would run (")
    assert lines[-1] == "would run 1 run of x because lr changed 0.1 -> 0.2"


def test_the_json_tells_of_cells_and_of_runs_beyond_the_ranges(quickstart: Plan):
    cells = forecast(Landscape(quickstart), Known({}, {}))
    found = json.loads(plan_json(quickstart, {}, {quickstart.runs[0].id: "lr changed"}, cells))
    assert found["runs"][0]["because"] == "lr changed"
    assert found["runs"][1]["because"] is None
    assert found["cells"][0] == {
        "id": quickstart.cells[0].id,
        "lrs": [0.00625, 0.025, 0.1, 0.4, 1.6, 6.4, 25.6],
        "settled": False,
        "lr": None,
        "censored": None,
        "ended": 0,
        "to_come": 3,
        "at_most": 5,
    }
    (tuned,) = [run for run in found["runs"] if run["block"] == "digits_24" and run["model"] == "S"]
    cells = [cell for cell in quickstart.cells[:9] if _model(quickstart, cell.runs[0]) == "S"]
    assert tuned["start_cells"] == [cell.id for cell in cells]
    assert tuned["depends_on"] == [run for cell in cells for run in cell.runs]
    assert [run["lr"] for run in found["extensions"][:4]] == [0.00625, 0.025, 6.4, 25.6]


def _model(plan: Plan, run_id: str) -> str:
    return next(run.label for run in plan.runs if run.id == run_id)
