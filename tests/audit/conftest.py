"""Runs that are fed, killed and continued in an instant: a ledger and its checkpoints, without weights or images."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nfdsl.audit import evidence
from nfdsl.sampling.entries import combined, entries
from nfdsl.sampling.index import Index, Terms
from nfdsl.sampling.ledger import FED, Anchor, Rows, anchor_path, parse_anchor, rows_of, started
from nfdsl.schema.data import Builtin, Data
from nfdsl.schema.model import NFNet
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import Augment, ExactlyOnce, Recipe, Resolution
from runtime.ledger import Ledger

Views = NDArray[np.int64]
Loader = Callable[[int, Views], Views]  # from a host and the views it is to feed to those it does feed


def a_run(images: int, batch: int, repeat: int, seed: int) -> Run:
    recipe = Recipe(
        data=Data(source=Builtin("digits"), classes=10),
        batch=batch,
        resolution=Resolution(4, 4),
        augment=Augment(repeat=repeat),
        sampling=ExactlyOnce(seed),
    )
    return Run("r", recipe, NFNet((1,), (8,)), 0.1, Length(images, -(-images // batch), 0), None)


def faithful(host: int, views: Views) -> Views:
    return views


@dataclass
class Simulation:
    """One run in a folder of its own."""

    folder: Path
    index: Index
    hosts: int = 1
    step: int = 0  # the next
    pending: list[Rows] = field(default_factory=list)
    fed: list[tuple[int, Views]] = field(default_factory=list)  # steps that would count, and what each was fed
    ledger: Ledger | None = None

    def start(self, hosts: int) -> None:
        """Goes on from the last checkpoint, as a new worker does."""
        steps = sorted(int(path.name) for path in (self.folder / "checkpoints").glob("*"))
        self.step, self.hosts = steps[-1] if steps else 0, hosts
        anchor = parse_anchor(anchor_path(self.checkpoint(self.step)).read_bytes()) if steps else None
        self.ledger = Ledger(self.folder, self.index, anchor)
        self.pending = [started(self.step, hosts, hosts)]
        self.fed = [(step, views) for step, views in self.fed if step < self.step]

    def feed(self, loader: Loader = faithful, unread: Collection[int] = ()) -> None:
        """Takes a step; what is claimed is what had to be fed, what is read is what `loader` says but for `unread`."""
        share = self.index.terms.batch // self.hosts
        for host in range(self.hosts):
            begin = self.step * self.index.terms.batch + host * share
            claimed = np.arange(begin, max(begin, min(begin + share, self.index.terms.images)))
            shown = loader(host, claimed)
            self.record(claimed, shown, unread)
        self.step += 1

    def record(self, claimed: Views, shown: Views, unread: Collection[int] = ()) -> None:
        keys = self.index.keys(self.index.course.at(shown).records)
        left_out = np.isin(claimed, [*unread])
        self.pending.append(entries(self.index, self.step, claimed, keys, left_out, self.hosts))
        self.fed.append((self.step, shown))

    def append(self) -> Anchor:
        """Writes the rows that are pending, as before a checkpoint."""
        anchor = self.ledger.commit(combined(np.concatenate(self.pending), self.index.epoch))
        self.pending = [rows_of(FED, 0)]
        return anchor

    def commit(self) -> None:
        anchor = self.append()
        self.checkpoint(self.step).mkdir(parents=True, exist_ok=True)
        anchor_path(self.checkpoint(self.step)).write_text(anchor.dump())

    def lose_checkpoint(self) -> None:
        steps = sorted(int(path.name) for path in (self.folder / "checkpoints").glob("*"))
        if steps:
            shutil.rmtree(self.checkpoint(steps[-1]))

    def checkpoint(self, step: int) -> Path:
        return self.folder / "checkpoints" / str(step)

    def finish(self, loader: Loader = faithful) -> None:
        """Takes the steps that are left."""
        while self.step < self.index.terms.steps:
            self.feed(loader)
        self.commit()
        self.complete()

    def complete(self) -> None:
        (self.folder / "result.json").write_text(json.dumps({"state": "done"}))

    def counted(self) -> Counter[tuple[int, int, int]]:
        """Returns how often each epoch, record and repeat counts in the weights: the truth."""
        shown = self.index.course.at(np.concatenate([views for _, views in self.fed]))
        return Counter(zip(*(column.tolist() for column in shown), strict=True))


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Leaves out what takes most of the time and is tested elsewhere: waiting for the disk, and Fiddle."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)
    monkeypatch.setattr(evidence, "load", lambda text: a_run(*json.loads(text)))


@pytest.fixture(scope="session")
def simulated(tmp_path_factory) -> Iterator[Callable[..., Simulation]]:
    """Returns a function that begins a run; `examples` are trained on in an epoch."""
    root = tmp_path_factory.mktemp("simulated")

    def simulated(
        examples: int = 50,
        *,
        batch: int = 12,
        images: int | None = None,
        repeat: int = 1,
        seed: int = 0,
        hosts: int = 1,
    ) -> Simulation:
        shutil.rmtree(root / "runs", ignore_errors=True)
        folder = root / "runs" / "r"
        folder.mkdir(parents=True)
        images = 2 * examples * repeat if images is None else images
        (folder / "run.json").write_text(json.dumps([images, batch, repeat, seed]))
        left_out = np.array([1, 3])  # in two shards, the first of them of 3 records
        terms = Terms("somewhere", "f1", seed, batch, repeat, images)
        index = Index(terms, np.array([7, 9], np.uint64), np.array([3, examples - 1]), left_out)
        simulation = Simulation(folder, index)
        simulation.start(hosts)
        return simulation

    return simulated
