"""Tests of the index of a run."""

from dataclasses import replace

import numpy as np
import pytest

from nfdsl.sampling.index import Index, NoIndex, Terms, parse_index
from nfdsl.sampling.multiset import total

TERMS = Terms("somewhere", "f1", seed=3, batch=4, repeat=2, images=90)


def index(terms=TERMS):
    return Index(terms, np.array([5, 2**63], np.uint64), np.array([3, 20]), np.array([1, 7]))


def test_it_comes_back_from_its_content():
    again = parse_index(index().content)
    assert again.terms == TERMS
    assert (again.hash, again.whole, again.epoch) == (index().hash, index().whole, 42)


def test_the_content_is_pinned():
    """Whatever changes it needs another format, or runs that began before cannot go on."""
    assert index().hash.hex()[:16] == "076b8f3318df637d"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]\n", b"null\n", index().content[:-8], index().content + b"\0" * 8])
def test_what_is_no_index_is_refused(content):
    with pytest.raises(NoIndex, match="damaged"):
        parse_index(content)


def test_another_format_is_named():
    with pytest.raises(NoIndex, match="it has format 2; this version reads format 1"):
        parse_index(index().content.replace(b'"format": 1', b'"format": 2'))


def test_an_epoch_is_what_the_order_shows_in_it():
    for epoch in range(3):
        views = np.arange(epoch * 42, (epoch + 1) * 42)
        assert total(index().elements(views)) == index().whole
    assert total(index().elements(np.arange(1, 43))) != index().whole


def test_records_that_are_left_out_are_in_no_epoch():
    keys = index().keys(index().course.at(np.arange(42)).records)
    assert (5, 1) not in zip(keys.shards.tolist(), keys.places.tolist(), strict=True)
    assert (2**63, 4) not in zip(keys.shards.tolist(), keys.places.tolist(), strict=True)


def test_it_stays_small_however_many_records_there_are():
    """4 x 10^9 records in 4,096 shards, 130,000 of them held out: no array as long as an epoch is ever made."""
    shards = np.arange(4_096, dtype=np.uint64)
    held_out = np.arange(130_000) * 30_000
    large = Index(replace(TERMS, repeat=1), shards, np.full(4_096, 976_563), held_out)
    assert large.epoch == 4_000_002_048 - 130_000
    assert len(large.content) < 1_200_000
    assert large.whole != (0, 0)
    assert large.elements(np.arange(10**9, 10**9 + 4_096)).shape == (2, 4_096)
