"""Where tables are printed."""

import rich.console


class Console(rich.console.Console):
    """Prints on stdout, and leaves it to its caller, as `print` does, what to do once nobody reads that."""

    def on_broken_pipe(self) -> None:
        """Raises `BrokenPipeError`, where rich would leave the program with the exit code of a wrong spec."""
        raise BrokenPipeError
