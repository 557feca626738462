"""``python -m runtime.aot RUN.json``: compiles the training program of a run for its TPU, without one.

Prints one line of JSON: what the program needs and takes (see `Report`), or ``{"error": sentence}``.
The hardware block of the run says for which device and topology.
"""

import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

# libtpu looks for a machine to run on unless it is told not to; jax reads the platforms once.
os.environ |= {"TPU_SKIP_MDS_QUERY": "1", "ALLOW_MULTIPLE_LIBTPU_LOAD": "1", "JAX_PLATFORMS": "cpu"}

import jax
from jax.experimental import topologies

from nfdsl.run_json import load
from nfdsl.schema.hardware import DEVICES, Hardware
from runtime.aot.estimate import CLOCK, breakdown, collective_bytes
from runtime.aot.hlo import HloError, parse
from runtime.program import Program

_TOO_LARGE = "RESOURCE_EXHAUSTED"  # how the compiler begins where a program does not fit
_ONE_DEVICE_A_CHIP = {"tpu_v4", "tpu_v5p"}  # whose two cores act as one ("megacore")


@dataclass(frozen=True)
class Report:
    """What is known of a compiled program; bytes and seconds are each device's, of one step."""

    devices: int
    shards: int
    gather: str
    remat: str
    precision: str
    why: str
    arguments: int  # bytes of HBM: the training state and the batch
    temporaries: int
    matrix: float  # seconds
    memory: float
    optimizer: float
    collectives: float
    collective_bytes: dict[str, int]
    compile_seconds: float
    jax: str
    libtpu: str


def main() -> None:
    """Compiles the run named on the command line."""
    run = load(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        answer = _answer(Program(run, slice_devices(run.recipe.hardware)), run.recipe.hardware)
    except (ValueError, HloError) as error:
        answer = {"error": _first_line(error)}
    print(json.dumps(answer))


def slice_devices(hardware: Hardware) -> list[Any]:
    """Returns the devices of a slice that is not there.

    Raises:
      ValueError: libtpu knows no such slice.
    """
    name = f"{hardware.device.removeprefix('tpu_')}:{'x'.join(map(str, hardware.topology))}"
    options = {"chip_config_name": "megacore"} if hardware.device in _ONE_DEVICE_A_CHIP else {}
    try:
        return list(topologies.get_topology_desc(platform="tpu", topology_name=name, **options).devices)
    except jax.errors.JaxRuntimeError as error:
        raise ValueError(f"there is no slice {name}: {error}") from None


def _answer(program: Program, hardware: Hardware) -> dict[str, Any]:
    """Returns the report of a program, or why there is none: of one that does not fit, also what would."""
    started = time.perf_counter()
    try:
        compiled = program.trainer().executable()
    except jax.errors.JaxRuntimeError as error:
        why = _first_line(error)
        return {"error": f"{why} {program.remedy()}" if why.startswith(_TOO_LARGE) else why}
    return asdict(_report(program, compiled, hardware, time.perf_counter() - started))


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _report(program: Program, compiled: Any, hardware: Hardware, seconds: float) -> Report:
    memory = compiled.memory_analysis()
    module = parse(compiled.as_text() or "")
    return Report(
        devices=program.mesh.size,
        shards=program.choice.shards,
        gather=program.choice.gather,
        remat=program.choice.remat,
        precision=program.dtype.name,
        why=program.choice.why,
        arguments=memory.argument_size_in_bytes,
        temporaries=memory.temp_size_in_bytes,
        **asdict(breakdown(module, DEVICES[hardware.device], CLOCK[hardware.device])),
        collective_bytes=collective_bytes(module),
        compile_seconds=seconds,
        jax=version("jax"),
        libtpu=version("libtpu"),
    )


if __name__ == "__main__":
    main()
