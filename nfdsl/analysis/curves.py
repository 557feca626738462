"""How the runs of a figure belong together, and what they have cost from random weights on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfdsl.analysis.numerals import chosen
from nfdsl.analysis.replicates import Replicated
from nfdsl.study.records import Record


@dataclass(frozen=True)
class Curve:
    """Runs of one model that differ in budget, start and tuned learning rate alone, in increasing compute."""

    model: str
    variant: str  # what tells curves of one model apart, "augment.repeat 4"; empty where nothing does
    records: tuple[Replicated, ...]

    @property
    def name(self) -> str:
        return f"{self.model}, {self.variant}" if self.variant else self.model


@dataclass(frozen=True)
class Cost:
    """Compute spent on a network: all gradients, those of SAM's ascent steps too."""

    flops: float
    core_hours: float | None


# What moves along a curve rather than from one curve to another: with tuned learning rates, they do too.
_ALONG_A_CURVE = frozenset({"budget", "start"})


def curves(records: Sequence[Replicated]) -> tuple[Curve, ...]:
    """Returns tuned runs as curves: smaller models first, variants of a model in their first order.

    Learning rates that are kept, and not tuned, are variants.
    """
    axes = _variant_axes(records)
    grouped: dict[tuple[int, str, str], list[Replicated]] = {}
    for record in records:
        variant = ", ".join(f"{axis} {record.labels[axis]}" for axis in axes if axis in record.labels)
        grouped.setdefault((record.params, record.model, variant), []).append(record)
    ordered = sorted(grouped.items(), key=lambda entry: entry[0][:2])  # stable: variants keep their order
    return tuple(
        Curve(model, variant, tuple(sorted(members, key=lambda record: record.train_flops)))
        for (_, model, variant), members in ordered
    )


def rates_kept(records: Sequence[Replicated]) -> bool:
    """Returns whether tuned runs are alike but for their learning rates: then each is kept, and none was chosen."""
    others = [
        frozenset((axis, choice) for axis, choice in record.labels.items() if axis != "lr")
        for record in records
        if "lr" in record.labels
    ]
    return len(set(others)) < len(others)


def described(record: Record) -> str:
    """Returns a run in words: ``S, augment.repeat 4, 2 epochs at learning rate 0.4``."""
    others = [f"{axis} {choice}" for axis, choice in record.labels.items() if axis not in ("model", "budget", "lr")]
    return ", ".join([record.model, *others, f"{epochs(record)} at learning rate {chosen(record.lr)}"])


def epochs(record: Record) -> str:
    """Returns a run's budget in words: ``2 epochs``."""
    number = chosen(record.epochs)
    return f"{number} {'epoch' if number == '1' else 'epochs'}"


def cost(record: Record) -> Cost:
    """Returns what one run costs."""
    return Cost(record.train_flops + record.sam_flops, record.core_hours)


def total_cost(record: Record, by_id: Mapping[str, Record]) -> Cost | None:
    """Returns what a network costs from random weights on, or from released ones, whose cost is not known; None while
    its start is not chosen."""
    own = cost(record)
    if record.kind == "pretrain" or record.weights is not None:
        return own
    before = by_id.get(record.start) if record.start is not None else None
    earlier = total_cost(before, by_id) if before is not None else None
    if earlier is None:
        return None
    hours = (own.core_hours, earlier.core_hours)
    return Cost(
        own.flops + earlier.flops,
        None if hours[0] is None or hours[1] is None else hours[0] + hours[1],
    )


def _variant_axes(records: Sequence[Replicated]) -> tuple[str, ...]:
    """Returns the axes that take several choices within one model, in the order they are met."""
    along = _ALONG_A_CURVE if rates_kept(records) else _ALONG_A_CURVE | {"lr"}
    choices: dict[str, dict[str, set[str]]] = {}
    for record in records:
        for axis, choice in record.labels.items():
            choices.setdefault(axis, {}).setdefault(record.model, set()).add(choice)
    return tuple(
        axis
        for axis, by_model in choices.items()
        if axis not in along and any(len(chosen) > 1 for chosen in by_model.values())
    )
