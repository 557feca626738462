"""Compiles programs in processes of their own and keeps what was found out, by program and versions."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from nfdsl.aot.targets import Target
from nfdsl.cache import cache_folder
from nfdsl.lower import lower
from nfdsl.run_json import dump

_MEMORY = 6 * 2**30  # bytes a compilation may need; NFNet-F7+ needs 4 GiB


class NoCompiler(RuntimeError):
    """The TPU compiler is not installed."""


@dataclass(frozen=True)
class Estimate:
    """What the runtime found out of a target: see `runtime.aot.__main__.Report`; or why it could not."""

    target: Target
    report: dict[str, Any]
    cached: bool

    @property
    def error(self) -> str | None:
        return self.report.get("error")

    @property
    def step_seconds(self) -> float:
        """The compiler's estimate, plus what collectives are modelled to take."""
        return sum(self.report[part] for part in ("matrix", "memory", "optimizer", "collectives"))


def compiled(targets: Sequence[Target]) -> Iterator[Estimate]:
    """Yields the estimate of each target as it becomes known, the known ones first.

    Raises:
      NoCompiler: libtpu is not installed, and something is not known yet.
    """
    known = [(target, _read(target)) for target in targets]
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
        _write(target, report)
    return Estimate(target, report, False)


def _read(target: Target) -> dict[str, Any] | None:
    try:
        return json.loads(_path(target).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _write(target: Target, report: dict[str, Any]) -> None:
    path = _path(target)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(report), encoding="utf-8")
    partial.replace(path)


def _path(target: Target) -> Path:
    """Returns where the estimate of a target is kept in the user's cache: another version is another file."""
    return cache_folder() / "programs" / f"{target.id}-{_versions()}.json"


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


def _free_memory() -> int:
    """Returns the bytes of memory nobody uses; where that is not known, of one compilation."""
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return _MEMORY
