"""What a setting means: the values it has once a whole spec around it has passed every check."""

from collections.abc import Callable
from typing import Any

import pytest

from nfdsl.check.spec import study_of
from nfdsl.source import Source

_BLOCKS = {
    "data": {"source": "builtin(mnist_5k)", "classes": "10", "holdout": "500 images"},
    "model": {"depth": "[1, 1]", "width": "[16, 32]"},
    "pretrain": {
        "model": "the_model",
        "data": "the_data",
        "budget": "1 epochs",
        "batch": "50 images",
        "resolution": "train 32px, eval 32px",
        "lr": "0.1",
    },
    "finetune": {
        "start": "the_pretrain",
        "data": "the_data",
        "budget": "1 epochs",
        "batch": "50 images",
        "resolution": "train 32px, eval 32px",
        "lr": "0.1",
    },
    "report": {},
}


@pytest.fixture(scope="session")
def meaning() -> Callable[[str, str, str], list[Any]]:
    """Returns a function from the kind of a block, a setting's name and its text to the setting's values."""

    def meaning(kind: str, name: str, text: str) -> list[Any]:
        blocks = {**_BLOCKS, kind: {**_BLOCKS[kind], name: text}}
        lines = [
            line
            for block, settings in blocks.items()
            for line in [f"{block} the_{block} {{", *(f"{key} {value}" for key, value in settings.items()), "}"]
        ]
        study, diagnostics = study_of(Source("a.nfx", "\n".join(lines)))
        assert study is not None, diagnostics
        return [getattr(point.value, name) for point in study.blocks[f"the_{kind}"].points]

    return meaning
