"""The closing table."""

from io import StringIO

from rich.console import Console

from nfdsl.study.display.closing import summary
from nfdsl.study.outcome import Compilations, Missing, Outcome


def printed(outcome: Outcome, plan, width: int = 100) -> list[str]:
    console = Console(file=StringIO(), width=width)
    console.print(summary(outcome, plan))
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_a_complete_study(sketch):
    sketch.cell("cell")
    outcome = Outcome(3, 0, 0, (), (), 0, 3, (Compilations("train", 2, 2), Compilations("evaluate", 1, 1)), 83.0)
    assert printed(outcome, sketch.plan()) == [
        "done      3 runs, 1:23 in this call",
        "compiled  2 training programs for 3 runs: 2 compilations",
        "compiled  1 evaluation program for 3 runs: 1 compilation",
    ]


def test_everything_that_can_be_missing(sketch):
    a, b, c, d, e, f, *_ = sketch.cell("cell", (1, 2, 3, 4, 5, 6, 7, 8, 9))
    outcome = Outcome(
        done=1,
        diverged=1,
        unneeded=1,
        failed=(Missing(a, "record 7\ncannot be read"),),
        not_run=tuple(Missing(run, "a failed") for run in (b, c, d, e, f)),
        waiting=1,
        trained=2,
        compilations=(Compilations("train", 3, 1),),
        seconds=5.0,
    )
    assert printed(outcome, sketch.plan()) == [
        "done        1 run, 0:05 in this call",
        "diverged    1 run, which counts as a result",
        "not needed  1 run, learning rates that tuning settled without",
        "failed      1 run",
        "            cell@1 scaling F0, 1 epochs, lr 1",
        "              record 7 cannot be read",
        "not run     5 runs",
        "            cell@2 scaling F0, 1 epochs, lr 2",
        "            cell@3 scaling F0, 1 epochs, lr 3",
        "            cell@4 scaling F0, 1 epochs, lr 4",
        "            and 2 others",
        "              a failed",
        "stopped     at most 1 run to go",
        "compiled    3 training programs for 2 runs: 1 compilation, the others read from the cache",
    ]


def test_reasons_are_not_markup_and_fold(sketch):
    (run,) = sketch.cell("cell", (0.1,))
    outcome = Outcome(0, 0, 0, (Missing(run, "[red] " + "x" * 50),), (), 0, 1, (), 1.0)
    lines = printed(outcome, sketch.plan(), width=40)
    assert any("[red]" in line for line in lines)
    assert max(map(len, lines)) <= 40
    assert sum(line.count("x") for line in lines) == 50
