"""Where what can be made anew is kept for the user, so that it need not be."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """Returns the folder of nfdsl in the user's cache, which may not be there yet.

    Raises:
      RuntimeError: it would be in the home of a user who has none.
    """
    return Path(os.environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()) / "nfdsl"
