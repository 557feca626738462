"""The study directory: every path in it, and what is written and read there.

DIR/lock                   held while `nfdsl run` works on the study
DIR/study.json, plan.json  what is being carried out
DIR/runs/ID/run.json       the run, as the runtime reads it
DIR/runs/ID/metrics.jsonl, evaluations.jsonl, checkpoints/   written by the runtime
DIR/runs/ID/result.json    the run is complete exactly if this exists and can be read
DIR/runs/ID/failure.json   why the last attempts at it failed
DIR/superseded/            folders of fine-tunes whose start is not the best any more
DIR/cache/                 XLA's persistent compilation cache
DIR/worker.log             what workers print on stderr; worker.HOST.log for each of several hosts
DIR/report.html, figures/  written by `nfdsl report`
"""

import json
import os
import shutil
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path

from nfdsl.run_json import UnreadableRun, load
from nfdsl.source import reason
from nfdsl.study.fields import Malformed, parse
from nfdsl.study.lock import exclusive
from nfdsl.study.result import Result, parse_result

# In the absolute path of a checkpoint: Orbax takes it for a glob, in which `[` begins a set and `**` is refused, and
# TensorStore takes `\` for `/`. The other signs of a glob match themselves.
_MISREAD = ("[", "**", "\\")


class Unreadable(Exception):
    """A file of the study directory that does not hold what it should; the message names it and says why."""

    def __init__(self, path: Path, reason: str) -> None:
        self.path = path
        super().__init__(f"{path} cannot be read: {reason}")


class Unfit(Exception):
    """A directory that no study can be carried out in, because of its path."""

    def __init__(self, path: Path, found: str) -> None:
        super().__init__(
            f"checkpoints below {path} could not be read back, because of the `{found}` in that path; say another "
            "directory: --out DIR"
        )


def unreadable(path: Path, error: OSError) -> Unreadable:
    """Returns that a file of a study directory is there and cannot be read, and why."""
    if isinstance(error, NotADirectoryError):
        return Unreadable(path, "a file is where a folder should be, so this is not the directory of a study")
    return Unreadable(path, reason(error))


@dataclass(frozen=True)
class Failure:
    """Why a run failed: one sentence, the traceback or log behind it, and how often it was tried."""

    reason: str
    detail: str
    attempts: int


@dataclass(frozen=True)
class StudyDirectory:
    """One study on disk. Files are replaced as a whole: a reader sees the old one or the new one."""

    path: Path

    @property
    def study_json(self) -> Path:
        return self.path / "study.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "lock"

    @property
    def plan_json(self) -> Path:
        return self.path / "plan.json"

    @property
    def worker_log(self) -> Path:
        return self.path / "worker.log"

    def worker_log_of(self, host: str) -> Path:
        """Returns the file for one of several hosts that carry the study out together."""
        return self.worker_log.with_suffix(f".{host}.log")

    @property
    def cache(self) -> Path:
        return self.path / "cache"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def figures(self) -> Path:
        return self.path / "figures"

    def run(self, run_id: str) -> Path:
        return self.path / "runs" / run_id

    def run_json(self, run_id: str) -> Path:
        return self.run(run_id) / "run.json"

    def metrics(self, run_id: str) -> Path:
        return self.run(run_id) / "metrics.jsonl"

    def evaluations(self, run_id: str) -> Path:
        return self.run(run_id) / "evaluations.jsonl"

    def checkpoints(self, run_id: str) -> Path:
        return self.run(run_id) / "checkpoints"

    def result_json(self, run_id: str) -> Path:
        return self.run(run_id) / "result.json"

    def failure_json(self, run_id: str) -> Path:
        return self.run(run_id) / "failure.json"

    def make(self) -> None:
        """Makes the directory, if it is not there. Raises `Unfit`: what is written there could not be read back."""
        path = self.path.absolute()
        if found := next((characters for characters in _MISREAD if characters in str(path)), None):
            raise Unfit(path, found)
        self.path.mkdir(parents=True, exist_ok=True)

    def lock(self) -> AbstractContextManager[int]:
        """Holds the study for this process and its workers, making the directory.

        Raises:
          Held: another process does.
          Unfit: what is written there could not be read back; the directory is not made.
        """
        self.make()
        return exclusive(self.lock_file)

    def begin(self, study_json: str, plan_json: str) -> None:
        """Writes what is about to be carried out."""
        write_atomically(self.study_json, study_json)
        write_atomically(self.plan_json, plan_json)

    def start(self, run_id: str) -> str | None:
        """Returns the run whose weights a run's folder begins from; None from random ones, or where it does not say.

        Raises `Unreadable`.
        """
        text = _read(self.run_json(run_id))
        try:
            return None if text is None else load(text.decode(errors="replace")).start
        except UnreadableRun:
            return None

    def set_aside(self, run_id: str) -> None:
        """Moves a run's folder out of the way, if there is one."""
        if self.run(run_id).exists():
            into = self.path / "superseded" / f"{run_id}-{self.start(run_id)}"
            into.parent.mkdir(exist_ok=True)
            shutil.rmtree(into, ignore_errors=True)
            self.run(run_id).replace(into)

    def prepare(self, run_id: str, run_json: str) -> Path:
        """Readies a run's folder for a worker and returns it: earlier failures and unreadable results are cleared."""
        folder = self.run(run_id)
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(self.run_json(run_id), run_json)
        self.failure_json(run_id).unlink(missing_ok=True)
        result = self.result_json(run_id)
        if result.exists():  # a readable one would not be prepared again
            result.replace(result.with_suffix(".unreadable"))
        return folder

    def fail(self, run_id: str, failure: Failure) -> None:
        """Records that a run failed."""
        write_atomically(self.failure_json(run_id), json.dumps(asdict(failure), indent=1))

    def result(self, run_id: str) -> Result | None:
        """Returns a run's result, None where it is not complete. Raises `Unreadable`."""
        results, torn = self.results([run_id])
        if torn:
            raise torn[0]
        return results.get(run_id)

    def failure(self, run_id: str) -> Failure | None:
        """Returns why a run failed, None where it did not. Raises `Unreadable`."""
        text = _read(self.failure_json(run_id))
        try:
            return None if text is None else _parse_failure(text)
        except Malformed as error:
            raise Unreadable(self.failure_json(run_id), str(error)) from error

    def results(self, run_ids: Iterable[str]) -> tuple[dict[str, Result], tuple[Unreadable, ...]]:
        """Returns the results of those runs that are complete, and the files that should hold one but do not.

        Raises:
          Unreadable: what one of the files holds cannot be known.
        """
        results: dict[str, Result] = {}
        torn: list[Unreadable] = []
        for run_id in run_ids:
            path = self.result_json(run_id)
            text = _read(path)
            try:
                results.update({} if text is None else {run_id: parse_result(text)})
            except Malformed as error:
                torn.append(Unreadable(path, str(error)))
        return results, tuple(torn)


def unwritable(error: OSError) -> str:
    """Returns what could not be done with which file, and why, in one sentence."""
    why = error.strerror or str(error)
    return f"the study directory cannot be written: {error.filename}: {why}" if error.filename else why


def write_atomically(path: Path, text: str) -> None:
    """Replaces the file at `path` as a whole; once this returns, the text survives a power cut."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:  # as on a full disk
        temporary.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> bytes | None:
    """Returns what a file holds, None where there is none. Raises `Unreadable`."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise unreadable(path, error) from None


def _parse_failure(text: bytes) -> Failure:
    fields = parse(text)
    return Failure(fields.text("reason"), fields.text("detail"), fields.whole("attempts"))
