"""Tests of checkpoints: whole or not at all, and the one before where the latest is damaged."""

import errno
import itertools
import os
import shutil
from functools import partial
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.sharding import NamedSharding, PartitionSpec

from nfdsl.sampling.ledger import Anchor
from runtime import checkpoint
from runtime.checkpoint import CheckpointError, Saving, intact, restore, weights
from runtime.mesh import SHARD, data_mesh, replicated
from runtime.packing import LARGE
from runtime.state import TrainState


def state(step, averaged=True):
    """A state whose every number depends on the step, with small arrays and a large one."""
    draws = np.random.default_rng(step)
    parameters = {
        "conv": {"kernel": draws.normal(size=LARGE // 4).astype(np.float32), "gain": draws.normal(size=3).astype("f4")},
        "classifier": {"weight": draws.normal(size=(4, 2)).astype(np.float32)},
    }
    return placed(
        TrainState(
            step=np.array(step, np.int32),
            parameters=parameters,
            optimizer_state=((), jax.tree.map(np.negative, parameters)),
            average=jax.tree.map(np.square, parameters) if averaged else None,
        )
    )


def anchor(step):
    return Anchor(step, f"{step % 10}" * 64)


def save(directory, state, step, anchor, best=None):
    Saving(directory, state, step).commit(lambda: anchor, best)


def placed(tree, devices=1):
    return jax.device_put(tree, replicated(data_mesh(jax.devices()[:devices])))


def like(tree, devices=1):
    sharding = replicated(data_mesh(jax.devices()[:devices]))
    return jax.tree.map(lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding), tree)


def in_parts(tree, shards):
    """Returns the shardings of a tree whose large arrays are split."""
    mesh = data_mesh(jax.devices()[:shards], shards)
    parts, whole = NamedSharding(mesh, PartitionSpec(SHARD)), replicated(mesh)
    return jax.tree.map(lambda leaf: parts if leaf.nbytes >= LARGE else whole, tree)


def assert_same(actual, expected):
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    jax.tree.map(np.testing.assert_array_equal, actual, expected)


def steps(directory):
    return sorted(int(path.name) for path in directory.iterdir() if path.name.isdecimal())


def content(directory):
    return {path.relative_to(directory): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def two(tmp_path_factory):
    """A folder with the checkpoints of steps 20 and 30."""
    directory = tmp_path_factory.mktemp("two")
    for step in (20, 30):
        save(directory, state(step), step, anchor(step))
    return directory


@pytest.mark.parametrize("averaged", [True, False])
def test_a_state_is_restored_bit_for_bit(tmp_path, averaged):
    save(tmp_path / "checkpoints", state(5, averaged), 5, anchor(5))
    restored = restore(tmp_path / "checkpoints", like(state(0, averaged)))
    assert (restored.step, restored.damaged, restored.anchor) == (5, (), Anchor(5, "5" * 64))
    assert_same(restored.state, state(5, averaged))


def test_arrays_come_back_on_the_devices_asked_for(two):
    restored = restore(two, like(state(0), devices=4))
    assert {len(leaf.sharding.device_set) for leaf in jax.tree.leaves(restored.state)} == {4}
    assert_same(restored.state, state(30))


@pytest.mark.parametrize("shards", [1, 2, 8])
def test_what_was_saved_in_parts_comes_back_in_the_parts_asked_for(tmp_path, shards):
    save(tmp_path, jax.device_put(state(5), in_parts(state(5), 4)), 5, anchor(5))
    wanted = in_parts(state(0), shards)
    outline = jax.tree.map(lambda at, to: jax.ShapeDtypeStruct(at.shape, at.dtype, sharding=to), state(0), wanted)
    restored = restore(tmp_path, outline)
    assert jax.tree.map(lambda leaf: leaf.sharding, restored.state) == wanted
    assert_same(restored.state, state(5))


def test_a_state_may_be_donated_while_it_is_written(tmp_path):
    saving = Saving(tmp_path, donated := state(5), 5)
    jax.block_until_ready(jax.jit(partial(jax.tree.map, lambda leaf: -leaf), donate_argnums=0)(donated))
    saving.commit(lambda: anchor(5))
    assert_same(restore(tmp_path, like(state(0))).state, state(5))


def test_there_is_nothing_to_restore_at_first(tmp_path):
    restored = restore(tmp_path / "checkpoints", like(state(0)))
    assert (restored.state, restored.step, restored.damaged) == (None, 0, ())


def test_the_latest_two_are_kept(tmp_path):
    for step in (8, 9, 10, 11):
        save(tmp_path, state(step), step, anchor(step))
    assert steps(tmp_path) == [10, 11]


def test_the_best_is_kept_besides_the_latest_two(tmp_path):
    for step in (8, 9, 10, 11):
        save(tmp_path, state(step), step, anchor(step), best=8)
    assert steps(tmp_path) == [8, 10, 11]
    save(tmp_path, state(12), 12, anchor(12), best=10)
    assert steps(tmp_path) == [10, 11, 12]


def test_every_file_reaches_the_disk_before_the_checkpoint_has_its_name(tmp_path, monkeypatch):
    reached = []
    monkeypatch.setattr(checkpoint, "flush", lambda path: reached.append((path, (tmp_path / "5").exists())))
    save(tmp_path, state(5), 5, anchor(5))
    before = {path.relative_to(tmp_path / "5.partial") for path, is_named in reached if not is_named}
    assert {Path(), *content(tmp_path / "5")} <= before
    assert reached[-1] == (tmp_path, True)


def flipped(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def torn(path):
    path.write_bytes(path.read_bytes()[:-1])


@pytest.mark.parametrize("damage", [flipped, torn, Path.unlink])
def test_whatever_happens_to_a_file_the_checkpoint_before_is_restored(two, tmp_path, damage):
    names = [path.relative_to(two / "30") for path in (two / "30").rglob("*") if path.is_file()]
    assert len(names) > 5
    for name in names:
        if damage is not Path.unlink and not (two / "30" / name).stat().st_size:
            continue
        directory = tmp_path / str(name).replace("/", "_")
        shutil.copytree(two, directory)
        damage(directory / "30" / name)
        restored = restore(directory, like(state(0)))
        assert (restored.step, restored.damaged) == (20, (30,)), name
        assert_same(restored.state, state(20))
        assert steps(directory) == [20]


def test_those_that_are_intact_are_told(two, tmp_path):
    shutil.copytree(two, tmp_path / "two")
    assert intact(tmp_path / "two") == [20, 30]
    flipped(tmp_path / "two" / "20" / "digests.json")
    assert intact(tmp_path / "two") == [30]


def test_a_file_too_many_is_damage_too(two, tmp_path):
    shutil.copytree(two, tmp_path / "two")
    (tmp_path / "two" / "30" / "stray").touch()
    assert restore(tmp_path / "two", like(state(0))).damaged == (30,)


def test_where_all_are_damaged_there_is_nothing_to_restore(two, tmp_path):
    shutil.copytree(two, tmp_path / "two")
    for step in ("20", "30"):
        (tmp_path / "two" / step / "digests.json").unlink()
    restored = restore(tmp_path / "two", like(state(0)))
    assert (restored.state, restored.step, restored.damaged) == (None, 0, (30, 20))


def test_the_last_that_was_damaged_is_kept_aside(two, tmp_path):
    directory = tmp_path / "two"
    shutil.copytree(two, directory)
    flipped(directory / "20" / "digests.json")
    for step in (30, 40):
        if step == 40:
            save(directory, state(step), step, anchor(step))
        flipped(directory / str(step) / "state" / "_METADATA")
        damaged = content(directory / str(step))
        restore(directory, like(state(0)))
        assert [path.name for path in directory.iterdir()] == [f"{step}.damaged"]
        assert content(directory / f"{step}.damaged") == damaged


@pytest.mark.parametrize("code", [errno.EMFILE, errno.EIO, errno.ESTALE, errno.EACCES], ids=errno.errorcode.get)
@pytest.mark.parametrize("reads", [0, 1, 3])
def test_what_cannot_be_read_for_now_is_left_as_it_is(two, tmp_path, monkeypatch, code, reads):
    """The latest is damaged, which the first file to be read tells."""
    directory = tmp_path / "two"
    shutil.copytree(two, directory)
    (directory / "30" / "digests.json").unlink()
    before, read, really_open = content(directory), itertools.count(), Path.open

    def failing(path, *arguments, **options):
        if next(read) >= reads:
            raise OSError(code, os.strerror(code), str(path))
        return really_open(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(CheckpointError) as caught:
        restore(directory, like(state(0)))
    monkeypatch.undo()
    assert str(caught.value) == (
        f"{directory / ('20' if reads else '30')} cannot be read ({os.strerror(code)}); nothing in it was removed, and"
        f" the same command goes on from there once it can be read"
    )
    assert content(directory) == before
    assert restore(directory, like(state(0))).step == 20


@pytest.mark.parametrize("name", ["", "20", "20/state"])
def test_a_folder_that_cannot_be_listed_for_now_is_left_as_it_is(two, tmp_path, monkeypatch, name):
    directory = tmp_path / "two"
    shutil.copytree(two, directory)
    (directory / "30" / "digests.json").unlink()
    before = content(directory)

    def failing(really_list, folder):
        if Path(folder) == directory / name:
            raise OSError(errno.EIO, "Input/output error", str(folder))
        return really_list(folder)

    for function in ("scandir", "listdir"):
        monkeypatch.setattr(os, function, partial(failing, getattr(os, function)))
    with pytest.raises(CheckpointError, match=r"cannot be read \(Input/output error\)"):
        restore(directory, like(state(0)))
    monkeypatch.undo()
    assert content(directory) == before


def test_a_save_that_is_cut_short_leaves_what_was_there(two, tmp_path, monkeypatch):
    shutil.copytree(two, tmp_path / "two")
    monkeypatch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(OSError("killed")))
    with pytest.raises(OSError, match="killed"):
        save(tmp_path / "two", state(40), 40, anchor(40))
    monkeypatch.undo()
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"20", "30"}
    assert restore(tmp_path / "two", like(state(0))).step == 30
    for left in ("35.partial", "40.partial"):  # by a writer that was killed
        shutil.copytree(two / "20", tmp_path / "two" / left)
    save(tmp_path / "two", state(40), 40, anchor(40))
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"30", "40"}
    assert_same(restore(tmp_path / "two", like(state(0))).state, state(40))


def test_weights_are_read_without_the_rest(two):
    parameters = like(state(0).parameters)
    assert_same(weights(two, 30, parameters, averaged=False), state(30).parameters)
    assert_same(weights(two, 20, parameters, averaged=True), state(20).average)


def test_weights_that_are_missing_or_damaged_are_not_replaced_by_others(two, tmp_path):
    with pytest.raises(CheckpointError, match=r"40 is missing: put it back, or remove .*.*result\.json to train"):
        weights(two, 40, like(state(0).parameters), averaged=False)
    shutil.copytree(two, tmp_path / "two")
    flipped(tmp_path / "two" / "30" / "state" / "_METADATA")
    with pytest.raises(CheckpointError, match="30 is damaged"):
        weights(tmp_path / "two", 30, like(state(0).parameters), averaged=False)
