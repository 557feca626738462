"""What is known of programs that were compiled, kept by program and versions."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nfdsl.aot.targets import NoTarget, Target, target
from nfdsl.cache import keep, kept
from nfdsl.plan import Plan, PlannedRun
from nfdsl.schema.hardware import DEVICES

_PART = "programs"  # of the user's cache


@dataclass(frozen=True)
class Estimate:
    """What the runtime found out of a target: see `runtime.aot.__main__.Report`; or why it could not."""

    target: Target
    report: dict[str, Any]
    cached: bool

    @property
    def name(self) -> str:
        """The model, its images and where it would run, for people: ``F7+ 224px v4:4x4x8``."""
        program = self.target.program
        return f"{program.model} {program.train_resolution}px {self.target.hardware.slice}"

    @property
    def error(self) -> str | None:
        return self.report.get("error")

    @property
    def step_seconds(self) -> float:
        """The compiler's estimate, plus what collectives are modelled to take."""
        return sum(self.report[part] for part in ("matrix", "memory", "optimizer", "collectives"))

    @property
    def core_hours(self) -> float:
        """Core-hours of a step, of all cores of the slice."""
        hardware = self.target.hardware
        return self.step_seconds * hardware.chips * DEVICES[hardware.device].cores / 3600


def known(plan: Plan) -> Iterator[Estimate]:
    """Yields the estimates of those programs of a plan that were compiled before, where they are planned to run."""
    for program in plan.programs:
        try:
            wanted = target(program, plan)
        except NoTarget:
            continue
        report = read(wanted)
        if report is not None:
            yield Estimate(wanted, report, True)


def measured(plan: Plan) -> tuple[Plan, frozenset[str]]:
    """Returns a plan with the core-hours of compiled programs where those are known, and the ids of these programs.

    Only what people and programs are told changes: how long a run is never depends on what was compiled.
    """
    hours = {estimate.target.program.id: estimate.core_hours for estimate in known(plan)}

    def costed(run: PlannedRun) -> PlannedRun:
        each = hours.get(run.program)
        return run if each is None else replace(run, core_hours=run.length.steps * each)

    runs, extensions = (tuple(map(costed, of)) for of in (plan.runs, plan.extensions))
    return replace(plan, runs=runs, extensions=extensions), frozenset(hours)


def read(target: Target) -> dict[str, Any] | None:
    """Returns what was found out of a target with these versions of everything; None if nothing was."""
    return kept(_PART, _name(target))


def write(target: Target, report: dict[str, Any]) -> None:
    """Keeps what was found out of a target, for whoever asks again."""
    keep(_PART, _name(target), report)


def _name(target: Target) -> str:
    """Returns what the estimate of a target is kept under: another version is another name."""
    return f"{target.id}-{_versions()}.json"


@cache  # it reads all of the runtime's code
def _versions() -> str:
    """Returns 12 digits of everything but the program that an estimate depends on: the compiler and our code."""
    digest = hashlib.sha256()
    for package in ("jax", "jaxlib", "libtpu"):
        try:
            digest.update(version(package).encode())
        except PackageNotFoundError:
            digest.update(b"-")
    code = Path(str(resources.files("runtime")))
    for path in sorted(code.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
