"""Which architecture a model block describes, and what is said where that is in doubt."""

import pytest

from nfdsl.catalogue import prelude
from nfdsl.check.spec import study_of
from nfdsl.diagnostics import Diagnostic
from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import NFNet
from nfdsl.schema.vit import ViT
from nfdsl.source import Source

VIT = "family vit\n depth 2\n width 64\n mlp 128\n heads 4\n patch 16px\n"


def models(text: str) -> list[object]:
    study, diagnostics = study_of(Source("a.nfx", text + prelude()))
    assert study is not None, diagnostics
    return [point.value for point in study.blocks["m"].points]


def problems(text: str) -> list[Diagnostic]:
    return study_of(Source("a.nfx", text + prelude()))[1]


def test_without_a_family_a_model_is_an_nfnet():
    assert models("model m {\n depth [1]\n width [8]\n}\n") == [NFNet((1,), (8,))]


def test_each_family_has_settings_of_its_own():
    assert models(f"model m {{\n {VIT}}}\n") == [ViT(depth=2, width=64, mlp=128, heads=4, patch=16)]
    assert models("model m {\n family bit\n depth [1]\n width [128]\n}\n") == [BiT((1,), (128,))]


def test_a_hybrid_is_a_transformer_with_a_backbone():
    (model,) = models(f"model m {{\n {VIT} backbone resnet\n}}\n")
    assert model == ViT(depth=2, width=64, mlp=128, heads=4, patch=16, backbone=ResNet())


def test_a_child_is_of_its_parent_s_family():
    (small, large) = models(f"model v {{\n {VIT}}}\nmodel m from v {{\n depth {{2, 4}}\n}}\n")
    assert isinstance(small, ViT)
    assert isinstance(large, ViT)
    assert (small.depth, large.depth) == (2, 4)


@pytest.mark.parametrize("wrong", ["famly", "familiy", "amily"])
def test_a_misspelt_family_is_all_that_is_said(wrong: str):
    (found,) = problems(f"model m {{\n {VIT.replace('family', wrong)}}}\n")
    assert (found.code, found.primary.span.text) == ("unknown-setting", wrong)
    assert found.help == "did you mean `family`?"


def test_settings_of_another_family_are_named_together():
    (found,) = problems("model m from net {\n heads 4\n patch 8px\n}\n")
    assert found.code == "other-family"
    assert found.headline == "`heads` is a setting of the family `vit`, and no family is set, which means `nfnet`"
    assert [label.span.text for label in found.secondary] == ["patch"]
    assert found.help == "write `family vit`, or leave `heads` out"
