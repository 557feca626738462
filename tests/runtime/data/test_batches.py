from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from nfdsl.sampling.entries import combined
from nfdsl.sampling.index import Index
from nfdsl.sampling.ledger import FED, SKIPPED
from nfdsl.sampling.multiset import total
from nfdsl.sampling.randomness import hashed
from nfdsl.schema.augmentation import Augment
from nfdsl.schema.data import Builtin, Data, OnCorrupt
from nfdsl.schema.model import NFNet
from nfdsl.schema.run import Length, Run
from nfdsl.schema.training import ExactlyOnce, Recipe, Resolution
from runtime.data.batches import Batch, evaluation_batches, training_batch, training_batches
from runtime.data.indexing import index
from runtime.data.records import Example, Key, Shards, Unreadable
from runtime.data.splitting import split

DATA = Data(source=Builtin("digits"), classes=10, holdout=3)
WHOLE = Augment(area=1.0, aspect=1.0, flip=False)


@dataclass(frozen=True)
class Coloured:
    """Records that say in their colour and label which they are; one of them may be broken."""

    count: int
    broken: int = -1
    name: str = "coloured"

    def __len__(self) -> int:
        return self.count

    def read(self, index: int) -> Example:
        if index == self.broken:
            raise Unreadable(f"record {index} (some/file) cannot be read")
        ramp = np.add.outer(np.arange(6), np.arange(6)).astype(np.uint8)
        image = Image.fromarray(np.stack([ramp * 20, ramp * 0 + index % 256, ramp * 0], -1))
        return Example(image, index % 10, Key(1, index))

    def shard_index(self) -> Shards:
        return Shards(np.array([1], np.uint64), np.array([self.count]))

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        return hashed(1, indices)

    def fingerprint(self) -> str:
        return str(self.count)


