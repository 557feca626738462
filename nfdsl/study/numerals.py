"""How a terminal shows times and measurements: short, aligned, ASCII."""


def clock(seconds: float) -> str:
    """Returns a time span as ``0:07``, ``12:34``, ``3:07:00`` or ``12 days 3 h``."""
    whole = round(seconds)
    if whole >= 100 * 3600:
        return f"{whole // 86400} days {whole % 86400 // 3600} h"
    minutes, rest = divmod(whole, 60)
    return f"{minutes}:{rest:02d}" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}"


def loss(value: float | None) -> str:
    """Returns a loss to four digits; empty where there is none."""
    return "" if value is None else f"{value:#.4g}"


def percent(share: float | None) -> str:
    """Returns a share in [0, 1] as ``97.8%``; empty where there is none."""
    return "" if share is None else f"{100 * share:.1f}%"


def speed(images_per_second: float | None) -> str:
    """Returns images a second to three digits, grouped: ``3.21``, ``987``, ``12,300``; empty where there is none."""
    if images_per_second is None:
        return ""
    rounded = f"{images_per_second:.3g}"
    return rounded if images_per_second < 100 else f"{float(rounded):,.0f}"


def count(number: int, noun: str) -> str:
    """Returns ``1 run``, ``1,234 runs``."""
    return f"{number:,} {noun}" + ("" if number == 1 else "s")
