"""The commands. Exit codes: 0 done, 1 the spec is wrong, 2 wrong usage, 3 some run failed or is unproved, 130 stopped.

Commands import what they need when they are called, so that ``nfdsl check`` stays quick.
"""

import json
import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from nfdsl.diagnostics import Diagnostic, to_json
from nfdsl.render import render
from nfdsl.source import Source, Unreadable, read

if TYPE_CHECKING:  # the one place where imports are late
    from nfdsl.check.study import Study
    from nfdsl.plan import Plan
    from nfdsl.verdict import Verdict

DONE, WRONG_SPEC, USAGE, RUN_FAILED, STOPPED = 0, 1, 2, 3, 130


def new(arguments: Namespace) -> int:
    from nfdsl.starter import write_starter

    try:
        path = write_starter(arguments.name)
    except FileExistsError as error:
        return _refused(f"{error.filename} is there already; give another name: nfdsl new NAME")
    except OSError as error:
        return _refused(f"cannot write {error.filename}: {error.strerror}")
    print(f"wrote {path}, a study that runs as it is, in about a minute:\n  nfdsl plan {path}\n  nfdsl run {path}")
    return DONE


def check(arguments: Namespace) -> int:
    from nfdsl.verdict import verdict

    try:
        verdicts = [verdict(name, arguments.assignments, fix=arguments.fix) for name in arguments.files]
    except OSError as error:
        return _refused(f"cannot write the fixes: {error}")
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


def explain(arguments: Namespace) -> int:
    from nfdsl.console import Console
    from nfdsl.explain import UnknownCode, explained_json, explanation_of, print_codes, print_explanation

    try:
        if arguments.json:
            print(explained_json(arguments.code))
        elif arguments.code is None:
            print_codes(Console())
        else:
            print_explanation(explanation_of(arguments.code), Console())
    except UnknownCode as error:
        return _refused(error)
    return DONE


def fmt(arguments: Namespace) -> int:
    from nfdsl.style import style

    in_order = True
    for name in arguments.files:
        try:
            styled = style(name, check=arguments.check)
        except Unreadable as error:
            print(f"error[unreadable-file]: {error}", file=sys.stderr)
            in_order = False
            continue
        _show(styled.diagnostics)
        if styled.changed:
            print(f"{name}: not in style" if arguments.check else f"{name}: formatted")
        in_order = in_order and not styled.diagnostics and not (styled.changed and arguments.check)
    return DONE if in_order else WRONG_SPEC


def plan(arguments: Namespace) -> int:
    from nfdsl.aot.estimates import measured
    from nfdsl.console import Console
    from nfdsl.study.changes import reasons, told
    from nfdsl.study.directory import StudyDirectory
    from nfdsl.study.directory import Unreadable as UnreadableStudy
    from nfdsl.study.forecast import forecast
    from nfdsl.study.landscape import Landscape
    from nfdsl.study.tuning.known import Known
    from nfdsl.tables import plan_json, print_plan

    planned = _planned(arguments.file, arguments.assignments)
    if planned is None:
        return WRONG_SPEC
    _, _, plan = planned
    directory, landscape = StudyDirectory(_directory(arguments)), Landscape(plan)
    try:
        results, _ = directory.results(landscape.runs)
    except UnreadableStudy as error:
        return _refused(error)
    cells, because = forecast(landscape, Known(results, {})), reasons(plan, directory)
    costed, compiled = measured(plan)
    if arguments.json:
        print(plan_json(costed, {run: result.state for run, result in results.items()}, because, cells, compiled))
    else:
        print_plan(costed, cells, told(plan, because, results), compiled, Console())
    return DONE


def show(arguments: Namespace) -> int:
    from nfdsl.show.study import shown

    if arguments.run is None and arguments.form != "nfx":
        return _refused(f"--as {arguments.form} shows one run; say which: --run ID")
    studied = _planned(arguments.file, arguments.assignments)
    if studied is None:
        return WRONG_SPEC
    source, study, plan = studied
    if arguments.run is None:
        print(shown(study, source), end="")
        return DONE

    from nfdsl.show.run import UnknownRun, find, shown_as

    try:
        print(shown_as(arguments.form, find(plan, arguments.run), plan, study), end="")
    except UnknownRun as unknown:
        return _refused(unknown)
    return DONE


