"""Real workers, killed or told to stop at random places, come to the same bit for bit, and it is proved."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]


def test_twenty_kills_change_nothing():
    environment = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
    command = [sys.executable, "-m", "tests.runtime.kill_schedules", "--kills", "20"]
    told = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    summary = json.loads(told.stdout)
    assert summary["kills"] >= 20
    assert summary["runs alike and proved"] >= 2
