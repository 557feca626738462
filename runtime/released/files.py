"""Files of published weights: named arrays, and nothing that could run code."""

import hashlib
import zipfile
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

Tensors = dict[str, np.ndarray]

# What training states and wrappers put before the names of weights (google-research/big_vision, utils.py).
_PREFIXES = ("opt/target/", "params/img/", "params/", "img/")


class ReleasedError(Exception):
    """What is wrong with a file of published weights, for the person who named it."""


def tensors(path: Path) -> Tensors:
    """Returns the arrays of a ``.safetensors`` or ``.npz`` file by name.

    Raises:
      ReleasedError: there is no such file, it is of another kind, or it is damaged.
    """
    try:
        match path.suffix:
            case ".safetensors":
                return load_file(path)
            case ".npz":
                return _npz(path)
            case _:
                raise ReleasedError(f"{path.name} is neither a .safetensors nor a .npz file; others may run code")
    except FileNotFoundError:
        raise ReleasedError(f"there is no file {path}") from None
    except (SafetensorError, zipfile.BadZipFile, ValueError, OSError, EOFError) as error:
        raise ReleasedError(f"{path.name} cannot be read: {error}") from error


def require_content(path: Path, sha256: str) -> None:
    """Raises `ReleasedError` where a file is not there, or does not hold what has this hash."""
    try:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise ReleasedError(f"{path} cannot be read: {error.strerror}") from error
    if found != sha256:
        raise ReleasedError(
            f"{path} holds other weights than when the run was planned: its SHA-256 is {found}, not {sha256}"
        )


def _npz(path: Path) -> Tensors:
    # NumPy leaves a file open that it cannot read, unless it is ours to close.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    for prefix in _PREFIXES:
        if any(name.startswith(prefix) for name in found):
            return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
    return found
