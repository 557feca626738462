"""What follows from the settings of a model."""

import pytest

from nfdsl.schema.bit import BiT, ResNet
from nfdsl.schema.model import Model, NFNet, fine_tuned
from nfdsl.schema.vit import ViT

B16 = ViT(depth=12, width=768, mlp=3072, heads=12, patch=16, representation=768)


def test_fine_tuning_leaves_out_the_layer_before_the_classifier_and_nothing_else():
    assert fine_tuned(B16) == ViT(depth=12, width=768, mlp=3072, heads=12, patch=16)
    convolutional = NFNet((1,), (8,))
    assert fine_tuned(convolutional) is convolutional


@pytest.mark.parametrize(
    ("model", "stride"),
    [(NFNet((1, 1, 1, 1), (8, 8, 8, 8)), 32), (BiT((1, 1), (128, 256)), 8), (B16, 16)],
)
def test_strides(model: Model, stride: int):
    assert model.stride == stride


def test_a_patch_on_a_backbone_is_of_its_cells():
    hybrid = ViT(depth=1, width=8, mlp=8, heads=1, patch=32, backbone=ResNet())
    assert (hybrid.patch_cells, hybrid.patch_channels, hybrid.grid(384)) == (2, 1024, 12)
    assert (B16.patch_cells, B16.patch_channels, B16.grid(224)) == (16, 3, 14)
