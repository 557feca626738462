"""What is said of the word under the pointer."""

from collections.abc import Callable

import pytest

from nfdsl.editor.document import Document
from nfdsl.editor.hover import hover
from nfdsl.source import Source

At = Callable[[str], tuple[Document, int]]


@pytest.fixture
def said(study: str) -> Callable[..., str]:
    """Returns a function from a part of the study with a cursor to what is said there."""

    def said(marked: str, *, put: str = "") -> str:
        assert study.count(marked.replace("|", "")) == 1
        text = study.replace(marked.replace("|", ""), marked.replace("|", put))
        offset = text.index(marked.replace("|", put)) + marked.index("|")
        found = hover(Document(Source("spec.nfx", text)), offset)
        return found.markdown if found else ""

    return said


def test_a_setting_says_value_meaning_form_and_source(said: Callable[..., str]):
    assert said("|batch 50 images") == (
        "```nfx\nbatch 50 images\n```\n\nimages in a step, over all devices\n\n"
        "a whole number of images; at least 1; required"
    )
    assert "*Table 1*" in said("|width [16, 32")
    assert "schedule.warmup 20 steps" in said("war|mup")


def test_a_grid_says_each_of_its_values(said: Callable[..., str]):
    assert "depth \n  S: [1, 1, 2, 1]\n  M: [2, 2, 4, 2]\n" in said("dep|th")
    assert "lr.over [0.1, 0.2, 0.4]" in said("0.1 |..")


def test_a_value_says_the_setting_it_is_for(said: Callable[..., str]):
    assert said("[16, |32").startswith("```nfx\nwidth [16, 32, 64, 64]")


def test_an_overriding_setting_says_what_it_overrides(said: Callable[..., str]):
    assert said("wi|dth [32").endswith("instead of `[16, 32, 64, 64]` (line 9)")


def test_a_wrong_value_has_a_meaning_still(said: Callable[..., str]):
    text = said("|schedule cosine(")
    assert text.startswith("```nfx\nschedule cosine(warmup: 20 steps)")
    assert said("hol|dout 500 images", put="").startswith("```nfx\nholdout 500 images")


def test_a_block_says_every_setting_and_its_origin(said: Callable[..., str]):
    text = said("model |wide")
    assert "| depth | `S: [1, 1, 2, 1], M: [2, 2, 4, 2]` | inherited, line 8 |" in text
    assert "| width | `[32, 64, 128, 128]` | line 14 |" in text
    assert "| activation | `gelu` | default |" in text


def test_a_training_block_says_what_it_costs(said: Callable[..., str]):
    text = said("pretrain |base")
    assert "12 runs in 4 cells of 4 programs; " in text
    assert "training FLOPs" in text
    assert "tuning tries 8 of them where optima fall slowly" in text
    assert "core-hours" not in text, "the peak of a cpu is not known"


def test_a_model_says_what_its_networks_cost(said: Callable[..., str]):
    rows = [line for line in said("model |net {").splitlines() if "`base`" in line]
    assert [row.split(" | ")[0] for row in rows] == ["| net, S", "| net, M"]


def test_a_model_nobody_trains_is_costed_on_imagenet(at: At):
    found = hover(*at("model |net {\n  depth [1, 2, 6, 3]\n  width [256, 512, 1536, 1536]\n}\n"))
    assert found is not None
    assert "| net | 71,489,284 | " in found.markdown
    assert "| 224px, 1,000 classes |" in found.markdown


def test_costs_are_known_where_another_block_is_wrong(study: str, at: At):
    found = hover(*at(study.replace("pretrain base", "pretrain |base") + "pretrain other {\n  batch many\n}\n"))
    assert found is not None
    assert "12 runs" in found.markdown


def test_what_is_not_set_is_said(at: At):
    found = hover(*at("model |net {\n  depth [1, x]\n}\n"))
    assert found is not None
    assert "| depth | `?` | line 2 |" in found.markdown
    assert "| width | `?` | not set |" in found.markdown


@pytest.mark.parametrize(
    ("marked", "start"),
    [
        ("cos|ine", "Linear warm-up from 0 to the peak, then half a cosine down to 0."),
        ("pre|train", "**pretrain**: Training from random weights."),
        ("mnist|_5k", "`mnist_5k`\n\n`source.name`: which"),
        ("20 st|eps", "`20 steps` = 20 steps\n\n`steps`: steps of the optimizer"),
    ],
)
def test_a_word_says_what_it_means(said: Callable[..., str], marked: str, start: str):
    assert said(marked).startswith(start)


def test_units_say_what_they_come_to(at: At):
    found = hover(*at("pretrain p {\n  schedule cosine(warmup: 1.5k st|eps)\n}\n"))
    assert found is not None
    assert found.markdown.startswith("`1.5k steps` = 1,500 steps")


@pytest.mark.parametrize(
    "text", ["|", "# com|ment\n", "data d {\n|\n}\n", "data d { unknown 1| }", "data d { source 1 } |"]
)
def test_nothing_is_said_of_nothing(at: At, text: str):
    assert hover(*at(text)) is None


def test_a_named_value_says_its_value(at: At):
    found = hover(*at("let peaks 0.1 .. 0.4 by x2\npretrain p {\n  lr tune pea|ks\n}\n"))
    assert found is not None
    assert found.markdown == "```nfx\nlet peaks 0.1 .. 0.4 by x2\n```"


def test_a_setting_with_a_named_value_says_what_it_comes_to(at: At):
    found = hover(*at("let warm 5k steps\npretrain p {\n  sche|dule cosine(warmup: warm * 2)\n}\n"))
    assert found is not None
    assert found.markdown.startswith("```nfx\nschedule cosine(warmup: 10_000 steps)\n```")


def test_an_overridden_argument_is_a_setting_like_others(study: str, at: At):
    text = study + "pretrain q from base {\n  schedule.war|mup 5 steps\n}\n"
    found = hover(*at(text))
    assert found is not None
    assert found.markdown.startswith("```nfx\nschedule.warmup 5 steps\n```\n\nlength of the warm-up")
    block = hover(*at(text.replace("|", "").replace("pretrain q", "pretrain |q")))
    assert block is not None
    assert "| schedule | `cosine(warmup: 5 steps)` | line 31 |" in block.markdown
