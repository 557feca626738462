"""Tests of the digests of what was fed."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.sampling.multiset import PRIME, Digester, Keys, minus, plus, product, total, totals

WORDS = np.array([11, 2**64 - 1, 7], np.uint64)
COUNTS = np.array([5, 70_000, 1])
REPEAT = 3

fields = st.integers(0, PRIME - 1)


def digester(secret="s"):
    return Digester(secret, int(COUNTS.max()), REPEAT)


def everything():
    shards = np.repeat(np.arange(3), COUNTS)
    places = np.concatenate([np.arange(count) for count in COUNTS])
    return Keys(WORDS[np.repeat(shards, REPEAT)], np.repeat(places, REPEAT)), np.tile(np.arange(REPEAT), len(shards))


def lane(values):
    return np.array(values, np.uint64)


@given(st.lists(st.tuples(fields | st.just(PRIME - 1), fields), min_size=1))
def test_products_are_exact(pairs):
    left, right = zip(*pairs, strict=True)
    assert product(lane(left), lane(right)).tolist() == [a * b % PRIME for a, b in pairs]


@given(st.lists(st.lists(fields | st.just(PRIME - 1), min_size=1), min_size=1))
def test_sums_of_runs_are_exact(runs):
    starts = np.cumsum([0, *map(len, runs)])[:-1]
    both = np.tile(lane([value for run in runs for value in run]), (2, 1))
    assert totals(both, starts).tolist() == [[sum(run) % PRIME for run in runs]] * 2
    assert total(both) == (sum(map(sum, runs)) % PRIME,) * 2


def test_long_sums_do_not_overflow():
    assert totals(np.full((2, 100_000), PRIME - 1, np.uint64), np.array([0]))[0, 0] == (PRIME - 1) * 100_000 % PRIME


def test_an_element_is_what_the_formula_says():
    made = digester()
    one, other = made.elements(Keys(WORDS[[1, 1]], np.array([69_999, 0])), np.array([2, 0])).T.tolist()
    for got, base, repeats, lone in zip(one, made._bases, made._repeat_bases, other, strict=True):
        assert got == lone * pow(base, 69_999, PRIME) * pow(repeats, 2, PRIME) % PRIME


def test_shards_are_known_without_their_records():
    made = digester()
    assert made.shards(WORDS, COUNTS) == total(made.elements(*everything()))


def test_parts_in_any_order_add_up_to_the_whole():
    elements = digester().elements(*everything())[:, np.random.default_rng(0).permutation(210_018)]
    parts = [total(part) for part in np.array_split(elements, 7, axis=1)]
    assert minus(plus(parts[0], parts[1]), parts[1]) == parts[0]
    whole = (0, 0)
    for part in parts:
        whole = plus(whole, part)
    assert whole == digester().shards(WORDS, COUNTS)


def test_digests_depend_on_the_secret():
    assert digester("a").shards(WORDS, COUNTS) != digester("b").shards(WORDS, COUNTS)


@settings(max_examples=20, derandomize=True)
@given(st.text(max_size=5))
def test_small_multisets_never_share_a_digest(secret):
    """All multisets of at most three views of two records: what was lost, doubled or exchanged is seen."""
    made = Digester(secret, 2, 2)
    views = made.elements(Keys(np.array([3, 3, 3, 3], np.uint64), np.array([0, 1, 0, 1])), np.array([0, 0, 1, 1]))
    singles = [tuple(view) for view in views.T.tolist()]
    digests = {(0, 0), *singles}
    for left in range(4):
        for right in range(left, 4):
            digests.add(plus(singles[left], singles[right]))
    assert len(digests) == 1 + 4 + 10
    assert all(minus(a, b) != (0, 0) for a, b in combinations(digests, 2))
