"""The one style, and that nothing is lost on the way to it."""

import re
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nfdsl.source import Source
from nfdsl.syntax.format import formatted
from nfdsl.syntax.meaning import same_meaning
from nfdsl.syntax.parse import parse


def fmt(text: str) -> str:
    result = formatted(Source("a.nfx", text))
    assert result is not None, "it parses"
    return result


@pytest.mark.parametrize("name", ["convnets_match_vits", "quickstart"])
def test_the_example_studies_are_in_style(spec: Callable[[str], str], name: str):
    assert fmt(spec(name)) == spec(name)


@pytest.mark.parametrize("text", ["model", "model a {", "model a { x }", "x = 1", "model a { x 1 } }"])
def test_what_does_not_parse_is_left_alone(text: str):
    assert formatted(Source("a.nfx", text)) is None


MESSY = '''
# what it is
"""About.
  Kept  as it is.   \t
"""   #  and more
data  d{source builtin(digits)#note
classes   10}
report r   {
}
report s { # nothing yet
}


#about m
model m   from n {

   group_width 8
   # of the stem
 depth [1,2]*{S:1,M:2}
 bottleneck_rounding floor


   width [1]
   # nothing more

}# done
# end'''

NEAT = '''\
# what it is
"""About.
  Kept  as it is.   \t
"""  #  and more

data d {
  source      builtin(digits)  # note
  classes     10
}

report r {}

report s {  # nothing yet
}

# about m
model m from n {
  group_width 8
  # of the stem
  depth       [1, 2] * {S: 1, M: 2}
  bottleneck_rounding floor

  width       [1]
  # nothing more
}  # done

# end
'''


@pytest.mark.parametrize("text", [MESSY, MESSY.replace("\n", "\r\n"), NEAT])
def test_a_whole_file(text: str):
    assert fmt(text) == NEAT


@pytest.mark.parametrize("text", ["", "\n\n", "  \r\n "])
def test_an_empty_file_stays_empty(text: str):
    assert fmt(text) == ""


def body(text: str) -> str:
    """Returns the settings of a block as they are formatted."""
    return fmt(f"model a {{\n{text}\n}}").removeprefix("model a {\n").removesuffix("}\n")


def test_values_stand_in_one_column():
    assert body("a 1\nbb 2\nexactly_11c 3\na_long_name_ 4") == (
        "  a           1\n  bb          2\n  exactly_11c 3\n  a_long_name_ 4\n"
    )


def test_where_half_of_the_names_are_long_the_column_moves():
    assert body("optimizer.weight_decay 1\nlr 2\n\nlr 3") == (
        "  optimizer.weight_decay 1\n  lr                     2\n\n  lr          3\n"
    )


def test_comments_of_neighbours_are_aligned():
    assert body("a 1 # one\nb 100 # two\nc 3\nd 4 # four") == (
        "  a           1    # one\n  b           100  # two\n  c           3\n  d           4  # four\n"
    )


def test_comments_are_kept_but_for_the_space_before_their_text():
    assert (
        body("#a\n##b\n#\n#!c\n#--\n#  d \na 1 #") == "  # a\n  ## b\n  #\n  #!c\n  #--\n  #  d\n  a           1  #\n"
    )


def test_words_that_do_not_fit_fill_rows():
    numbers = ",".join(["1000"] * 40)
    row = "    " + ", ".join(["1000"] * 16) + ","
    last = "    " + ", ".join(["1000"] * 8) + ","
    assert body(f"depth [1, 2] * [{numbers}]") == f"  depth       [1, 2] * [\n{row}\n{row}\n{last}\n  ]\n"
    assert len(row) <= 100


def test_a_row_may_be_full():
    fits = "x" * (100 - len('  depth       ["", 1]'))
    assert body(f'depth ["{fits}", 1]') == f'  depth       ["{fits}", 1]\n'
    assert body(f'depth ["{fits}x", 1]') == f'  depth       [\n    "{fits}x", 1,\n  ]\n'


def test_other_items_have_a_row_each():
    long = "x" * 60
    assert body(f'lr sgd(rate: {{A: 1, B: 2}}, name: "{long}", f([2])) by x') == (
        f'  lr          sgd(\n    rate: {{A: 1, B: 2}},\n    name: "{long}",\n    f([2]),\n  ) by x\n'
    )


def test_inner_brackets_open_up_only_where_they_must():
    long = '"' + "x" * 90 + '"'
    assert body(f"lr f([1, 2], [{long}, 1])") == (
        f"  lr          f(\n    [1, 2],\n    [\n      {long},\n      1,\n    ],\n  )\n"
    )


def test_parentheses_take_no_comma():
    long = "x" * 99
    assert body(f"lr ({long})") == f"  lr          (\n    {long}\n  )\n"


