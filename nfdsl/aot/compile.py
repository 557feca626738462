"""Compiles programs in processes of their own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from nfdsl.aot.estimates import Estimate, read, write
from nfdsl.aot.targets import Target
from nfdsl.lower import lower
from nfdsl.run_json import dump

_MEMORY = 10 * 2**30  # bytes a compilation may need: fine-tuning NFNet-F7+ with SAM is the largest seen


class NoCompiler(RuntimeError):
    """The TPU compiler is not installed."""


def compiled(targets: Sequence[Target]) -> Iterator[Estimate]:
    """Yields the estimate of each target as it becomes known, the known ones first.

    Raises:
      NoCompiler: libtpu is not installed, and something is not known yet.
    """
    known = [(target, read(target)) for target in targets]
    yield from (Estimate(target, report, True) for target, report in known if report is not None)
    unknown = [target for target, report in known if report is None]
    if unknown:
        _require_compiler()
        yield from _in_parallel(unknown)


def _require_compiler() -> None:
    try:
        version("libtpu")
    except PackageNotFoundError:
        raise NoCompiler(
            "the TPU compiler is not installed; it needs no TPU: pip install 'nfdsl[tpu]' (Linux, x86)"
        ) from None


def _in_parallel(targets: Iterable[Target]) -> Iterator[Estimate]:
    """Compiles as many at a time as cores and memory allow."""
    with ThreadPoolExecutor(max(1, min(os.cpu_count() or 1, _free_memory() // _MEMORY))) as pool:
        for future in as_completed([pool.submit(_compile, target) for target in targets]):
            yield future.result()


def _compile(target: Target) -> Estimate:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.json")
        path.write_text(dump(lower(target.runs[0], None)), encoding="utf-8")
        command = [sys.executable, "-m", "runtime.aot", str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout.strip():
        last = (done.stderr.strip() or f"exit code {done.returncode}").splitlines()[-1]
        return Estimate(target, {"error": f"the compiler failed: {last}"}, False)
    report = json.loads(done.stdout.splitlines()[-1])
    if "error" not in report:
        write(target, report)
    return Estimate(target, report, False)


def _free_memory() -> int:
    """Returns the bytes of memory nobody uses; where that is not known, of one compilation."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return _MEMORY
