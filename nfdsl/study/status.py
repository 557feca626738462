"""Where a study stands, read from its directory alone: nothing is held or changed there."""

from dataclasses import dataclass
from pathlib import Path

from nfdsl.study.description import read_description
from nfdsl.study.directory import StudyDirectory
from nfdsl.study.lock import Holder, holder
from nfdsl.study.records import Record, read_records
from nfdsl.study.tuning.known import Known
from nfdsl.study.tuning.ladder import Ladder


@dataclass(frozen=True)
class Status:
    """A study, going on or not."""

    study: str
    holder: Holder | None  # who carries it out at the moment, as far as can be told
    records: tuple[Record, ...]
    ladders: dict[str, Ladder]
    known: Known


def read_status(path: Path) -> Status:
    """Returns where the study in a directory stands.

    Raises:
      Unreadable: this is not the directory of a study, or a file in it does not hold what it should.
    """
    directory = StudyDirectory(path)
    description = read_description(directory)
    records = read_records(directory, description.cells)
    results, _ = directory.results(record.id for record in records)
    failed = {record.id: record.failure for record in records if record.failure is not None}
    ladders = {ladder.id: ladder for ladder in description.cells}
    return Status(description.study, holder(directory.lock_file), records, ladders, Known(results, failed))
