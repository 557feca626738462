"""What trains: versions of the packages that a result may depend on, and the commit of this code."""

import platform
import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = ("nfdsl", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "grain", "numpy")


@cache
def versions() -> dict[str, str]:
    """Returns versions by name: of Python, of installed packages, and `commit` where the code is a Git checkout.

    A commit that ends in ``-dirty`` has changes on top.
    """
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # run from a source tree
            continue
    commit = _commit(Path(__file__).parent)
    return found | ({"commit": commit} if commit else {})


def _commit(folder: Path) -> str:
    """Returns the commit that is checked out around a folder; empty where there is none, or no Git."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"]
    try:
        told = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""
