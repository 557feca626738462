"""Files of released weights that values name: of a kind that is read, and where they are said to be."""

from collections.abc import Sequence
from pathlib import Path, PurePath

from nfdsl.check.rejected import Rejected
from nfdsl.diagnostics import Diagnostic, Label
from nfdsl.paths import nearby
from nfdsl.source import reason
from nfdsl.syntax import ast

_PICKLES = {".bin", ".ckpt", ".pickle", ".pkl", ".pt", ".pth", ".pyth", ".th"}


def require_weights(value: ast.String, path: Path, endings: Sequence[str]) -> None:
    """Raises `Rejected` where a file that a value names has none of these endings, or cannot be read.

    Args:
      path: where the file lies.
    """
    if PurePath(value.text).suffix not in endings:
        raise Rejected(_of_another_format(value, endings))
    if (why := _unreadable(path)) is not None:
        meant = nearby(path)
        raise Rejected(
            Diagnostic(
                "unreadable-weights",
                f"the weights `{value.text}` cannot be read: {why}",
                Label(value.span, f"looked for at {path}"),
                help=f"did you mean {meant}?" if meant else "a path starts at the folder of the file that says it",
            )
        )


def _unreadable(path: Path) -> str | None:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            return "it is no regular file"
        path.open("rb").close()
    except (OSError, ValueError) as error:
        return reason(error)
    return None


def _of_another_format(value: ast.String, endings: Sequence[str]) -> Diagnostic:
    name, read = PurePath(value.text).name, " or ".join(f"`{ending}`" for ending in endings)
    if PurePath(name).suffix not in _PICKLES:
        return Diagnostic(
            "weights-format",
            f"weights are not read from a file such as `{name}`",
            Label(value.span, "of another format"),
            help=f"name a {read} file",
        )
    safe = PurePath(name).with_suffix(".safetensors")
    return Diagnostic(
        "weights-format",
        f"`{name}` is a pickle, which can run code where it is read; none ever is",
        Label(value.span, "a pickle"),
        help=f'convert it once, where it is trusted: `torch.load("{name}", weights_only=True)`, '
        f'then `safetensors.torch.save_file(weights, "{safe}")`',
    )
