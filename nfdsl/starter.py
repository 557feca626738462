"""A spec to start from."""

from importlib import resources
from pathlib import Path


def write_starter(name: str) -> Path:
    """Writes a commented spec that runs as it is, and returns its path: `name`, with the ending ``.nfx``.

    Raises:
      FileExistsError: there is something of that name; it is left as it is.
      OSError: it cannot be written.
    """
    path = Path(name if name.endswith(".nfx") else f"{name}.nfx")
    text = (resources.files("nfdsl") / "starter.nfx").read_text("utf-8")
    with path.open("x", encoding="utf-8", newline="\n") as file:
        file.write(text)
    return path
