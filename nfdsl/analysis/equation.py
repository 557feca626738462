"""How a fitted law is written: its equation, and its exponents with their intervals."""

from typing import assert_never

import numpy as np

from nfdsl.analysis.bootstrap import Interval
from nfdsl.analysis.fit import Fit, Trend
from nfdsl.analysis.numerals import significant, superscript
from nfdsl.analysis.points import Floats, unrivalled

_SPACE, _NO_BREAK = " ", "\N{NO-BREAK SPACE}"


def equation(fit: Fit) -> str:
    """Returns the law of loss, ``L = 40 C⁻⁰·¹``, in characters that do not break."""
    k = {name: significant(value, 2) for name, value in fit.law.constants.items()}
    exponents = {name: superscript(f"{-value:.2g}") for name, value in fit.law.constants.items()}
    match fit.form:
        case "power" | "isoflop" | "envelope":
            text = f"L = {k['a']} C{exponents['b']}"
        case "saturating":
            text = f"L = {k['c']} + {k['a']} C{exponents['b']}"
        case "double":
            text = f"L = {k['c']} + {k['a']} (C + {k['d']}){exponents['b']}"
        case "parametric":
            text = f"L = {k['E']} + {k['A']} N{exponents['alpha']} + {k['B']} D{exponents['beta']}"
        case _:
            assert_never(fit.form)
    return text.replace(_SPACE, _NO_BREAK)


def exponents(fit: Fit) -> tuple[str, ...]:
    """Returns the exponents that the form is fitted for, each with its 95% interval."""
    law = fit.law
    match fit.form:
        case "power" | "saturating" | "double":
            return (_told("exponent", law.constants["b"], law.intervals["b"]),)
        case "parametric":
            greek = {"alpha": "\N{GREEK SMALL LETTER ALPHA}", "beta": "\N{GREEK SMALL LETTER BETA}"}
            return tuple(_told(letter, law.constants[name], law.intervals[name]) for name, letter in greek.items())
        case "isoflop" | "envelope":
            loss = _told("exponent", law.constants["b"], law.intervals["b"])
            return (loss, *(_told(f"{name} exponent", trend.exponent, trend.interval) for name, trend in trends(fit)))
        case _:
            assert_never(fit.form)


def trends(fit: Fit) -> tuple[tuple[str, Trend], ...]:
    """Returns the trends of compute-optimal size and examples that the fit knows, by name."""
    named = (("size", fit.size), ("examples", fit.examples))
    return tuple((name, trend) for name, trend in named if trend is not None)


def along(fit: Fit, compute: Floats) -> Floats:
    """Returns the law's losses where compute is spent best, shape [computes]."""
    if fit.form != "parametric":
        return fit.law.losses(unrivalled(compute, np.ones(len(compute))))
    size, examples = (trend.coefficient * compute**trend.exponent for _, trend in trends(fit))
    return fit.law.losses(unrivalled(compute, np.ones(len(compute)), size, examples))


def _told(name: str, value: float, interval: Interval) -> str:
    return f"{name} {value:.2g}, 95% interval {interval}"
