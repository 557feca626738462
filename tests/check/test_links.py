"""Rules between blocks."""

from collections.abc import Callable

import pytest

from nfdsl.diagnostics import Diagnostic

FINETUNE = "finetune f {\n start %s\n data mnist\n budget 1 epochs\n batch 50 images\n resolution %s\n lr 0.1\n}\n"


def test_fine_tuning_heeds_the_stride_of_the_networks_it_starts_from(wrong: Callable[..., Diagnostic]):
    found = wrong(FINETUNE % ("base", "train 32px, eval 4px"))
    assert (found.code, found.primary.text) == ("resolution-too-small", "resolution.eval = 4px")


def test_the_best_must_be_measured_on_something(wrong: Callable[..., Diagnostic]):
    text = "data whole { source builtin(digits)\n classes 10 }\npretrain p from base { data whole }\n"
    found = wrong(text + FINETUNE % ("p", "train 32px, eval 32px"))
    assert (found.code, found.primary.span.text) == ("nothing-held-out", "start p")
    assert [label.text for label in found.secondary] == [
        "data = images of which none are held out",
        "holdout = 0 images (default)",
    ]


@pytest.mark.parametrize(("figure", "of"), [("error_vs_compute", "base"), ("optimal_lr", "f")])
def test_figures_draw_runs_of_their_kind(wrong: Callable[..., Diagnostic], figure: str, of: str):
    text = FINETUNE % ("base", "train 32px, eval 32px")
    assert wrong(f"{text}report r {{ figure {figure} of {of} }}\n").code == "figure-of-wrong-block"


def test_more_starts_than_networks(planning: Callable[[str], Diagnostic]):
    found = planning(FINETUNE % ("base best 3", "train 32px, eval 32px"))
    assert (found.code, found.primary.span.text) == ("too-few-candidates", "start base best 3")
    assert "write `best 1`" in found.help


def test_seeds_are_no_networks_of_their_own(planning: Callable[[str], Diagnostic]):
    text = "pretrain seeded from base { seed {1, 2, 3} }\n"
    found = planning(text + FINETUNE % ("seeded best 2", "train 32px, eval 32px"))
    assert (found.code, found.headline) == (
        "too-few-candidates",
        "`seeded` tunes 1 network for net, of which the best 2 cannot be taken",
    )
