"""Checkpoints: the training state of one step, committed as a whole or not at all.

::

    DIR/40/            a checkpoint: what Orbax wrote, how far the ledger goes that led to it, and digests.json of
                       every file of it
    DIR/40.partial/    one that is being written, or whose writer was killed
    DIR/40.damaged/    the last that was found damaged, for whoever wants to know why; the next takes its place

A checkpoint comes into being by one rename, after its files have reached the disk. It is *intact*
if it holds exactly the files it was written with, bit for bit: Orbax alone would restore a flipped
bit without a word. What cannot be read, for now, is neither intact nor damaged: nothing is done to it.
"""

import hashlib
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from orbax.checkpoint import v1 as orbax

from nfdsl.sampling.ledger import Anchor, anchor_path, parse_anchor
from runtime.durable import flush
from runtime.packing import outline, pack, unpack
from runtime.parameters import Parameters
from runtime.processes import agreed, first
from runtime.state import TrainState

KEPT = 2  # checkpoints, so that there is another where the latest turns out damaged
_DIGESTS = "digests.json"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Restored:
    """The state of the latest intact checkpoint; None, at step 0, where there is none."""

    state: TrainState | None
    step: int
    anchor: Anchor | None  # how far the ledger goes that led to it
    damaged: tuple[int, ...]  # steps of later checkpoints that were not intact


class CheckpointError(Exception):
    """A checkpoint that is needed is missing or damaged, or cannot be read."""


class Saving:
    """A checkpoint that is being written."""

    def __init__(self, directory: Path, state: TrainState, step: int):
        """Begins to write `state` as the checkpoint of `step`: each process the parts that its devices hold.

        The state may be donated once this returns: it is on the hosts.
        """
        self._folder = _folder(directory, step)
        self._partial = directory / f"{step}.partial"
        if first():
            directory.mkdir(parents=True, exist_ok=True)
            _remove_partial(directory)
        with _options():
            packed = {name: pack(part) for name, part in _parts(state).items()}
            self._written = orbax.save_async(str(self._partial), packed)

    def commit(self, ledger: Callable[[], Anchor], best: int | None = None) -> None:
        """Commits the checkpoint once it is on the disk, and keeps the latest `KEPT` and that of the step `best`.

        Whatever happens meanwhile, those that were there stay intact until this one is.

        Args:
          ledger: commits the ledger, on the first process, and returns how far it goes.
          best: the step of another one that is kept.
        """
        try:
            self._written.result()
            if first():
                self._complete(ledger(), best)
        except BaseException:
            shutil.rmtree(self._partial, ignore_errors=True)  # where the disk is full, others may need the room
            raise

    def _complete(self, anchor: Anchor, best: int | None) -> None:
        anchor_path(self._partial).write_text(anchor.dump())
        (self._partial / _DIGESTS).write_text(json.dumps(_digests(self._partial)))
        for path in (*self._partial.rglob("*"), self._partial):
            flush(path)
        self._partial.rename(self._folder)
        flush(self._folder.parent)
        for old in _steps(self._folder.parent)[:-KEPT]:
            if old != best:
                shutil.rmtree(_folder(self._folder.parent, old))


def restore(directory: Path, like: TrainState) -> Restored:
    """Returns the state of the latest intact checkpoint.

    Later ones, which are damaged, are put out of the way: the run that goes on from here writes them anew.

    Args:
      like: the state as `jax.ShapeDtypeStruct`s with the shardings to restore to.

    Raises:
      CheckpointError: one cannot be read.
    """
    damaged = _put_aside(directory) if first() else ()
    step = agreed(max(_steps(directory), default=0))
    if not step:
        return Restored(None, 0, None, damaged)
    folder = _folder(directory, step)
    with _reading(folder):
        anchor = parse_anchor(anchor_path(folder).read_bytes())
    return Restored(replace(like, **_load(folder, _parts(like))), step, anchor, damaged)


