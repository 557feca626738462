"""The state of a study in words, and a table that fits the terminal."""

from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console

from nfdsl.study.display.groups import Compute, Entry, Group
from nfdsl.study.display.summary import state_line, summary_table

BEST = Entry("r", "scaling", "F0", "1 epochs, lr 0.4", True, False, False, False, False, 1.0, 1e9, None, 1.234, 0.978)
GROUP = Group("scaling", "F0", 5, 9, 0, 0, 3, 1, 0, Compute(3e9, None), Compute(4e9, None), BEST)


@pytest.mark.parametrize(
    ("special", "line"),
    [
        ({}, "1 of 3 cells settled; 75.0% of 4e+09 training FLOPs spent"),
        ({"settled": 3, "censored": 2}, "3 of 3 cells settled, 2 censored; 75.0% of 4e+09 training FLOPs spent"),
        (
            {"diverged": 2, "missing": 1},
            "1 of 3 cells settled; 2 diverged; 1 missing; 75.0% of 4e+09 training FLOPs spent",
        ),
        (
            {"spent": Compute(3e9, 82_500.0), "expected": Compute(4e9, 110_000.0)},
            "1 of 3 cells settled; 75.0% of 110,000 core-hours spent",
        ),
        ({"expected": Compute(0.0, 0.0)}, "1 of 3 cells settled; 100.0% of 0 training FLOPs spent"),
    ],
)
def test_the_state_in_one_line(special, line):
    assert state_line(replace(GROUP, **special)) == line


def shown(width: int, *found: Group) -> list[str]:
    console = Console(file=StringIO(), width=width)
    console.print(summary_table(found, width))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_line_for_each_group():
    names, line, other = shown(140, replace(GROUP, censored=1, diverged=2), replace(GROUP, model="F1", best=None))
    assert names.split() == [
        *("block", "model", "progress", "runs", "settled", "censored", "spent", "best", "held-out", "top-1", "with"),
        "trouble",
    ]
    for word in ("scaling", "F0", "5/9", "1/3", "75.0%", "1.234", "97.8%", "1 epochs, lr 0.4", "2 diverged"):
        assert word in line
    assert "F1" in other


@pytest.mark.parametrize("width", [20, 40, 80])
def test_a_narrow_terminal_leaves_columns_out(width):
    lines = shown(width, GROUP)
    assert max(map(len, lines)) <= width
    assert len(lines) == 2
