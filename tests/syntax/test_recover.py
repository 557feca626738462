"""What is kept of a broken spec, and that each mistake in it is found."""

from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.grammar import tokenize
from nfdsl.syntax.parse import parse
from nfdsl.syntax.recover import Recovered, recover

BROKEN = '''\
"""About."""

data d {
  classes: 10
  holdout 1k images
  source folder("x)
}

model m {
  depth [1, 2
  width [1, 2]
  group_width

pretrain p {
  budget 1 .. 8
  batch 32 images
  lr {0.1, 0.2
}

report "r" {
  figure loss_vs_compute of p,
}

stray 1
report s { figure optimal_lr of p }
'''

# Whether the value of each setting could be read.
READ = {
    "d": {"classes": False, "holdout": True, "source": False},
    "m": {"depth": False, "width": True, "group_width": False},
    "p": {"budget": False, "batch": True, "lr": False},
    "s": {"figure": True},
}


def test_every_mistake_is_found_and_the_rest_is_kept():
    recovered = recover(source := Source("a.nfx", BROKEN), tokenize(BROKEN))
    file, diagnostics = recovered.file, recovered.diagnostics
    assert [
        (found.primary.span.source.position(found.primary.span.start).line, found.code) for found in diagnostics
    ] == [
        (4, "setting-separator"),
        (6, "unterminated-string"),
        (10, "unclosed-bracket"),
        (12, "missing-value"),
        (12, "unclosed-block"),
        (15, "range-without-step"),
        (17, "unclosed-bracket"),
        (20, "quoted-block-name"),
        (21, "stray-comma"),
        (24, "outside-block"),
    ]
    read = {
        block.name.text: {
            setting.name.text: not isinstance(setting.value, ast.Unreadable) for setting in block.settings
        }
        for block in file.blocks
    }
    assert read == READ
    assert recovered.every_block is False
    assert file.docstring is not None
    assert (file.docstring.text, file.span.text) == ("About.", BROKEN)
    assert [block.span.source is source and block.span.text.split("\n")[-1] for block in file.blocks] == [
        "}",
        "  group_width",
        "}",
        "report s { figure optimal_lr of p }",
    ]


def test_a_correct_spec_is_read_as_the_grammar_reads_it(example: str):
    source = Source("a.nfx", example)
    assert recover(source, tokenize(example)) == Recovered(parse(source).file, (), every_block=True)


def test_each_setting_may_break_without_loss_to_the_others(example: str):
    whole = settings(example)
    assert len(whole) == 39
    for number, setting in enumerate(whole):
        broken = example[: setting.name.span.end] + " =" + example[setting.name.span.end :]
        assert [found.code for found in parse(Source("a.nfx", broken)).diagnostics] == ["setting-separator"]
        expected = [other.span.text for other in whole[:number] + whole[number + 1 :]]
        assert [other.span.text for other in settings(broken)] == expected


def settings(text: str) -> list[ast.Setting]:
    blocks = parse(Source("a.nfx", text)).file.blocks
    return [each for block in blocks for each in block.settings if not isinstance(each.value, ast.Unreadable)]