def weights(directory: Path, step: int, like: Parameters, *, averaged: bool) -> Parameters:
    """Returns the parameters of the checkpoint of `step`, or their average.

    Raises:
      CheckpointError: it is missing or damaged, or cannot be read.
    """
    folder, part = _folder(directory, step), "average" if averaged else "parameters"
    if not _intact(folder):
        state = "damaged" if folder.exists() else "missing"
        again = directory.with_name("result.json")
        raise CheckpointError(f"the checkpoint {folder} is {state}: put it back, or remove {again} to train that again")
    return _load(folder, {part: like})[part]


def intact(directory: Path) -> list[int]:
    """Returns the steps of all intact checkpoints, ascending. Raises `CheckpointError` where one cannot be read."""
    return [step for step in _steps(directory) if _intact(_folder(directory, step))]


def _put_aside(directory: Path) -> tuple[int, ...]:
    """Renames the latest checkpoint and removes others down to the latest intact one; returns their steps.

    Nothing is touched before all of them have been read. Raises `CheckpointError` where one cannot be.
    """
    damaged = tuple(takewhile(lambda step: not _intact(_folder(directory, step)), reversed(_steps(directory))))
    for step in damaged:
        log.warning("the checkpoint %s is damaged; going back to the one before", _folder(directory, step))
    if damaged:
        for before in directory.glob("*.damaged"):
            shutil.rmtree(before)
        _folder(directory, damaged[0]).rename(directory / f"{damaged[0]}.damaged")
    for step in damaged[1:]:
        shutil.rmtree(_folder(directory, step))
    return damaged


def _remove_partial(directory: Path) -> None:
    for left in directory.glob("*.partial*"):
        shutil.rmtree(left)


def _load(folder: Path, parts: dict[str, Any]) -> dict[str, Any]:
    """Returns some of the parts of a checkpoint."""
    with _options():
        loaded: Any = orbax.load(str(folder), {name: outline(like) for name, like in parts.items()})
    return {name: unpack(loaded[name], like) for name, like in parts.items()}


@contextmanager
def _options() -> Iterator[None]:
    context = orbax.Context()
    context.array.saving.use_compression = False  # weights are noise to it
    context.pytree.loading.partial_load = True
    with context:
        yield


def _parts(state: TrainState) -> dict[str, Any]:
    """Returns what can be read by itself."""
    parts = {field.name: getattr(state, field.name) for field in fields(state)}
    return {name: part for name, part in parts.items() if part is not None}


def _folder(directory: Path, step: int) -> Path:
    return directory / str(step)


def _steps(directory: Path) -> list[int]:
    """Returns the steps of all checkpoints, ascending. Raises `CheckpointError` where that cannot be told."""
    with _reading(directory):
        try:
            names = [path.name for path in directory.iterdir()]
        except FileNotFoundError:
            return []
    return sorted(int(name) for name in names if name.isdecimal())


def _intact(folder: Path) -> bool:
    """Returns whether a checkpoint is as it was written. Raises `CheckpointError` where that cannot be told."""
    with _reading(folder):
        try:
            return json.loads((folder / _DIGESTS).read_bytes()) == _digests(folder)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False


@contextmanager
def _reading(folder: Path) -> Iterator[None]:
    """Explains what keeps a folder from being read, be it too many open files or a disk that is away."""
    try:
        yield
    except OSError as error:
        raise CheckpointError(
            f"{folder} cannot be read ({error.strerror or error}); nothing in it was removed, and the same command"
            f" goes on from there once it can be read"
        ) from error


def _digests(folder: Path) -> dict[str, str]:
    """Returns the SHA-256 of every file below `folder` but the digests' own. Raises OSError."""
    places = (Path(place) / name for place, _, names in os.walk(folder, onerror=_raise) for name in names)
    paths = sorted(path for path in places if path.name != _DIGESTS)
    return {path.relative_to(folder).as_posix(): _sha256(path) for path in paths}


def _raise(error: OSError) -> None:
    raise error


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
