"""What each diagnostic code means: one file in the folder ``explanations``, named after the code.

A new code is a new file: a headline, a text, and a wrong and a right snippet, fenced as ``nfx``. Snippets
stand beside the blocks of ``explanations/prelude.nfx``, unless they are a ``nfx whole`` spec. Where the
mistake is not in the spec, the snippets are commands (``sh``) about the prelude as ``study.nfx``.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast

SnippetKind = Literal["nfx", "nfx whole", "sh"]

_FOLDER = resources.files("nfdsl") / "explanations"
_FORM = re.compile(
    r"# (?P<headline>[^\n]+)\n\n(?P<text>.+?)\n\n"
    r"## Wrong\n\n```(?P<kind>nfx|nfx whole|sh)\n(?P<wrong>.+?)```\n\n"
    r"## Right\n\n```(?P=kind)\n(?P<right>.+?)```\n",
    re.DOTALL,
)


@dataclass(frozen=True)
class Explanation:
    """One code: what it means and why it is wrong, with a snippet that earns it and one that does not."""

    code: str
    headline: str
    text: str  # Markdown
    kind: SnippetKind
    wrong: str
    right: str


@cache
def catalogue() -> dict[str, Explanation]:
    """Returns the explanations by code, in alphabetical order."""
    files = sorted((file.name, file) for file in _FOLDER.iterdir() if file.name.endswith(".md"))
    return {name[:-3]: explanation(name[:-3], file.read_text("utf-8")) for name, file in files}


def explanation(code: str, markdown: str) -> Explanation:
    """Returns the explanation a file holds.

    Raises:
      ValueError: it has not the form all of them have.
    """
    found = _FORM.fullmatch(markdown)
    if found is None:
        raise ValueError(f"the explanation of {code} is not a headline, a text, a wrong and a right snippet")
    kind = cast(SnippetKind, found["kind"])
    return Explanation(code, found["headline"], found["text"], kind, found["wrong"], found["right"])


def completed(snippet: str, kind: SnippetKind) -> str:
    """Returns a snippet as a whole spec: with the blocks it refers to behind it."""
    return f"{snippet}\n{prelude()}" if kind == "nfx" else snippet


@cache
def prelude() -> str:
    """Returns the blocks that snippets stand beside: two data sets, a model and a pretrain block."""
    return (_FOLDER / "prelude.nfx").read_text("utf-8")
