"""The looks of a figure's curves and the legend that explains them: colour and marker by model, fill by variant."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nfdsl.analysis.curves import Curve
from nfdsl.analysis.style import MUTED, Look, series_looks, variant

LegendEntry = tuple[Look, str]


@dataclass(frozen=True)
class Key:
    """Looks by name of curve, and a legend's rows."""

    looks: Mapping[str, Look]
    models: tuple[LegendEntry, ...]
    variants: tuple[LegendEntry, ...]  # empty where no model has any


def key(lines: Sequence[Curve]) -> Key:
    """Returns the key of a figure that draws `lines`."""
    models = series_looks(list(dict.fromkeys(line.model for line in lines)))
    places = {name: place for place, name in enumerate(dict.fromkeys(line.variant for line in lines))}
    return Key(
        {line.name: variant(models[line.model], places[line.variant]) for line in lines},
        tuple((look, model) for model, look in models.items()),
        tuple((variant(Look(MUTED.light, "o"), place), name) for name, place in places.items() if name),
    )