def compile_programs(arguments: Namespace) -> int:
    from nfdsl.aot.compile import NoCompiler, compiled
    from nfdsl.aot.table import announced, estimates_json, print_estimates
    from nfdsl.aot.targets import NoTarget, targets
    from nfdsl.console import Console

    planned = _planned(arguments.file, arguments.assignments)
    if planned is None:
        return WRONG_SPEC
    try:
        wanted = targets(planned[2], arguments.topology, arguments.model)
        estimates = list(announced(compiled(wanted), len(wanted), Console(stderr=True)))
    except (NoTarget, NoCompiler) as error:
        return _refused(error)
    estimates.sort(key=lambda estimate: wanted.index(estimate.target))
    if arguments.json:
        print(estimates_json(estimates))
    else:
        print_estimates(estimates, Console())
    return RUN_FAILED if any(estimate.error for estimate in estimates) else DONE


def diff(arguments: Namespace) -> int:
    from nfdsl.diff.report import difference, to_json, to_text
    from nfdsl.diff.runs import Planned

    old, new = _planned(arguments.old), _planned(arguments.new, arguments.assignments)
    if old is None or new is None:
        return WRONG_SPEC
    before, after = (Planned(study, plan, study.lets) for _, study, plan in (old, new))
    found = difference(before, after)
    print(to_json(found) if arguments.json else to_text(found, arguments.old, arguments.new))
    return DONE


def run(arguments: Namespace) -> int:
    from rich.console import Console

    from nfdsl.study.changes import reasons, told
    from nfdsl.study.description import describe
    from nfdsl.study.directory import StudyDirectory, Unfit, unwritable
    from nfdsl.study.directory import Unreadable as UnreadableStudy
    from nfdsl.study.display.follow import attend, follow, print_closing
    from nfdsl.study.engine import Apart, carry_out
    from nfdsl.study.lock import Held
    from nfdsl.study.worker import RUNTIME
    from nfdsl.syntax.load import load
    from nfdsl.tables import plan_json

    if obstacle := _obstacle(arguments):
        return _refused(obstacle)
    planned = _planned(arguments.file, arguments.assignments)
    if planned is None:
        return WRONG_SPEC
    source, _, plan = planned
    directory, console = StudyDirectory(_directory(arguments)), Console()
    because = reasons(plan, directory)
    try:
        results, _ = directory.results(because)
    except UnreadableStudy as error:
        return _refused(error)
    study_json = describe(plan, source, load(source).sources[1:], arguments.assignments)
    events = carry_out(
        plan,
        directory,
        study_json=study_json,
        plan_json=plan_json(plan, {}, because),
        command=(*RUNTIME, *_cluster(arguments)),
        cluster=arguments.cluster,
        attempts=arguments.attempts,
    )
    try:
        if arguments.cluster and (left := attend(events, console)):
            return STOPPED if left.stopped else DONE
        for line in told(plan, because, results):
            console.print(line, markup=False, highlight=False)
        if arguments.tensorboard:
            from nfdsl.study.tensorboard import logged

            events = logged(events, plan, directory.path / "tensorboard")
        outcome = follow(events, plan, console)
    except (Apart, Held, Unfit, UnreadableStudy) as error:
        return _refused(error)
    except OSError as error:
        return _refused(unwritable(error), RUN_FAILED)
    print_closing(outcome, plan, console)
    if outcome.stopped:
        console.print(f"stopped; to go on: {_again(arguments)}", markup=False, highlight=False)
        return STOPPED
    reported = _write_report(directory.path)
    return reported if outcome.complete else RUN_FAILED


def _obstacle(arguments: Namespace) -> str | None:
    """Returns what keeps a study from being carried out as it was asked for."""
    if arguments.tensorboard and find_spec("tensorboardX") is None:
        return "event files need the extra `tensorboard`: pip install 'nfdsl[tensorboard]'"
    stated = [arguments.coordinator, arguments.process, arguments.processes]
    if stated != [None] * 3 and (None in stated or not arguments.cluster):
        return "--coordinator, --process and --processes belong together, and to --cluster"
    return None


def _again(arguments: Namespace) -> str:
    out = [] if arguments.out is None else ["--out", str(arguments.out)]
    changes = [f"--set={each}" for each in arguments.assignments]
    return shlex.join(["nfdsl", "run", arguments.file, *out, *_cluster(arguments), *changes])


