"""The HTML page of a report: one file without outside resources, light and dark, wide and narrow."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from string import Template
from typing import Literal

from nfdsl.analysis.style import COLOURS

_PAGE = Template("""\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
<style>
$style
</style>
</head>
<body>
<header>
<h1>$title</h1>
$introduction
</header>
<main>
$sections
</main>
</body>
</html>
""")

_STYLE = Template("""\
:root { $light }
@media (prefers-color-scheme: dark) { :root { $dark } }
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 74rem; padding: 2.5rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif; }
header, .text { max-width: 44rem; }
h1 { margin: 0 0 .75rem; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 3rem 0 .75rem; font-size: 1.25rem; line-height: 1.3; }
h3 { margin: 0 0 .5rem; font-size: 1rem; overflow-wrap: anywhere; }
section > h3 { margin-top: 1.5rem; }
p { margin: 0 0 .75rem; }
header p:first-of-type { font-size: 1.125rem; }
.facts, figcaption, .note { color: var(--muted); font-size: .875rem; line-height: 1.5; }
.findings { margin: 0; padding-left: 1.25rem; }
.findings li { margin: 0 0 .5rem; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(28rem, 100%), 1fr)); gap: 2.5rem 3rem; }
figure { margin: 0; max-width: 44rem; }
figure svg { display: block; width: 100%; height: auto; overflow: visible; }
figure svg text { font-family: inherit !important; }
figcaption { margin-top: .5rem; }
.missing { margin: 0; padding: 1.5rem 1.25rem; border: 1px dashed var(--rule); border-radius: .375rem;
  color: var(--muted); }
.scroll { overflow-x: auto; border: 1px solid var(--rule); border-radius: .375rem; }
/* A shade at the side where there is more to scroll to. */
.scroll, pre { background-color: var(--paper); background-repeat: no-repeat;
  background-image: linear-gradient(to right, var(--paper) 30%, transparent),
    linear-gradient(to left, var(--paper) 30%, transparent), linear-gradient(to right, var(--rule), transparent),
    linear-gradient(to left, var(--rule), transparent);
  background-position: left, right, left, right; background-size: 3rem 100%, 3rem 100%, 1rem 100%, 1rem 100%;
  background-attachment: local, local, scroll, scroll; }
table { width: 100%; border-collapse: separate; border-spacing: 0; font-size: .8125rem; line-height: 1.25rem;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
th, td { padding: .375rem .625rem; text-align: left; border-bottom: 1px solid var(--rule); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--muted); font-weight: 500; white-space: normal; vertical-align: bottom; }
thead .number { min-width: 5rem; }
tbody th { position: sticky; left: 0; background: var(--paper); font-weight: 400; }
code { font: .75rem/1 ui-monospace, Menlo, Consolas, monospace; }
.number { text-align: right; }
.tuned td { font-weight: 600; }
.waiting > *, .unneeded > * { color: var(--muted); }
.diverged .state, .failed .state, .refuted, .unreadable { color: var(--vermillion); }
.why { display: block; width: 24rem; white-space: normal; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; margin: 0 0 1rem; font-size: .875rem; }
dt { color: var(--muted); }
dd { margin: 0; overflow-wrap: anywhere; }
summary { cursor: pointer; }
details + details { margin-top: .5rem; }
a { color: inherit; text-decoration-color: var(--muted); text-underline-offset: .15em; }
a:hover { text-decoration-color: currentColor; }
.spec { counter-reset: line; }
.line::before { counter-increment: line; content: counter(line); display: inline-block; width: 2.5em;
  margin-right: 1.25em; text-align: right; color: var(--muted); user-select: none; -webkit-user-select: none; }
:target { scroll-margin-top: 3.5rem; }
.line:target { background: color-mix(in srgb, var(--orange) 25%, transparent); }
.tip { pointer-events: all; cursor: help; }
.tip:hover { opacity: 1; }
.tip:hover use { opacity: .25 !important; }
pre { overflow-x: auto; margin: .75rem 0 0; padding: 1rem; border: 1px solid var(--rule); border-radius: .375rem;
  font: .8125rem/1.5 ui-monospace, Menlo, Consolas, monospace; tab-size: 2; }
@media (max-width: 32rem) { body { padding-top: 1.5rem; } h1 { font-size: 1.5rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  figure svg text { font-size: 10px !important; } }
@media print { .scroll { overflow: visible; border: 0; } }""")

_TOP_1 = "top\N{NON-BREAKING HYPHEN}1"


def page(title: str, introduction: str, sections: Sequence[str]) -> str:
    """Returns the page; `title` is escaped here, the HTML in the others is taken as it is."""
    return _PAGE.substitute(
        title=escape(title), style=_style(), introduction=introduction, sections="\n".join(sections)
    )


def section(heading: str, content: str) -> str:
    """Returns a part of the page; its `content` is HTML."""
    return f"<section>\n<h2>{escape(heading)}</h2>\n{content}\n</section>"


def box(style: Literal["text", "figures", "scroll"], content: str) -> str:
    """Returns HTML in a column of readable width, in a grid of figures, or in a box that scrolls sideways."""
    focus = ' tabindex="0"' if style == "scroll" else ""  # so that keys can scroll it
    return f'<div class="{style}"{focus}>\n{content}\n</div>'


def paragraphs(text: str) -> str:
    """Returns plain text as ``<p>`` elements, one for each stretch between empty lines."""
    stretches = (stretch.strip() for stretch in re.split(r"\n\s*\n", text))
    return "\n".join(f"<p>{escape(stretch)}</p>" for stretch in stretches if stretch)


def bullets(sentences: Sequence[str]) -> str:
    """Returns plain sentences as a list."""
    items = "\n".join(f"<li>{escape(text).replace('top-1', _TOP_1)}</li>" for text in sentences)
    return f'<ul class="findings">\n{items}\n</ul>'


def definitions(facts: Mapping[str, str]) -> str:
    """Returns plain facts by name as a list."""
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd>{escape(fact)}</dd>" for name, fact in facts.items()) + "</dl>"


def _style() -> str:
    return _STYLE.substitute(
        light=" ".join(f"--{colour.name}: {colour.light};" for colour in COLOURS),
        dark=" ".join(f"--{colour.name}: {colour.dark};" for colour in COLOURS),
    )
