"""What has become of a study's runs so far."""

from collections.abc import Mapping
from dataclasses import dataclass

from nfdsl.study.result import Result


@dataclass(frozen=True)
class Known:
    """The runs that have ended."""

    results: Mapping[str, Result]
    failed: Mapping[str, str]  # run id to reason: runs that will get no result this time

    def tried(self, run: str) -> bool:
        return run in self.results or run in self.failed

    def diverged(self, run: str) -> bool:
        return run in self.results and self.results[run].state == "diverged"
