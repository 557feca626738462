"""The reference study as text, and what every mistake in a setting is tested for."""

import re
from collections.abc import Callable

import pytest

from nfdsl.source import Source, Span
from nfdsl.syntax import ast
from nfdsl.syntax.parse import Parsed, parse

EXAMPLE = '''\
"""Figures 1-3 of 'ConvNets Match Vision Transformers at Scale' (arXiv:2310.16764)."""

data jft {
  source      array_record("/data/jft-4b/*.array_record")
  classes     30_000
  holdout     130k images
  dedup       against imagenet            # near-duplicates of anything in imagenet are never trained on
}

data imagenet {
  source      array_record("/data/imagenet-2012/*.array_record")
  classes     1_000
}

hardware pod {
  device      tpu_v4
  topology    8x8x8
}

model nfnet {
  depth       [1, 2, 6, 3] * {F0: 1, F1: 2, F3: 4, F7: 8}
  width       [256, 512, 1536, 1536]
}

model nfnet_wide from nfnet {
  depth       [1, 2, 6, 3] * {F3+: 4, F7+: 8}
  width       [384, 768, 2048, 2048]
}

pretrain scaling {
  model       {nfnet, nfnet_wide}
  data        jft
  hardware    pod
  budget      0.25 .. 8 epochs by x2
  batch       4096 images
  resolution  train 224px, eval 256px
  optimizer   sgd(momentum: 0.9, nesterov: true, weight_decay: 1e-6)
  clip        agc(0.01)
  schedule    cosine(warmup: 5k steps)
  lr          tune 0.1 .. 3.2 by x2 minimizing holdout.loss using monotone(trials: 2)
  sampling    exactly_once(seed: 0)
}

finetune imagenet_50 {
  start       scaling best 2 per model by holdout.loss
  data        imagenet
  budget      50 epochs
  batch       2048 images
  resolution  train 384px, eval 480px
  optimizer   sgd(momentum: 0.9, nesterov: true, weight_decay: 1e-5)
  lr          0.1
  schedule    cosine(warmup: 5k steps)
  sam         rho 0.05
  stochastic_depth 0.1
  dropout     0.25
  augment     repeat {1, 4}
  average     ema(0.9999)
}

report paper {
  figure      loss_vs_compute of scaling      fit power_law
  figure      optimal_lr of scaling
  figure      error_vs_compute of imagenet_50
}
'''

BEFORE = "model a {\n  first 1\n  "
AFTER = "\n  last 2\n}\n\ndata b {\n  classes 10\n}\n"


@pytest.fixture(scope="session")
def example() -> str:
    """Returns a spec in which everything is right."""
    return EXAMPLE


@pytest.fixture
def expect() -> Callable[[str, str, str | None], None]:
    """Returns a function that asserts what is found in a setting among good ones.

    It takes the setting with the place to mend between « and », the code of the one diagnostic
    expected, and the setting as its fix should leave it, or None if it should offer none.
    """
    return _expect


def _expect(marked: str, code: str, fixed: str | None) -> None:
    start, end = len(BEFORE) + marked.index("«"), len(BEFORE) + marked.index("»") - 1
    source = Source("a.nfx", BEFORE + re.sub("[«»]", "", marked) + AFTER)
    parsed = parse(source)
    (diagnostic,) = parsed.diagnostics
    assert (diagnostic.code, diagnostic.primary.span) == (code, Span(source, start, end))
    assert diagnostic.help
    assert _names(parsed) == {"a": ["first", "last"], "b": ["classes"]}
    fix = diagnostic.fix
    text = None if fix is None else source.text[: fix.span.start] + fix.replacement + source.text[fix.span.end :]
    assert text == (None if fixed is None else BEFORE + fixed + AFTER)
    if text is not None:
        assert not parse(Source("a.nfx", text)).diagnostics, "the fix mends it"


def _names(parsed: Parsed) -> dict[str, list[str]]:
    return {block.name.text: [setting.name.text for setting in readable(block)] for block in parsed.file.blocks}


def readable(block: ast.Block) -> list[ast.Setting]:
    return [setting for setting in block.settings if not isinstance(setting.value, ast.Unreadable)]
