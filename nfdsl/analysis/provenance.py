"""Where a report's numbers come from: the spec with numbered lines, versions, commits, seeds."""

import platform
import re
from collections.abc import Mapping, Sequence
from html import escape
from importlib.metadata import PackageNotFoundError, version

from nfdsl.analysis.configs import seeds
from nfdsl.schema.run import Run
from nfdsl.study.description import Description
from nfdsl.study.result import Result

_BLOCK = re.compile(r"\s*(?:pretrain|finetune)\s+(\S+)")


def facts(description: Description, results: Sequence[Result], runs: Mapping[str, Run]) -> Mapping[str, str]:
    """Returns what is known, by name; what differs between runs is listed."""
    told = {
        "Spec": description.spec_path,
        "Seeds": seeds(runs),
        **_versions(results),
        "Report by": f"nfdsl {_version()} on Python {platform.python_version()}",
        "Numbers": "figures/*.csv beside this file, all runs in figures/runs.csv; figures as PNG and SVG there too",
    }
    return {name: fact for name, fact in told.items() if fact}


def spec_lines(spec: str) -> str:
    """Returns the spec as HTML whose lines can be linked to: ``#line-12``."""
    lines = spec.removesuffix("\n").split("\n")
    return "\n".join(
        f'<span class="line" id="line-{number}">{escape(line)}</span>' for number, line in enumerate(lines, 1)
    )


def block_lines(spec: str) -> Mapping[str, int]:
    """Returns the line where each training block of the spec begins; those of imported files are not there."""
    found: dict[str, int] = {}
    for number, line in enumerate(spec.split("\n"), 1):
        begins = _BLOCK.match(line)
        if begins:
            found.setdefault(begins[1], number)
    return found


def _versions(results: Sequence[Result]) -> Mapping[str, str]:
    """Returns the versions that trained the runs, each with all its values."""
    names = dict.fromkeys(name for result in results for name in result.versions)
    return {
        f"Trained by {name}": ", ".join(
            sorted({result.versions[name] for result in results if name in result.versions})
        )
        for name in names
    }


def _version() -> str:
    try:
        return version("nfdsl")
    except PackageNotFoundError:  # run from a source tree
        return "(not installed)"
