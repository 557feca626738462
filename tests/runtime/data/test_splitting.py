from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from nfdsl.schema.data import Builtin, Data, Dedup
from runtime.data import splitting
from runtime.data.records import DataError, Example
from runtime.data.splitting import Parts, split


@dataclass(frozen=True)
class Named:
    """Records of which only the identities are asked for."""

    hashes: tuple[int, ...]
    name: str = "toys"

    def __len__(self) -> int:
        return len(self.hashes)

    def identities(self, indices: NDArray[np.int64]) -> NDArray[np.uint64]:
        return np.array(self.hashes, np.uint64)[indices]

    def find(self, name: str) -> int:
        return range(len(self)).index(int(name))

    def read(self, index: int) -> Example:
        raise AssertionError("a split needs no images")

    def fingerprint(self) -> str:
        raise AssertionError("a split needs no fingerprint")


def declared(holdout: int, examples: int | None = None, dedup: Dedup | None = None) -> Data:
    return Data(source=Builtin("digits"), classes=10, holdout=holdout, examples=examples, dedup=dedup)


def trained_on(parts: Parts) -> list[int]:
    return parts.training.records(np.arange(parts.training.examples)).tolist()


hashes = st.lists(st.integers(0, 20) | st.integers(0, 2**64 - 1), min_size=1, max_size=40).map(tuple)


@settings(deadline=None, derandomize=True)
@given(hashes, st.data())
def test_exactly_the_smallest_identities_are_held_out(hashes: tuple[int, ...], data: st.DataObject) -> None:
    holdout = data.draw(st.integers(0, len(hashes) - 1))
    by_identity = sorted(range(len(hashes)), key=lambda index: (hashes[index], index))
    parts = split(Named(hashes), declared(holdout), ".")
    assert parts.held_out.tolist() == sorted(by_identity[:holdout])


@settings(deadline=None, derandomize=True)
@given(hashes, st.data())
def test_training_examples_are_all_other_records_in_order(hashes: tuple[int, ...], data: st.DataObject) -> None:
    holdout = data.draw(st.integers(0, len(hashes) - 1))
    parts = split(Named(hashes), declared(holdout), ".")
    assert trained_on(parts) == [index for index in range(len(hashes)) if index not in parts.held_out]


@pytest.mark.parametrize("chunk", [1, 7, 100])
def test_the_split_does_not_depend_on_how_many_are_hashed_at_a_time(
    chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = np.random.default_rng(0).integers(0, 50, 100).tolist()
    records = Named(tuple(sorted(hashes, reverse=True)))  # the last chunk, of one record, has those held out
    whole = split(records, declared(30), ".").held_out.tolist()
    monkeypatch.setattr(splitting, "_CHUNK", chunk)
    assert split(records, declared(30), ".").held_out.tolist() == whole


def test_another_order_of_records_holds_out_the_same_ones() -> None:
    hashes = np.random.default_rng(0).integers(0, 2**63, 200)
    shuffled = np.random.default_rng(1).permutation(hashes)
    held = split(Named(tuple(hashes.tolist())), declared(20), ".").held_out
    held_shuffled = split(Named(tuple(shuffled.tolist())), declared(20), ".").held_out
    assert set(hashes[held]) == set(shuffled[held_shuffled])


def test_a_new_record_pushes_out_at_most_one() -> None:
    hashes = tuple(range(10, 110))
    before = split(Named(hashes), declared(20), ".").held_out
    after = split(Named((*hashes, 15)), declared(20), ".").held_out
    assert set(after) - set(before) == {100}
    assert set(before) - set(after) == {19}


@pytest.mark.parametrize("identity", [2**63, 2**64 - 1])
def test_as_many_as_declared_are_held_out_where_identities_are_far_from_evenly_spread(identity: int) -> None:
    parts = split(Named((identity,) * 400), declared(3), ".")  # copies of one image, of a large identity
    assert parts.held_out.tolist() == [0, 1, 2]


def test_the_number_of_training_examples_may_be_declared() -> None:
    assert split(Named((1, 2, 3)), declared(1, examples=2), ".").training.examples == 2


@settings(deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(hashes, st.data())
def test_what_a_list_excludes_is_not_trained_on_and_changes_nothing_of_what_is_held_out(
    tmp_path: Path, hashes: tuple[int, ...], data: st.DataObject
) -> None:
    holdout = data.draw(st.integers(0, len(hashes) - 1))
    held_out = split(Named(hashes), declared(holdout), ".").held_out.tolist()
    excluded = data.draw(st.lists(st.integers(0, len(hashes) - 1)))
    left = [index for index in range(len(hashes)) if index not in {*held_out, *excluded}]
    listed = tmp_path / "listed"
    listed.write_text("".join(f"{index}\n" for index in excluded))
    dedup = Dedup(excluding=str(listed))
    if left:
        parts = split(Named(hashes), declared(holdout, len(left), dedup), ".")
        assert parts.held_out.tolist() == held_out
        assert trained_on(parts) == left
    else:
        with pytest.raises(DataError, match=f"toys has no images left to train on .*{holdout} held out and"):
            split(Named(hashes), declared(holdout, None, dedup), ".")


def test_excluded_images_that_are_not_declared_are_counted_out(tmp_path: Path) -> None:
    (tmp_path / "listed").write_text("0\n2\n")  # 0 is held out
    dedup = Dedup(excluding="listed")
    with pytest.raises(DataError, match=r"toys has 2 to train on \(4 less 1 held out and 1 more excluded\)"):
        split(Named((1, 2, 3, 4)), declared(1, 3, dedup), str(tmp_path))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (declared(3), "`holdout` says 3 images, which leaves none of the 3 of toys to train on"),
        (declared(4_000), "`holdout` says 4,000 images, which leaves none of the 3 of toys to train on"),
        (
            declared(1, examples=3),
            "`examples` says 3 images but toys has 2 to train on (3 less 1 held out)",
        ),
        (
            declared(1, dedup=Dedup(declared(0))),
            "`dedup` does not say which images of toys are duplicates: list them in a file and name it after the word"
            " `excluding`, or drop `dedup`",
        ),
    ],
    ids=["nothing left", "less than nothing left", "another number", "dedup"],
)
def test_what_the_records_cannot_give_is_refused(data: Data, message: str) -> None:
    with pytest.raises(DataError) as caught:
        split(Named((1, 2, 3)), data, ".")
    assert str(caught.value) == message
