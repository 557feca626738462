"""What a run came to: `result.json`, whose existence says that the run is complete."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from runtime.durable import write_atomically
from runtime.versions import versions


@dataclass(frozen=True)
class Best:
    """The best weights of a run that keeps them: after how many steps, and what they are worth."""

    step: int
    holdout_loss: float | None
    top1: float | None
    top5: float | None


@dataclass(frozen=True)
class Result:
    """The end of one run. Measurements are None where there is none, as after divergence."""

    state: Literal["done", "diverged"]
    step: int  # steps done; less than `steps` where the run diverged
    steps: int
    train_loss: float | None  # mean over the last tenth of metrics.jsonl
    holdout_loss: float | None
    top1: float | None  # share in [0, 1]
    top5: float | None
    examples_evaluated: int
    seconds: float  # spent in training steps and evaluation, continued attempts counted in
    images_per_second: float | None  # in training
    reassessed_top1: float | None = None  # share in [0, 1], where the data has reassessed labels
    few_shot: dict[str, float] | None = None  # accuracies in [0, 1] by shots, where the recipe has such a probe
    best: Best | None = None  # where the recipe keeps them; all else here is of the last weights


def write_result(path: Path, result: Result) -> None:
    """Completes the run: replaces `path` as a whole, on the disk once this returns.

    Beside the result it says what trained it: versions of packages, and the commit where this is a checkout.
    """
    content = {**asdict(result), "versions": versions()}
    write_atomically(path, json.dumps(content, allow_nan=False, indent=1) + "\n")


def read_result(path: Path) -> Result | None:
    """Returns the result at `path`; None where the run is not complete. Older ones lack later kinds of measurement."""
    if not path.exists():
        return None
    content = json.loads(path.read_bytes())
    if content.get("best") is not None:
        content["best"] = Best(**content["best"])
    return Result(**{field.name: content[field.name] for field in fields(Result) if field.name in content})
