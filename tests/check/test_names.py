"""Names nobody knows, and what was meant."""

import pytest

from nfdsl.check.names import unknown
from nfdsl.nearest import nearest
from nfdsl.source import Source, Span

SPAN = Span(Source("a.nfx", "depht"), 0, 5)


@pytest.mark.parametrize(
    ("name", "candidates", "expected"),
    [
        ("depht", ["width", "depth"], "depth"),
        ("dept", ["depth"], "depth"),
        ("epth", ["depth"], "depth"),
        ("depthh", ["depth"], "depth"),
        ("x", ["depth"], None),
        ("depth", [], None),
        ("name_77", [f"name_{number}" for number in range(5000)], "name_77"),
    ],
)
def test_the_nearest_is_one_edit_away(name: str, candidates: list[str], expected: str | None):
    assert nearest(name, candidates) == expected


def test_a_near_name_is_offered_as_the_fix():
    found = unknown("unknown-setting", "setting", "depht", SPAN, ["depth", "width"])
    assert (found.help, found.fix and found.fix.replacement) == ("did you mean `depth`?", "depth")


def test_where_none_is_near_some_are_listed():
    found = unknown("unknown-setting", "setting", "zzz", SPAN, [f"name_{number:03}" for number in range(100)])
    assert found.fix is None
    assert found.help.startswith("known: `name_000`, ")
    assert found.help.endswith("`name_029` and 70 more")
