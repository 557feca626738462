"""A plan for a slice of TPUs, and what is known of its programs."""

from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.plan import Plan, plan
from nfdsl.source import Source

SPEC = """
data digits {{
  source   builtin(digits)
  classes  10
  holdout  97 images
}}

hardware pod {{
  device    {device}
  topology  2x2x1
}}

model net {{
  depth  [1] * {{small: 1, large: 2}}
  width  [256]
}}

pretrain scaling {{
  model       net
  data        digits
  hardware    pod
  budget      {{1 epochs, 2 epochs}}
  batch       {batch} images
  resolution  train 32px, eval 32px
  lr          {{0.1, 0.2}}
}}
"""

REPORT = {
    "devices": 4,
    "shards": 4,
    "gather": "step",
    "remat": "none",
    "precision": "bfloat16",
    "why": "",
    "arguments": 2**30,
    "temporaries": 2**31,
    "matrix": 0.01,
    "memory": 0.02,
    "optimizer": 0.005,
    "collectives": 0.015,
    "collective_bytes": {"all-gather": 100},
    "compile_seconds": 3.0,
    "jax": "0.10",
    "libtpu": "0.0.1",
}


@pytest.fixture
def planned():
    """Returns the plan of the spec on a device, with a batch."""

    def planned(device: str = "tpu_v4", batch: int = 64) -> Plan:
        text = SPEC.format(device=device, batch=batch)
        study, diagnostics = study_of(Source(Path("study.nfx"), text), [])
        assert study is not None, diagnostics
        found, diagnostics = plan(study, "study")
        assert found is not None, diagnostics
        return found

    return planned


@pytest.fixture
def report():
    return dict(REPORT)
