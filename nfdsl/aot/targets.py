"""What there is to compile for a plan: its programs, each on the slice it is planned for or on another."""

import re
from dataclasses import dataclass, replace
from typing import cast

from nfdsl.nearest import nearest
from nfdsl.plan import Plan, PlannedRun, Program
from nfdsl.schema.hardware import DEVICES, DeviceName, Hardware
from nfdsl.schema.program import program_key

TPUS = tuple(name for name in DEVICES if name.startswith("tpu_"))
_SLICE = re.compile(r"(?:tpu_)?(v\w+):(\d+(?:x\d+)*)")


class NoTarget(ValueError):
    """What was asked for cannot be compiled; the message says why, and what could."""


@dataclass(frozen=True)
class Target:
    """A program on a slice."""

    id: str  # of the program on that slice
    program: Program
    hardware: Hardware
    runs: tuple[PlannedRun, ...]  # that share it, on that slice


def targets(plan: Plan, topology: str | None, model: str | None) -> list[Target]:
    """Returns the distinct programs of a plan.

    Args:
      plan: of the study.
      topology: a slice in place of the planned ones, ``v4:8x8x8``.
      model: the label of the only model wanted.

    Raises:
      NoTarget: there is no such slice or model, a slice is not of TPUs, or a batch does not divide over it.
    """
    labels = list(dict.fromkeys(program.model for program in plan.programs))
    if model is not None and model not in labels:
        raise NoTarget(f"no model of this study is called {model!r}; there are {', '.join(labels)}")
    place = _slice(topology) if topology else None
    return [target(program, plan, place) for program in plan.programs if model in (None, program.model)]


def _slice(text: str) -> tuple[DeviceName, tuple[int, ...]]:
    found = _SLICE.fullmatch(text)
    if found is None:
        raise NoTarget(f"{text!r} is not a slice; write the kind of TPU and its chips along each axis: v4:8x8x8")
    device = f"tpu_{found[1]}"
    if device not in TPUS:
        meant = nearest(device, TPUS)
        kinds = ", ".join(name.removeprefix("tpu_") for name in TPUS)
        hint = f"; {meant.removeprefix('tpu_')} is nearest" if meant else ""
        raise NoTarget(f"no TPU is called {found[1]!r}: there are {kinds}{hint}")
    return cast(DeviceName, device), tuple(map(int, found[2].split("x")))


def target(program: Program, plan: Plan, place: tuple[DeviceName, tuple[int, ...]] | None = None) -> Target:
    """Returns a program of a plan on a slice, or where it is planned to run. Raises `NoTarget` if that cannot be."""
    runs = tuple(_moved(run, place) for run in plan.runs if run.program == program.id)
    recipe = runs[0].recipe
    hardware = recipe.hardware
    if hardware.device not in TPUS:
        raise NoTarget(
            f"{program.model} is planned for {hardware.device}, and only programs of TPUs are compiled without one; "
            "name a slice: --topology v4:4x4x8"
        )
    chips = hardware.chips
    if recipe.batch % chips:
        near = " or ".join(str(n * chips) for n in (recipe.batch // chips, recipe.batch // chips + 1) if n)
        raise NoTarget(f"a batch of {recipe.batch} images does not divide over {chips} chips; {near} would")
    return Target(program_key(runs[0].model, recipe).id, program, hardware, runs)


def _moved(run: PlannedRun, place: tuple[DeviceName, tuple[int, ...]] | None) -> PlannedRun:
    if place is None:
        return run
    hardware = replace(run.recipe.hardware, device=place[0], topology=place[1])
    return replace(run, recipe=replace(run.recipe, hardware=hardware))
