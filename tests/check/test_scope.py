"""Blocks by name, and what is in force in each."""

from nfdsl.check.scope import Definition, scope
from nfdsl.source import Source
from nfdsl.syntax.parse import parse


def definitions(text: str) -> tuple[dict[str, Definition], list[str]]:
    found, diagnostics = scope(parse(Source("a.nfx", text)).file, [])
    return found.definitions, [diagnostic.code for diagnostic in diagnostics]


def in_force(definition: Definition) -> dict[str, str]:
    return {name: lines[0].span.text for name, lines in definition.settings.items()}


def test_a_child_has_what_it_does_not_say_from_its_parent():
    found, codes = definitions("model b from a { width [3] }\nmodel a { depth [1]\n width [2] }\n")
    assert not codes
    assert in_force(found["b"]) == {"depth": "depth [1]", "width": "width [3]"}
    assert [found["b"].origin(lines[0]) for lines in found["b"].settings.values()] == [" (inherited from `a`)", ""]
    assert list(found) == ["a", "b"], "parents first"


def test_a_word_replaced_as_a_whole_takes_its_overrides_along():
    parent = "pretrain a { optimizer.momentum 0.5 }\n"
    found, _ = definitions(parent + "pretrain b from a { optimizer sgd }\npretrain c from a { lr 1 }\n")
    assert in_force(found["b"]) == {"optimizer": "optimizer sgd"}
    assert set(in_force(found["c"])) == {"optimizer.momentum", "lr"}


def test_the_line_that_says_an_argument():
    found, _ = definitions("pretrain a { optimizer sgd(0.5)\n optimizer.weight_decay 1 }\n")
    lines = [found["a"].line(path) for path in ("optimizer.weight_decay", "optimizer.momentum", "lr")]
    assert [line and line.span.text for line in lines] == ["optimizer.weight_decay 1", "optimizer sgd(0.5)", None]


def test_what_a_parent_should_not_have_is_not_inherited():
    found, _ = definitions("model a { depht [1] }\nmodel b from a { }\n")
    assert in_force(found["b"]) == {}


def test_blocks_and_values_share_their_names():
    assert definitions("model a { }\nlet a 3\nlet b.c 3\ndata a { }\n")[1] == [
        "defined-twice",
        "defined-twice",
        "dotted-name",
    ]


def test_generations_are_counted():
    chain = "model m0 { }\n" + "".join(f"model m{n + 1} from m{n} {{ }}\n" for n in range(100))
    assert definitions(chain)[1] == ["nesting-too-deep"]


def test_a_circle_of_parents_ends():
    assert definitions("model a from b { }\nmodel b from a { }\n")[1] == ["inheritance-cycle"]
