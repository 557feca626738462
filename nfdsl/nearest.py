"""The word that was most likely meant by one that is not known."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache

_COMPARED = 50  # words that are compared by likeness, which is slow
_LONGEST = 40  # letters of a word that is compared at all where words are many: time grows with their square


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Returns the candidate nearest to `word`, or None if all are far.

    A candidate one edit away is always near, however short: one letter left out, added or replaced,
    or two neighbours swapped. So is one that differs only in case.
    """
    known = sorted(candidates)
    one_away = [name for name in _perhaps(word, known) if name.lower() == word.lower() or is_one_edit(word, name)]
    if len(one_away) == 1 or (one_away and len(word) > _LONGEST):
        return one_away[0]
    similar = {name.lower(): name for name in one_away or _of_like_length(word, known)}
    found = get_close_matches(word.lower(), similar, n=1, cutoff=0.0 if one_away else 0.6)
    return similar[found[0]] if found else None


def _of_like_length(word: str, known: Sequence[str]) -> Sequence[str]:
    if len(word) > _LONGEST:
        return ()
    similar = [name for name in known if abs(len(name) - len(word)) <= 1 + len(word) // 2]
    return similar if len(similar) <= _COMPARED else [name for name in similar if name[:2] == word[:2]][:_COMPARED]


def _perhaps(word: str, known: Sequence[str]) -> Sequence[str]:
    """Returns the candidates that can be one edit or the case of letters away from `word`, and perhaps others."""
    if len(known) <= _COMPARED:
        return known
    shortened = _by_shortened(tuple(known))
    return sorted({name for text in _shortened(word) for name in shortened.get(text, ())})


@lru_cache(maxsize=4)
def _by_shortened(known: tuple[str, ...]) -> Mapping[str, Sequence[str]]:
    """Returns the candidates by what is left of each without one of its letters: words one edit apart share that."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for name in known:
        for text in _shortened(name):
            found[text].append(name)
    return found


def _shortened(word: str) -> Iterator[str]:
    """Yields a word, and what is left of it without each of its letters; nothing for a very long one."""
    lower = word.lower()
    if len(word) <= _LONGEST:
        yield lower
        yield from {lower[:place] + lower[place + 1 :] for place in range(len(lower))}


def is_one_edit(one: str, other: str) -> bool:
    """Whether a letter left out, added, replaced or swapped with its neighbour makes `one` the `other`.

    Some letter must be in both: `a` is not a misspelt `b`.
    """
    if abs(len(one) - len(other)) > 1:
        return False
    start = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    rest, wanted = one[start:], other[start:]
    swapped = rest[1:2] + rest[:1] + rest[2:]
    edited = rest != wanted and (wanted in (rest[1:], swapped) or wanted[1:] in (rest, rest[1:]))
    return edited and bool(set(one) & set(other))
