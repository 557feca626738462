"""How evaluation of one setting gives up: with the diagnostics that say why."""

from nfdsl.diagnostics import Diagnostic


class Rejected(Exception):
    """A value cannot be used; siblings go on being checked."""

    def __init__(self, *diagnostics: Diagnostic) -> None:
        super().__init__(*diagnostics)
        self.diagnostics = diagnostics
