"""Undoes what timm computes otherwise than the code that the weights it ports were published with."""

import torch
from timm.layers import ScaledStdConv2d, ScaledStdConv2dSame


def use_the_tanh_approximation() -> None:
    """Makes PyTorch compute every GELU by its tanh approximation, whatever a module asks for."""
    gelu = torch.nn.functional.gelu
    torch.nn.functional.gelu = lambda x, approximate="": gelu(x, approximate="tanh")


def standardize_exactly(model: torch.nn.Module) -> None:
    """Takes away the 1e-5 that timm adds to variances of an NFNet's weights, where DeepMind's code only bounds them."""
    for module in model.modules():
        if isinstance(module, ScaledStdConv2d | ScaledStdConv2dSame):
            module.eps = 1e-12
