"""The reference documentation says everything the schema says, and is current."""

import re
from pathlib import Path

import pytest

from nfdsl.reference.page import reference
from nfdsl.reference.vocabulary import called, words
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import settings
from nfdsl.schema.units import UNITS

KEPT = Path(__file__).parents[2] / "docs" / "reference.md"
CLASSES = [schema_class for classes in KINDS.values() for schema_class in classes]


@pytest.fixture(scope="module")
def page() -> str:
    return reference()


def sections(page: str) -> dict[str, str]:
    """Returns the text of each section by its heading."""
    _, *parts = re.split(r"^#+ (.+)\n", page, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def test_the_page_in_the_repository_is_current(page: str):
    assert KEPT.read_text("utf-8") == page, "run: python -m nfdsl.reference > docs/reference.md"


@pytest.mark.parametrize("schema_class", [*CLASSES, *words()], ids=called)
def test_every_setting_has_a_row_with_what_the_schema_says(page: str, schema_class: type):
    section = sections(page)[called(schema_class)]
    rows = {row.split("`")[1]: row for row in section.splitlines() if row.startswith("| `")}
    assert set(rows) == {setting.name for setting in settings(schema_class)}
    for setting in settings(schema_class):
        row = rows[setting.name]
        assert setting.description.doc in row
        assert setting.description.source in row
        assert ("*required*" in row) == setting.required
        for bound in ("at_least", "above", "at_most", "below"):
            limit = vars(setting.description)[bound]
            assert (f"{bound.replace('_', ' ')} " in row.split("|")[4]) == (limit is not None)


def test_headings_are_anchors_of_their_own_and_every_link_has_one(page: str):
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    assert len(headings) == len(set(headings))
    anchors = {heading.lower().replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= anchors


def test_tables_are_whole(page: str):
    for table in re.findall(r"(?:^\|.*\n)+", page, re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", row)) for row in table.splitlines()}) == 1


def test_every_unit_is_listed(page: str):
    assert all(f"`{unit}`" in sections(page)["Units"] for unit in UNITS)


def test_no_text_of_python_shows(page: str):
    assert not re.search(r"``|MISSING|NoneType|dataclass|\bNone\b|Quantity|Literal", page)
