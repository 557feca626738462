"""What tests of several stages share: specs as text, and as plans."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.plan import Plan, plan
from nfdsl.source import Source

SPECS = Path(__file__).parent.parent / "specs"


@pytest.fixture(scope="session")
def planned() -> Callable[[str], Plan]:
    """Returns a function from a spec's text to its plan; the text must be in order."""

    def planned(text: str) -> Plan:
        study, diagnostics = study_of(Source("spec.nfx", text))
        assert study is not None, diagnostics
        result, diagnostics = plan(study, "spec")
        assert result is not None, diagnostics
        return result

    return planned


@pytest.fixture(scope="session")
def spec() -> Callable[[str], str]:
    """Returns a function from the name of an example study to its text."""
    return lambda name: (SPECS / f"{name}.nfx").read_text()
