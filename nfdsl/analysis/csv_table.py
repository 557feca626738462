"""A table as a CSV file holds it: rows of text by column, and numbers in them."""

import csv
from collections.abc import Mapping
from math import nan
from pathlib import Path

from nfdsl.analysis.points import FitError

Cells = Mapping[str, str | list[str] | None]  # of a row, by column; a row that is too long has more under None


def table_rows(path: Path) -> tuple[list[str], list[tuple[int, Cells]]]:
    """Returns the columns of a table, and its rows that are not empty, each with its line. Raises `FitError`."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, skipinitialspace=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            reader.fieldnames = header
            return header, [(reader.line_num, cells) for cells in reader if any(map(is_told, cells.values()))]
    except OSError as error:
        raise FitError(f"{path} cannot be read: {error.strerror}") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise FitError(f"{path} is no table of comma-separated values: {error}") from None


def is_told(text: str | list[str] | None) -> bool:
    return isinstance(text, str) and bool(text.strip())


def number(text: str | list[str] | None, name: str, line: int) -> float:
    """Returns what a cell says, NaN where it is empty. Raises `FitError` with its line."""
    if not isinstance(text, str) or not text.strip():
        return nan
    try:
        return float(text.replace("_", ""))
    except ValueError:
        raise FitError(f"Line {line} has {text.strip()!r} as {name}, which is not a number.") from None
