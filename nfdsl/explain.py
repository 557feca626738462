"""The catalogue of diagnostics, for people and for other programs."""

import json
from dataclasses import asdict
from textwrap import indent

from rich.console import Console
from rich.markdown import Markdown
from rich.table import Table
from rich.text import Text
from rich.theme import Theme

from nfdsl.catalogue import Explanation, catalogue, completed
from nfdsl.diagnose import diagnose
from nfdsl.nearest import nearest
from nfdsl.render import render
from nfdsl.source import Source


class UnknownCode(Exception):
    """A code that no diagnostic has; the message names the nearest."""


def explanation_of(code: str) -> Explanation:
    """Returns the explanation of a code.

    Raises:
      UnknownCode: there is no such code.
    """
    known = catalogue()
    if code not in known:
        near = nearest(code, known)
        advice = f"did you mean `{near}`?" if near else "`nfdsl explain` lists all of them"
        raise UnknownCode(f"no diagnostic has the code `{code}`; {advice}")
    return known[code]


def explained_json(code: str | None) -> str:
    """Returns one explanation as JSON, or the list of all of them.

    Raises:
      UnknownCode: there is no such code.
    """
    everything = [asdict(explanation) for explanation in catalogue().values()]
    return json.dumps(everything if code is None else asdict(explanation_of(code)), indent=1, ensure_ascii=False)


def print_codes(console: Console) -> None:
    """Prints every code with its headline."""
    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for explanation in catalogue().values():
        table.add_row(explanation.code, Text(explanation.headline))
    console.print(table)


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Prints what a code means, a wrong snippet with what nfdsl says of it, and a right one."""
    console.print(Text(f"{explanation.headline}  [{explanation.code}]", "bold"), soft_wrap=True)
    console.print()
    with console.use_theme(Theme({"markdown.code": "cyan"})):
        console.print(Markdown(explanation.text))
    console.print(Text("\nWrong", "bold red"))
    _print_indented(explanation.wrong, console)
    if explanation.kind != "sh":
        console.print()
        _print_indented(_said(explanation, color=console.color_system is not None), console)
    console.print(Text("\nRight", "bold green"))
    _print_indented(explanation.right, console)


def _said(explanation: Explanation, *, color: bool) -> str:
    """Returns what nfdsl says of the wrong snippet."""
    source = Source("study.nfx", completed(explanation.wrong, explanation.kind))
    return render(next(found for found in diagnose(source) if found.code == explanation.code), color=color)


def _print_indented(text: str, console: Console) -> None:
    """Prints lines as they are: an excerpt that is wrapped points nowhere."""
    console.print(Text.from_ansi(indent(text.rstrip("\n"), "  ")), soft_wrap=True)
