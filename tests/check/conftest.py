"""What the tests of the checks share: blocks of a small study."""

from collections.abc import Callable

import pytest

from nfdsl.catalogue import prelude
from nfdsl.check.spec import study_of
from nfdsl.check.study import Study
from nfdsl.diagnostics import Diagnostic
from nfdsl.plan import plan
from nfdsl.source import Source

PRELUDE = prelude()


@pytest.fixture
def study() -> Callable[..., Study]:
    """Returns a function from text, put before the prelude, and assignments to the study; they must be in order."""

    def study(text: str, *assignments: str) -> Study:
        found, diagnostics = study_of(Source("spec.nfx", text + PRELUDE), assignments)
        assert found is not None, diagnostics
        return found

    return study


@pytest.fixture
def wrong() -> Callable[..., Diagnostic]:
    """Returns a function from text, put before the prelude, and assignments to the one thing wrong with them."""

    def wrong(text: str, *assignments: str) -> Diagnostic:
        (found,) = study_of(Source("spec.nfx", text + PRELUDE), assignments)[1]
        return found

    return wrong


@pytest.fixture
def planning() -> Callable[[str], Diagnostic]:
    """Returns a function from text, put before the prelude, to the one thing that keeps it from being planned."""

    def planning(text: str) -> Diagnostic:
        study, diagnostics = study_of(Source("spec.nfx", text + PRELUDE))
        assert study is not None, diagnostics
        (found,) = plan(study, "spec")[1]
        return found

    return planning
