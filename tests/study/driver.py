"""Carries out a pickled plan in a process of its own, for tests that kill it: DIR PLAN GRACE COMMAND...

Prints the class and the run of each event.
"""

import pickle
import sys
from pathlib import Path

from nfdsl.study.directory import StudyDirectory
from nfdsl.study.engine import carry_out
from nfdsl.study.events import Tick
from nfdsl.study.lock import Held

if __name__ == "__main__":
    directory, plan, grace, *command = sys.argv[1:]
    events = carry_out(
        pickle.loads(Path(plan).read_bytes()),
        StudyDirectory(Path(directory)),
        study_json="{}",
        plan_json="{}",
        command=command,
        grace_seconds=float(grace),
    )
    try:
        for event in events:
            if not isinstance(event, Tick):
                print(type(event).__name__, vars(event).get("run", ""), vars(event).get("pid", ""), flush=True)
    except Held as held:
        sys.exit(f"held: {held}")