def test_comments_in_brackets_stay_with_their_items():
    assert body(
        "a [ # open\n1, # one\n\n# own\n2 # two\n, # more\n3 + # in\n 4\n# last\n] # close\n\nb f(# empty\n)"
    ) == (
        "  a           [  # open\n"
        "    1,  # one\n"
        "    # own\n"
        "    2,  # two\n"
        "    # more\n"
        "    # in\n"
        "    3 + 4,\n"
        "    # last\n"
        "  ]  # close\n"
        "\n"
        "  b           f(  # empty\n"
        "  )\n"
    )


WORDS = st.sampled_from(
    [
        "a",
        "b.c",
        "F3+",
        "by",
        "from",
        "x2",
        "1",
        "0_7.50",
        "1E+3",
        "5k  steps",
        "224 px",
        "8x8",
        '"s # \\n"',
        "by+",
    ]
)
SPACE = st.sampled_from(["", " ", "\t ", "\n", "\n\n", " # c\n", "#d\n  #e\r\n"])
LINE_END = st.sampled_from(["\n", "\r\n", "\n\n\n", " # c\n", "#d\n\n  #e\n"])


def compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Returns texts of values made of other values, spaced in any way."""
    several = st.lists(st.builds(lambda *parts: "".join(parts), SPACE, inner, SPACE), min_size=1, max_size=4)
    comma = st.sampled_from(["", ",", ", # c\n"])
    return st.one_of(
        st.builds(lambda items, end: f"[{','.join(items)}{end}]", several, comma),
        st.builds(
            lambda items, end: "{" + ",".join(f"L{n}+ :{item}" for n, item in enumerate(items)) + end + "}",
            several,
            comma,
        ),
        st.builds(
            lambda name, items, end: f"{name}({',x:'.join(items)}{end})", st.sampled_from(["f", "f+ "]), several, comma
        ),
        st.builds(
            lambda left, sign, right: f"({left}{sign}{right})",
            inner,
            st.sampled_from(["+", "- ", "*", " / ", " + "]),
            inner,
        ),
        st.builds(lambda first, last: f"({first} ..{last} by  +2)", inner, inner),
        st.builds(lambda item, space: f"({space}- {item})", inner, SPACE),
    )


VALUES = st.recursive(WORDS, compound, max_leaves=30)
PHRASES = st.lists(st.one_of(WORDS, VALUES), min_size=1, max_size=4).map("  ".join)
NAMES = st.sampled_from(["lr", "depth", "optimizer.weight_decay", "bottleneck_rounding"])
SETTINGS = st.builds(lambda name, phrase, end: f"{name} {phrase}{end}", NAMES, PHRASES, LINE_END)
BLOCKS = st.builds(
    lambda parent, start, settings, end: f"model  m {parent}{{{start}{''.join(settings)}}}{end}",
    st.sampled_from(["", "from n"]),
    st.sampled_from(["", "\n", " # head\n", "\n# own\n\n"]),
    st.lists(SETTINGS, max_size=4),
    st.one_of(LINE_END, st.just(" ")),
)
FILES = st.builds(
    lambda start, blocks: start + "".join(blocks),
    st.sampled_from(["", "\n", "# top\n\n", '"""Doc\n\r\n  # no comment """ # c\n', '"doc"']),
    st.lists(BLOCKS, max_size=3),
)


def comments(text: str) -> Counter[str]:
    """Returns the comments of a text of `FILES`: there, those with a letter."""
    return Counter(re.findall(r"#\s*([a-e]|head|own|top)\s*$", text, re.MULTILINE))


@settings(deadline=None)
@given(FILES)
def test_formatting_keeps_meaning_and_comments_and_is_done_once(text: str):
    before = parse(Source("a.nfx", text))
    result = formatted(Source("a.nfx", text))
    assert (result is None) == bool(before.diagnostics)
    if result is not None:
        assert same_meaning(before.file, parse(Source("a.nfx", result)).file)
        assert fmt(result) == result
        assert comments(result) == comments(text)
        assert "\r" not in result
        assert not re.search(r"[ \t]$|\n\n\n|\A\n|\n\n\Z", result.replace("  # no comment", ""), re.MULTILINE)


def mutations(text: str) -> st.SearchStrategy[str]:
    """Returns a text with a few of its characters gone, doubled, moved or replaced."""
    at = st.integers(0, len(text))
    piece = st.one_of(
        at.map(lambda start: text[start : start + 9]), st.sampled_from([*'\n\r\t #",+-()[]{}', "", "by", "1"])
    )
    edit = st.tuples(at, st.integers(0, 5), piece)
    return st.lists(edit, min_size=1, max_size=4).map(lambda edits: edited(text, edits))


def edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for start, length, piece in edits:
        text = text[:start] + piece + text[start + length :]
    return text


@settings(deadline=None)
@given(st.data())
def test_a_damaged_spec_is_formatted_or_left_alone(example: str, data: st.DataObject):
    text = data.draw(mutations(example))
    result = formatted(Source("a.nfx", text))
    if result is not None:
        assert same_meaning(parse(Source("a.nfx", text)).file, parse(Source("a.nfx", result)).file)
        assert fmt(result) == result