def _cluster(arguments: Namespace) -> list[str]:
    """Returns the flags that make a worker one of several."""
    told = {"coordinator": arguments.coordinator, "process": arguments.process, "processes": arguments.processes}
    stated = [f"--{name}={value}" for name, value in told.items() if value is not None]
    return ["--cluster", *stated] if arguments.cluster else []


def status(arguments: Namespace) -> int:
    from nfdsl.audit.run import audit_run
    from nfdsl.console import Console
    from nfdsl.study.directory import StudyDirectory
    from nfdsl.study.directory import Unreadable as UnreadableStudy
    from nfdsl.study.display.status import print_status, status_json
    from nfdsl.study.status import read_status

    try:
        status = read_status(arguments.directory)
    except UnreadableStudy as error:
        return _refused(error)
    if arguments.json:
        done = [record.id for record in status.records if record.state == "done"]
        directory = StudyDirectory(arguments.directory)
        print(status_json(status, {run: audit_run(directory.run(run)).verdict for run in done}))
    else:
        print_status(status, Console())
    return DONE


def report(arguments: Namespace) -> int:
    return _write_report(arguments.directory)


def fit(arguments: Namespace) -> int:
    from nfdsl.analysis.fit_answer import WrongQuestion, answer, parse_question, to_json, to_text
    from nfdsl.analysis.points import FitError
    from nfdsl.study.directory import Unreadable as UnreadableStudy

    try:
        questions = [parse_question(text) for text in arguments.predict]
        found = answer(
            arguments.source, arguments.form, questions, block=arguments.block, keep_censored=arguments.keep_censored
        )
    except (FitError, WrongQuestion, UnreadableStudy) as error:
        return _refused(error)
    print(to_json(found) if arguments.json else to_text(found))
    return DONE


def audit(arguments: Namespace) -> int:
    from nfdsl.audit.study import NoStudy, audit, audit_json, print_audit
    from nfdsl.console import Console

    try:
        found = audit(arguments.directory)
    except NoStudy as error:
        return _refused(error)
    if arguments.json:
        print(audit_json(found))
    else:
        print_audit(found, Console())
    return DONE if found.proved else RUN_FAILED


def lsp(_: Namespace) -> int:
    try:
        from nfdsl.editor.server import SERVER
    except ModuleNotFoundError as missing:
        if missing.name not in {"lsprotocol", "pygls"}:
            raise
        return _refused("editors need the extra `lsp`: pip install 'nfdsl[lsp]'")
    SERVER.start_io()
    return DONE


def _write_report(directory: Path) -> int:
    from nfdsl.analysis.report import write_report
    from nfdsl.study.directory import Unreadable as UnreadableStudy
    from nfdsl.study.directory import unwritable

    try:
        files = write_report(directory)
    except UnreadableStudy as error:
        return _refused(error)
    except OSError as error:  # as on a full disk
        return _refused(f"no report: {unwritable(error)}", RUN_FAILED)
    for finding in files.findings:
        print(f"- {finding}")
    print(f"report: {files.html}")
    return DONE


def _refused(reason: object, code: int = USAGE) -> int:
    """Says why a command is not carried out, or not to its end, and returns its exit code."""
    print(f"nfdsl: {reason}", file=sys.stderr)
    return code


def _read(name: str) -> Source | None:
    from nfdsl.verdict import unreadable

    try:
        return read(name)
    except Unreadable as error:
        _show([unreadable(error, name)])
        return None


def _planned(name: str, assignments: Sequence[str] = ()) -> "tuple[Source, Study, Plan] | None":
    """Returns a spec, its study and its plan, or none once what is wrong has been shown."""
    from nfdsl.diagnose import planned

    source = _read(name)
    if source is None:
        return None
    found, diagnostics = planned(source, Path(name).stem, assignments)
    _show(diagnostics)
    return (source, found.study, found.plan) if found else None


def _show(diagnostics: Sequence[Diagnostic]) -> None:
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    for diagnostic in diagnostics:
        print(render(diagnostic, color=color), end="\n\n", file=sys.stderr)


def _directory(arguments: Namespace) -> Path:
    return arguments.out or Path("studies") / Path(arguments.file).stem
