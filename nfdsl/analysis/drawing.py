"""A figure that could be drawn, or why it could not."""

import csv
from dataclasses import dataclass
from io import StringIO

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Numbers:
    """What a figure shows, as a table; each row has an entry for each heading, None where there is nothing."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]

    def csv(self) -> str:
        """Returns the table as CSV (RFC 4180), numbers in full precision."""
        with StringIO(newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.headings)
            writer.writerows(self.rows)
            return file.getvalue()


@dataclass(frozen=True)
class Drawing:
    """A finished figure, the sentences that go under it and the numbers in it."""

    figure: Figure
    caption: str
    numbers: Numbers


@dataclass(frozen=True)
class Missing:
    """What is missing for a figure to be drawn, one sentence."""

    reason: str
