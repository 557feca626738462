"""A compiled program, small enough to read."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def text() -> str:
    return Path(__file__).with_name("program.hlo").read_text()
