"""Two specs to be compared: a base, and the base with some of its text replaced."""

from collections.abc import Callable

import pytest

from nfdsl.check.spec import study_of
from nfdsl.diff.runs import Planned
from nfdsl.plan import plan
from nfdsl.source import Source

BASE = """\
data mnist {
  source      builtin(mnist_5k)
  classes     10
  holdout     500 images
}

model net {
  depth       [1, 1] * {S: 1, M: 2}
  width       [16, 32]
}

pretrain base {
  model       net
  data        mnist
  budget      1 .. 2 epochs by x2
  batch       50 images
  resolution  train 32px, eval 32px
  optimizer   sgd(momentum: 0.8)
  lr          tune {0.1, 0.2}
}

pretrain decayed from base {
  optimizer   sgd(weight_decay: 1e-5)
}

finetune tuned {
  start       base best 1 by holdout.loss
  data        mnist
  budget      1 epochs
  batch       50 images
  resolution  train 32px, eval 32px
  lr          0.1
}

report r {
  figure      optimal_lr of base
  figure      loss_vs_compute of base
}
"""


@pytest.fixture(scope="session")
def base() -> str:
    return BASE


@pytest.fixture(scope="session")
def changed() -> Callable[..., Planned]:
    """Returns a function that plans the base with the first of each pair of texts replaced by the second."""

    def changed(*replacements: tuple[str, str]) -> Planned:
        text = BASE
        for old, new in replacements:
            assert old in text
            text = text.replace(old, new, 1)
        study, diagnostics = study_of(Source("b.nfx", text))
        assert study is not None, diagnostics
        planned, diagnostics = plan(study, "b")
        assert planned is not None, diagnostics
        return Planned(study, planned)

    return changed
