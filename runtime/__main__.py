"""The worker: trains runs and says on stdout, one JSON object a line, what happens.

::

    python -m runtime RUN_DIR...    trains those runs in order
    python -m runtime --serve       reads {"run": RUN_DIR} from stdin, a line each, until stdin ends
    python -m runtime --cluster RUN_DIR...       is one of several processes that train each run together
    python -m runtime --cluster --serve          the same; the first one reads for all, at last {"run": null}

A run's folder is ``STUDY/runs/ID`` and holds ``run.json``. On SIGTERM the worker commits the state of
the run it is at and leaves with exit code 0. When stdin ends, whoever started the worker is gone, and
it leaves at once: no more is lost than the steps since the last checkpoint, and they are taken again.

Of several processes the first one speaks and writes; SIGTERM to any of them stops all, which leave with exit code
143, so that each can be told from one whose work is done. Where one fails it leaves with exit code 1, so that the
others, which wait for it, are ended too.
"""

import argparse
import json
import os
import signal
import sys
import traceback
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import TextIO

import jax

from nfdsl.run_json import UnreadableRun, load
from nfdsl.schema.run import Run
from runtime.checkpoint import CheckpointError
from runtime.data.records import DataError
from runtime.events import Event, Failed, Ready, Stopped, line
from runtime.job import RunError
from runtime.ledger import LedgerError
from runtime.lock import Locked, locked
from runtime.processes import Alone, first, join, leave, stopping, told
from runtime.program import Programs
from runtime.released.files import ReleasedError
from runtime.train import Start, train

_PATIENCE_SECONDS = 30.0  # for an earlier worker of the same run to leave
_STOPPED = 143  # exit code of one of several
_TURN_SECONDS = 0.5  # between two questions of several processes that wait for a run
_EXPLAINED = (
    CheckpointError,
    DataError,
    LedgerError,
    Locked,
    ReleasedError,
    RunError,
    UnreadableRun,
)  # say it in a sentence

Lines = SimpleQueue[str | None]  # of stdin; None to leave


def main() -> None:
    """Runs the worker."""
    arguments = _arguments()
    stop, lines = Flag(), Lines()
    _leave_on_signals(stop, lines)
    if arguments.cluster:
        _join(arguments)
        if jax.process_count() == 1:  # several ask JAX, which has taken over SIGTERM, whether one was told to stop
            _leave_on_signals(stop, lines)
    with _claim_stdout() as out:
        if arguments.serve:
            print(line(Ready(jax.process_index(), jax.process_count())), file=out)
            Thread(target=_read, args=(lines,), daemon=True).start()
        asked = _asked_of_all if arguments.cluster else _asked_for
        for event in _events(asked(lines, stop) if arguments.serve else iter(arguments.folders), stop):
            if first():
                print(line(event), file=out)
            if isinstance(event, Failed) and arguments.cluster:
                print(event.detail, file=sys.stderr, flush=True)
                os._exit(1)
    leave()
    sys.stderr.flush()
    # What is still being compiled in a thread would otherwise be waited for, or torn down while it is at work.
    os._exit(_STOPPED if arguments.cluster and stop.is_set() else 0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m runtime", description="Trains runs of a study.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("folders", metavar="RUN_DIR", nargs="*", type=Path, default=[], help="a run's folder")
    what.add_argument("--serve", action="store_true", help='read {"run": RUN_DIR} from stdin, a line each')
    parser.add_argument("--cluster", action="store_true", help="be one of several processes, as the cluster says")
    local = parser.add_argument_group("where no cluster says so")
    local.add_argument("--coordinator", metavar="HOST:PORT", help="where the first process listens")
    local.add_argument("--process", type=int, metavar="N", help="which one this is, from 0")
    local.add_argument("--processes", type=int, metavar="N", help="how many there are")
    arguments = parser.parse_args()
    told = [arguments.coordinator, arguments.process, arguments.processes]
    if (None in told and told != [None] * 3) or (told != [None] * 3 and not arguments.cluster):
        parser.error("--coordinator, --process and --processes belong together, and to --cluster")
    return arguments


def _join(arguments: argparse.Namespace) -> None:
    try:
        join(arguments.coordinator, arguments.process, arguments.processes)
    except Alone as error:
        sys.exit(str(error))


def _claim_stdout() -> TextIO:
    """Returns a line-buffered stdout of events alone: what libraries print there goes to stderr from now on."""
    out = os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8")
    os.dup2(2, 1)
    return out


def _leave_on_signals(stop: Flag, lines: Lines) -> None:
    def leave(*_: object) -> None:
        stop.set()
        lines.put(None)  # in case it waits for a run

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, leave)


def _read(lines: Lines) -> None:
    for text in sys.stdin:
        lines.put(text)
    os._exit(0)


def _asked_for(lines: Lines, _: Flag) -> Iterator[Path]:
    while (text := lines.get()) is not None:
        yield Path(json.loads(text)["run"])


def _asked_of_all(lines: Lines, stop: Flag) -> Iterator[Path]:
    """Yields on all processes what the first one is asked for, until that is nothing or one of them is told to stop.

    They talk at every turn, if only to say that there is nothing yet: none waits for another longer than that.
    """
    while not stopping(stop):
        text = ""
        if first():
            with suppress(Empty):
                text = lines.get(timeout=_TURN_SECONDS) or ""
        if text := told(text):
            if (run := json.loads(text)["run"]) is None:
                return
            yield Path(run)


def _events(folders: Iterator[Path], stop: Flag) -> Iterator[Event]:
    """Trains the runs in `folders` one after the other; what goes wrong with one does not concern the others."""
    programs = Programs(jax.devices())
    for folder in folders:
        for event in _events_of(folder.absolute(), programs, stop):
            yield event
            if isinstance(event, Stopped):
                return


def _events_of(folder: Path, programs: Programs, stop: Flag) -> Iterator[Event]:
    try:
        _use_cache(folder.parent.parent / "cache")
        run = _run(folder)
        with locked(folder, _PATIENCE_SECONDS) if first() else nullcontext():
            yield from train(run, folder, programs, _start(run, folder), stop)
    except Exception as error:
        yield Failed(folder.name, _sentence(error), traceback.format_exc())


def _use_cache(folder: Path) -> None:
    """Has XLA keep and find everything it compiles in `folder`; it stays with the first one it is told."""
    jax.config.update("jax_compilation_cache_dir", str(folder))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
    # XLA's own caches would make their folder part of every key: a study that was moved would compile anew.
    jax.config.update("jax_persistent_cache_enable_xla_caches", "none")


def _run(folder: Path) -> Run:
    try:
        return load((folder / "run.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise RunError(f"{folder} is not the folder of a run: it has no run.json") from error


def _start(run: Run, folder: Path) -> Start | None:
    if run.start is None:
        return None
    of_start = folder.parent / run.start
    return Start(_run(of_start), of_start)


def _sentence(error: Exception) -> str:
    first = str(error).strip().partition("\n")[0]
    if isinstance(error, _EXPLAINED):
        return first
    return f"{type(error).__name__}: {first}" if first else type(error).__name__


if __name__ == "__main__":
    main()
