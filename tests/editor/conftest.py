"""Specs with a cursor in them."""

from collections.abc import Callable

import pytest

from nfdsl.editor.document import Document
from nfdsl.source import Source

STUDY = """\
data mnist {
  source builtin(mnist_5k)
  classes 10
  holdout 500 images
}

model net {
  depth [1, 1, 2, 1] * {S: 1, M: 2}
  width [16, 32, 64, 64]
  group_width 8
}

model wide from net {
  width [32, 64, 128, 128]
}

pretrain base {
  model {net, wide}
  data mnist
  budget 2 epochs
  batch 50 images
  resolution train 32px, eval 32px
  schedule cosine(warmup: 20 steps)
  lr tune 0.1 .. 0.4 by x2 using monotone(trials: 2)
}

report paper {
  figure loss_vs_compute of base fit power_law
}
"""


@pytest.fixture(scope="session")
def study() -> str:
    """Returns a spec in which everything is right."""
    return STUDY


@pytest.fixture
def at() -> Callable[[str], tuple[Document, int]]:
    """Returns a function from a text with a cursor, written ``|``, to its document and the cursor's offset."""
    return _at


def _at(text: str) -> tuple[Document, int]:
    return Document(Source("spec.nfx", text.replace("|", "", 1))), text.index("|")
