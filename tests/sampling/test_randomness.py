import numpy as np
from scipy.stats import kstest

from nfdsl.sampling.randomness import digest, hashed, uniform


def test_the_numbers_never_change() -> None:
    assert digest("order", 0, 10) == 1198034457390626306
    assert hashed(1, np.array([0, 1]), 2).tolist() == [660293860959197814, 3961146053096907064]
    assert uniform(0, "crop", np.arange(3)).tolist() == [0.7168598686323674, 0.40985841478443863, 0.18464435486499653]


def test_a_digest_tells_apart_where_its_parts_end() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest("abc", "")}) == 4


def test_integers_of_any_type_count_alike() -> None:
    assert hashed(7, np.array(3, np.int32)) == hashed(np.array(7, np.uint64), 3)


def test_words_broadcast() -> None:
    grid = hashed(5, np.arange(3)[:, None], np.arange(4))
    assert grid.shape == (3, 4)
    assert all(grid[row, column] == hashed(5, row, column) for row in range(3) for column in range(4))


def test_the_place_of_a_word_matters() -> None:
    assert hashed(1, 2, 3) != hashed(1, 3, 2)
    assert hashed(1) != hashed(1, 0)


def test_numbers_are_uniform_whichever_word_counts_up() -> None:
    count = np.arange(20_000)
    for words in ((count, 0, 0), (0, count, 0), (0, 0, count)):
        drawn = uniform(3, "flip", *words)
        assert drawn.min() >= 0
        assert drawn.max() < 1
        assert kstest(drawn, "uniform").pvalue > 1e-4
        assert abs(np.corrcoef(drawn[:-1], drawn[1:])[0, 1]) < 0.03


def test_seeds_and_purposes_give_unrelated_numbers() -> None:
    count = np.arange(20_000)
    drawn = [
        uniform(0, "flip", count),
        uniform(1, "flip", count),
        uniform(0, "crop", count),
        uniform(0, "flip", count + 1),
    ]
    correlations = np.corrcoef(drawn) - np.eye(len(drawn))
    assert abs(correlations).max() < 0.03
