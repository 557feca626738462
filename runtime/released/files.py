"""Files of published weights: named arrays, and nothing that could run code."""

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


def _npz(path: Path) -> Tensors:
    # NumPy leaves a file open that it cannot read, unless it is ours to close.
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    for prefix in _PREFIXES:
        if any(name.startswith(prefix) for name in found):
            return {name.removeprefix(prefix): value for name, value in found.items() if name.startswith(prefix)}
    return found
