"""What a run came to: `result.json`, and the metric it is judged by."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from nfdsl.schema.evaluation import Metric, metric
from nfdsl.study.fields import Fields, Malformed, parse
from nfdsl.study.lists import numbers_by_name, texts_by_name


@dataclass(frozen=True)
class Best:
    """The best weights of a run that keeps them, after `step` steps."""

    step: int
    holdout_loss: float | None
    top1: float | None  # share in [0, 1]


@dataclass(frozen=True)
class Result:
    """The end of one run. Measurements are None where there is none, as after divergence."""

    state: Literal["done", "diverged"]
    step: int  # reached; less than `steps` where the run diverged
    steps: int
    train_loss: float | None
    holdout_loss: float | None
    top1: float | None  # share in [0, 1]
    top5: float | None
    examples_evaluated: int
    seconds: float
    images_per_second: float | None
    # Of what trained it, and its commit; empty where an older one did not tell.
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    best: Best | None = None  # all else is of the last weights
    # Top-1 that is not of the labels or the classifier, in [0, 1]: "reassessed" (ReaL), "5-shot" of a probe.
    accuracies: Mapping[str, float] = field(default_factory=dict[str, float])


def parse_result(text: str | bytes) -> Result:
    """Returns the `Result` that `result.json` holds. Raises `Malformed`."""
    fields = parse(text)
    return Result(
        state=_state(fields),
        step=fields.whole("step"),
        steps=fields.whole("steps"),
        train_loss=fields.measurement("train_loss"),
        holdout_loss=fields.measurement("holdout_loss"),
        top1=fields.measurement("top1"),
        top5=fields.measurement("top5"),
        examples_evaluated=fields.whole("examples_evaluated"),
        seconds=fields.number("seconds"),
        images_per_second=fields.measurement("images_per_second"),
        versions=texts_by_name(fields, "versions") if "versions" in fields.values else {},
        best=_best(fields.part("best")) if fields.values.get("best") is not None else None,
        accuracies=_accuracies(fields),
    )


def measured(result: Result, by: Metric) -> float | None:
    """Returns the metric of the last weights, less of which is better; None where the run diverged or was not
    evaluated."""
    return None if result.state == "diverged" else metric(by, result.holdout_loss, result.top1)


def measured_kept(result: Result, by: Metric) -> float | None:
    """Returns what `measured` does, of the weights that a fine-tune begins from: the best where the run keeps them."""
    best = result.best
    return measured(result, by) if best is None else metric(by, best.holdout_loss, best.top1)


def _best(fields: Fields) -> Best:
    return Best(fields.whole("step"), fields.measurement("holdout_loss"), fields.measurement("top1"))


def _accuracies(fields: Fields) -> dict[str, float]:
    is_reassessed = fields.values.get("reassessed_top1") is not None
    reassessed = {"reassessed": fields.number("reassessed_top1")} if is_reassessed else {}
    shots = numbers_by_name(fields, "few_shot") if fields.values.get("few_shot") is not None else {}
    return reassessed | {f"{count}-shot": accuracy for count, accuracy in shots.items()}


def _state(fields: Fields) -> Literal["done", "diverged"]:
    match fields.text("state"):
        case "done":
            return "done"
        case "diverged":
            return "diverged"
        case other:
            raise Malformed(f'"state" should be "done" or "diverged", not {other!r}')