def a_run(
    images: int,
    batch: int = 8,
    *,
    repeat: int = 1,
    seed: int = 0,
    augment: Augment = WHOLE,
    on_corrupt: OnCorrupt = "stop",
) -> Run:
    recipe = Recipe(
        data=replace(DATA, on_corrupt=on_corrupt),
        batch=batch,
        resolution=Resolution(4, 5),
        augment=Augment(augment.area, augment.aspect, augment.flip, repeat),
        sampling=ExactlyOnce(seed),
    )
    return Run("id", recipe, NFNet((1,), (8,)), 0.1, Length(images, -(-images // batch), 0), None)


def parts(run: Run, count: int, broken: int = -1) -> tuple[Coloured, Index]:
    records = Coloured(count, broken)
    return records, index(run, records, split(records, run.recipe.data, run.folder).training)


def all_rows(run: Run) -> NDArray[np.int64]:
    return np.arange(run.recipe.batch)


def steps(run: Run, count: int, first_step: int = 0) -> list[Batch]:
    return [fed.batch for fed in training_batches(run, *parts(run, count), all_rows(run), first_step=first_step)]


def whole_batch(run: Run, count: int, step: int) -> Batch:
    return training_batch(run, *parts(run, count), step, all_rows(run), 1).batch


def shown(batches: list[Batch]) -> list[int]:
    examples = np.concatenate([batch.examples for batch in batches])
    return examples[examples >= 0].tolist()


def dealt(batch: int, processes: int) -> list[NDArray[np.int64]]:
    """Returns the rows of each process, by ones and twos to and fro between them."""
    owners = np.arange(batch) * 2 // 3 % processes
    return [np.flatnonzero(owners == process) for process in range(processes)]


def together(rows: list[NDArray[np.int64]], shares: list[Batch]) -> Batch:
    places = np.argsort(np.concatenate(rows))
    return Batch._make(np.concatenate(arrays)[places] for arrays in zip(*shares, strict=True))


def same(left: Batch, right: Batch) -> bool:
    return all(np.array_equal(a, b) and a.dtype == b.dtype for a, b in zip(left, right, strict=True))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(4, 40), st.integers(1, 12), st.integers(1, 3), st.integers(1, 4))
def test_each_training_example_is_seen_exactly_once_an_epoch(count: int, batch: int, epochs: int, repeat: int) -> None:
    """Whatever the batch: it may straddle epochs, hold several of them, or be larger than all of them."""
    run = a_run((count - 3) * epochs * repeat, batch, repeat=repeat)
    _, known = parts(run, count)
    order = shown([whole_batch(run, count, step) for step in range(run.length.steps)])
    assert len(order) == run.length.images == known.epoch * epochs
    expected = set(range(count)) - set(known.left_out.tolist())
    for epoch in range(epochs):
        here = Counter(order[epoch * known.epoch : (epoch + 1) * known.epoch])
        assert here == dict.fromkeys(expected, repeat)


def test_rows_show_the_example_they_name() -> None:
    for batch in steps(a_run(40), 23):
        assert batch.images.shape == (8, 4, 4, 3)
        assert (batch.images[..., 1] == batch.examples[:, None, None]).all()
        assert (batch.labels == batch.examples % 10).all()
        assert (batch.weights == 1).all()


def test_types_are_those_the_program_is_compiled_for() -> None:
    (batch,) = steps(a_run(8), 23)
    types = [np.dtype(kind) for kind in (np.uint8, np.int32, np.float32, np.int64, np.int32)]
    assert [array.dtype for array in batch] == types


def test_the_last_step_is_padded_with_rows_that_do_not_count() -> None:
    *full, last = steps(a_run(21), 23)
    assert len(full) == 2
    assert all(batch.weights.all() for batch in full)
    assert last.weights.tolist() == [1, 1, 1, 1, 1, 0, 0, 0]
    assert last.examples[5:].tolist() == [-1, -1, -1]
    assert not last.images[5:].any()
    assert not last.labels[5:].any()
    assert last.images.shape == full[0].images.shape


def test_starting_later_continues_the_same_sequence() -> None:
    run = a_run(101, augment=Augment())
    whole = steps(run, 23)
    assert len(whole) == 13
    for first_step in (1, 7, 12, 13):
        later = steps(run, 23, first_step)
        assert len(later) == 13 - first_step
        assert all(same(left, right) for left, right in zip(whole[first_step:], later, strict=True))


def test_the_batch_of_a_far_step_needs_none_before_it() -> None:
    step = 10**10
    run = a_run(8 * (step + 2))
    batches = training_batches(run, *parts(run, 23), all_rows(run), first_step=step)
    first = next(batches).batch
    assert same(first, whole_batch(run, 23, step))
    assert len(list(batches)) == 1


def test_threads_do_not_change_what_is_fed() -> None:
    run = a_run(400, augment=Augment())
    for step, batch in enumerate(steps(run, 23)):
        assert same(batch, whole_batch(run, 23, step))


@pytest.mark.parametrize("processes", [1, 2, 4])
def test_the_parts_of_all_processes_are_the_whole_batch(processes: int) -> None:
    """And so are their rows of the ledger, whose steps touch two epochs."""
    run, rows = a_run(77, augment=Augment(), repeat=3), dealt(8, processes)
    known = parts(run, 23)[1]
    shares = [[*training_batches(run, *parts(run, 23), own, first_step=0, processes=processes)] for own in rows]
    alone = [*training_batches(run, *parts(run, 23), all_rows(run), first_step=0, processes=processes)]
    for step, fed in enumerate(alone):
        assert same(fed.batch, together(rows, [share[step].batch for share in shares]))
        of_all = np.concatenate([share[step].rows for share in shares])
        assert combined(of_all, known.epoch).tobytes() == combined(fed.rows, known.epoch).tobytes()


def test_repeats_of_an_image_stand_side_by_side_and_differ() -> None:
    (batch,) = steps(a_run(8, repeat=4, augment=Augment(area=0.3)), 23)
    assert batch.views.tolist() == [0, 1, 2, 3, 0, 1, 2, 3]
    assert (batch.examples[:4] == batch.examples[0]).all()
    assert (batch.examples[4:] == batch.examples[4]).all()
    assert batch.examples[0] != batch.examples[4]
    assert len(np.unique(batch.images[:4].reshape(4, -1), axis=0)) == 4


def test_a_view_looks_the_same_in_a_batch_of_any_size() -> None:
    small, large = (steps(a_run(40, batch, augment=Augment()), 23) for batch in (4, 20))
    assert np.array_equal(np.concatenate([batch.images for batch in small]), np.concatenate([b.images for b in large]))


def test_an_image_changes_from_epoch_to_epoch() -> None:
    run = a_run(40, 20, augment=Augment(area=0.3))
    first, second = steps(run, 23)
    by_example = np.argsort(first.examples), np.argsort(second.examples)
    assert np.array_equal(first.examples[by_example[0]], second.examples[by_example[1]])
    assert not np.array_equal(first.examples, second.examples)
    differs = (first.images[by_example[0]] != second.images[by_example[1]]).any(axis=(1, 2, 3))
    assert differs.mean() > 0.9


def test_the_seed_changes_the_order_and_the_crops() -> None:
    one, other = (steps(a_run(20, 20, seed=seed, augment=Augment(area=0.3)), 23)[0] for seed in (0, 1))
    assert not np.array_equal(one.examples, other.examples)
    by_example = np.argsort(one.examples), np.argsort(other.examples)
    assert not np.array_equal(one.images[by_example[0]], other.images[by_example[1]])


def test_an_unreadable_record_stops_the_run_at_its_step() -> None:
    run = a_run(20)
    broken = int(whole_batch(run, 23, 1).examples[3])
    batches = training_batches(run, *parts(run, 23, broken), all_rows(run), first_step=0)
    next(batches)
    with pytest.raises(Unreadable) as caught:
        next(batches)
    assert str(caught.value) == (
        f"record {broken} (some/file) cannot be read; mend it, or leave such images out: `on_corrupt skip`"
    )


def test_an_unreadable_record_may_be_left_out(caplog: pytest.LogCaptureFixture) -> None:
    run = a_run(20, on_corrupt="skip")
    intact = whole_batch(run, 23, 1)
    broken = int(intact.examples[3])
    batch, rows = training_batch(run, *parts(run, 23, broken), 1, all_rows(run), 1)
    assert batch.weights.tolist() == [1, 1, 1, 0, 1, 1, 1, 1]
    assert batch.examples[3] == -1
    assert not batch.images[3].any()
    assert np.array_equal(np.delete(batch.images, 3, 0), np.delete(intact.images, 3, 0))
    assert [(row["kind"], row["first"], row["count"]) for row in rows] == [(FED, 8, 8), (SKIPPED, 11, 1)]
    assert caplog.messages == [f"left out: record {broken} (some/file) cannot be read"]
    (shown_whole,) = evaluation_batches(
        Coloured(4, broken=2), np.arange(4), np.arange(4), side=5, batch=4, on_corrupt="skip"
    )
    assert shown_whole.weights.tolist() == [1, 1, 0, 1]


def test_the_rows_of_the_ledger_tell_what_was_read() -> None:
    """Not what should have been: here another record is read than was asked for."""

    class Astray(Coloured):
        def read(self, index: int) -> Example:
            return super().read((index + 1) % self.count if index == 5 else index)

    run = a_run(40, 10)
    known = parts(run, 23)[1]
    for records, right in ((Coloured(23), True), (Astray(23), False)):
        rows = np.concatenate([training_batch(run, records, known, step, all_rows(run), 1).rows for step in range(4)])
        rows = combined(rows, known.epoch)
        assert rows["first"].tolist() == [0, 10, 20, 30]
        expected = [total(known.elements(np.arange(first, first + 10))) for first in (0, 10, 20, 30)]
        assert ([tuple(digest) for digest in rows["digest"].tolist()] == expected) is right


def test_evaluation_shows_each_example_once_in_order() -> None:
    held_out = np.array([3, 4, 8, 15, 16])
    first, second, last = evaluation_batches(Coloured(20), held_out, np.arange(2), side=5, batch=2)
    assert shown([first, second, last]) == held_out.tolist()
    assert last.weights.tolist() == [1, 0]
    assert last.examples.tolist() == [16, -1]
    assert first.images.shape == last.images.shape == (2, 5, 5, 3)
    assert first.labels.tolist() == [3, 4]
    assert (first.images[1, ..., 1] == 4).all()


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9])
def test_evaluation_is_divided_among_processes(count: int) -> None:
    held_out = np.arange(count)
    rows = dealt(4, 2)
    alone = list(evaluation_batches(Coloured(20), held_out, np.arange(4), side=5, batch=4))
    halves = [list(evaluation_batches(Coloured(20), held_out, own, side=5, batch=4)) for own in rows]
    assert len(alone) == len(halves[0]) == len(halves[1]) == -(-count // 4)
    for step, batch in enumerate(alone):
        assert same(batch, together(rows, [half[step] for half in halves]))


def test_batches_can_be_left_unread() -> None:
    run = a_run(8_000)
    assert len(list(islice(training_batches(run, *parts(run, 23), all_rows(run), first_step=0), 2))) == 2
