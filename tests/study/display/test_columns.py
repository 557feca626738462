"""Columns that fit, whatever the terminal and the words."""

from io import StringIO

import pytest
from rich.console import Console

from nfdsl.study.display.columns import column, plain, table


def drawn(columns, width: int) -> list[str]:
    console = Console(file=StringIO(), width=width)
    console.print(table(columns, [""] * 2, width))
    return console.file.getvalue().splitlines()


def columns():
    return [
        column("name", ["a", "bbbbbb"]),
        column("first", ["1", "22"], spare=2, right=True),
        column("second", ["3", "44"], spare=1, right=True),
    ]


def test_all_columns_where_there_is_room():
    assert [line.rstrip() for line in drawn(columns(), 40)] == [
        "name    first  second",
        "a           1       3",
        "bbbbbb     22      44",
    ]


@pytest.mark.parametrize(("width", "names"), [(21, "name first second"), (20, "name second"), (13, "name")])
def test_the_most_spare_goes_first(width: int, names: str):
    lines = drawn(columns(), width)
    assert lines[0].split() == names.split()
    assert len(lines) == 3
    assert max(map(len, lines)) <= width


def test_what_never_goes_is_cut():
    lines = drawn([column("name", ["a" * 20, "b"])], 6)
    assert lines[1] == "aaaaa…"
    assert len(lines) == 3


def test_a_long_word_does_not_take_the_room_of_all():
    assert column("name", ["a" * 200]).width == 24


def test_empty_columns_are_left_out():
    assert drawn([column("name", ["a", "b"]), column("none", ["", ""])], 40)[0].split() == ["name"]


def test_words_are_not_markup_and_stay_on_one_line():
    lines = drawn([column("name", ["[bold]x[/bold]", "a\nb :smile:"])], 40)
    assert lines[1].rstrip() == "[bold]x[/bold]"
    assert lines[2].rstrip() == "a b :smile:"
    assert plain("[red]").plain == "[red]"
