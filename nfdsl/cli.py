"""The commands. Exit codes: 0 done, 1 the spec is wrong, 2 wrong usage, 3 some run failed, 130 stopped.

Commands import what they need when they are called, so that ``nfdsl check`` stays quick.
"""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nfdsl.check.spec import study_of
from nfdsl.diagnostics import Diagnostic, to_json
from nfdsl.render import render
from nfdsl.source import Source, Unreadable, read

if TYPE_CHECKING:  # the one place where imports are late
    from nfdsl.plan import Plan
    from nfdsl.verdict import Verdict

DONE, WRONG_SPEC, USAGE, RUN_FAILED, STOPPED = 0, 1, 2, 3, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.command(arguments)
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nfdsl", description="Carries out scaling studies written in .nfx files.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("check", help="say everything that is wrong with a spec")
    command.add_argument("files", nargs="+", metavar="FILE")
    command.add_argument("--fix", action="store_true", help="mend what can be mended, in the files themselves")
    formats = command.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print the diagnostics as JSON")
    formats.add_argument("--sarif", action="store_true", help="print the diagnostics as SARIF 2.1.0")
    command.set_defaults(command=_check)

    command = commands.add_parser("explain", help="say what a diagnostic means, with a wrong and a right example")
    command.add_argument("code", nargs="?", metavar="CODE", help="the word in brackets behind `error`; all if left out")
    command.add_argument("--json", action="store_true", help="print the explanation as JSON")
    command.set_defaults(command=_explain)

    command = commands.add_parser("plan", help="show runs, programs and what they cost")
    command.add_argument("file", metavar="FILE")
    command.add_argument("--json", action="store_true", help="print the plan as JSON")
    command.add_argument("--out", type=Path, metavar="DIR", help="the study directory, for the state of its runs")
    command.set_defaults(command=_plan)

    command = commands.add_parser("run", help="carry a study out, or on from where it stopped")
    command.add_argument("file", metavar="FILE")
    command.add_argument("--out", type=Path, metavar="DIR", help="the study directory (studies/NAME)")
    command.set_defaults(command=_run)

    command = commands.add_parser("report", help="draw the figures and the report of a study directory")
    command.add_argument("directory", type=Path, metavar="DIR")
    command.set_defaults(command=_report)
    return parser


def _check(arguments: argparse.Namespace) -> int:
    from nfdsl.verdict import verdict

    try:
        verdicts = [verdict(name, fix=arguments.fix) for name in arguments.files]
    except OSError as error:
        print(f"nfdsl: cannot write the fixes: {error}", file=sys.stderr)
        return USAGE
    found = [diagnostic for each in verdicts for diagnostic in each.wrong]
    if arguments.json:
        print(json.dumps([to_json(diagnostic) for diagnostic in found], indent=1))
    elif arguments.sarif:
        from nfdsl.sarif import sarif

        print(sarif(found))
    else:
        _print_verdicts(verdicts)
    return WRONG_SPEC if found else DONE


def _print_verdicts(verdicts: "Sequence[Verdict]") -> None:
    from nfdsl.mend import described
    from nfdsl.verdict import summary

    for each in verdicts:
        for diagnostic in each.fixed:
            print(described(diagnostic))
        _show(each.wrong)
        if not each.wrong:
            print(f"{each.name}: in order")
    if line := summary(verdicts):
        print(line, file=sys.stderr)


def _explain(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from nfdsl.explain import UnknownCode, explained_json, explanation_of, print_codes, print_explanation

    try:
        if arguments.json:
            print(explained_json(arguments.code))
        elif arguments.code is None:
            print_codes(Console())
        else:
            print_explanation(explanation_of(arguments.code), Console())
    except UnknownCode as error:
        print(f"nfdsl: {error}", file=sys.stderr)
        return USAGE
    return DONE


def _plan(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from nfdsl.study.directory import StudyDirectory
    from nfdsl.tables import plan_json, print_plan

    planned = _planned(arguments.file)
    if planned is None:
        return WRONG_SPEC
    _, plan = planned
    results, _ = StudyDirectory(_directory(arguments)).results(run.id for run in plan.runs)
    states = {run: result.state for run, result in results.items()}
    if arguments.json:
        print(plan_json(plan, states))
    else:
        print_plan(plan, states, Console())
    return DONE


def _run(arguments: argparse.Namespace) -> int:
    from rich.console import Console

    from nfdsl.study.description import describe
    from nfdsl.study.directory import StudyDirectory
    from nfdsl.study.display import follow, print_closing
    from nfdsl.study.engine import carry_out
    from nfdsl.study.lock import Held
    from nfdsl.tables import plan_json

    planned = _planned(arguments.file)
    if planned is None:
        return WRONG_SPEC
    source, plan = planned
    directory = StudyDirectory(_directory(arguments))
    console = Console()
    events = carry_out(plan, directory, study_json=describe(plan, source), plan_json=plan_json(plan, {}))
    try:
        outcome = follow(events, plan, console)
    except Held as held:
        print(f"nfdsl: {held}", file=sys.stderr)
        return USAGE
    print_closing(outcome, plan, console)
    if outcome.stopped:
        console.print(f"stopped; to go on: nfdsl run {arguments.file}", markup=False, highlight=False)
        return STOPPED
    _write_report(directory.path)
    return DONE if outcome.complete else RUN_FAILED


def _report(arguments: argparse.Namespace) -> int:
    return _write_report(arguments.directory)


def _write_report(directory: Path) -> int:
    from nfdsl.analysis.report import write_report
    from nfdsl.study.directory import Unreadable as UnreadableStudy

    try:
        files = write_report(directory)
    except UnreadableStudy as error:
        print(f"nfdsl: {error}", file=sys.stderr)
        return USAGE
    for finding in files.findings:
        print(f"- {finding}")
    print(f"report: {files.html}")
    return DONE


def _read(name: str) -> Source | None:
    try:
        return read(name)
    except Unreadable as error:
        print(f"error[unreadable-file]: {error}", file=sys.stderr)
        return None


def _planned(name: str) -> "tuple[Source, Plan] | None":
    """Returns the plan of the spec at `name`, or none once what is wrong has been shown."""
    from nfdsl.plan import plan

    source = _read(name)
    if source is None:
        return None
    study, diagnostics = study_of(source)
    planned = None
    if study is not None:
        planned, diagnostics = plan(study, Path(name).stem)
    _show(diagnostics)
    return (source, planned) if planned else None


def _show(diagnostics: Sequence[Diagnostic]) -> None:
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    for diagnostic in diagnostics:
        print(render(diagnostic, color=color), end="\n\n", file=sys.stderr)


def _directory(arguments: argparse.Namespace) -> Path:
    return arguments.out or Path("studies") / Path(arguments.file).stem


if __name__ == "__main__":
    sys.exit(main())
