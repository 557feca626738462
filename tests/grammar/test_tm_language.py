"""The highlighting says of the example studies what the grammar says of them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nfdsl.schema.blocks import KINDS
from nfdsl.schema.units import SI_PREFIXES, UNITS
from nfdsl.source import Source
from nfdsl.syntax.grammar import tokenize
from nfdsl.syntax.parse import parse

ROOT = Path(__file__).parents[2]
LANGUAGE: dict[str, Any] = json.loads((ROOT / "grammar" / "nfx.tmLanguage.json").read_text())
RULES: dict[str, Any] = LANGUAGE["repository"]
STUDIES = sorted((ROOT / "specs").glob("*.nfx"))

SCOPES = {
    "STRING": "string.quoted.double",
    "DOCSTRING": "string.quoted.triple",
    "SHAPE": "constant.numeric.shape",
    "LABEL": "variable.parameter",
    "DOTS": "keyword.operator",
    "BY_TIMES": "keyword.operator.step",
    "BY_PLUS": "keyword.operator.step",
    "FROM": "keyword.other.from",
    "PLUS": "keyword.operator",
    "STAR": "keyword.operator",
}


def scopes(text: str) -> list[str]:
    """Returns the innermost scope of each character, as an editor that applies the rules would find it."""
    found = [""] * len(text)
    open_rules: list[dict[str, Any]] = []
    start = 0
    for line in text.splitlines(keepends=True):
        _line(found, start, line, open_rules)
        start += len(line)
    return found


def _line(found: list[str], start: int, line: str, open_rules: list[dict[str, Any]]) -> None:
    at = 0
    while True:
        candidates: list[tuple[int, int, re.Match[str], dict[str, Any] | None]] = []
        if open_rules and (end := re.compile(open_rules[-1]["end"]).search(line, at)):
            candidates.append((end.start(), -1, end, None))
        rules = open_rules[-1].get("patterns", []) if open_rules else LANGUAGE["patterns"]
        for order, rule in enumerate(_flat(rules)):
            if match := re.compile(rule.get("begin") or rule["match"]).search(line, at):
                candidates.append((match.start(), order, match, rule))
        if not candidates:
            return _paint(found, start + at, start + len(line), open_rules[-1].get("name") if open_rules else None)
        _, _, match, rule = min(candidates, key=lambda candidate: candidate[:2])
        _paint(found, start + at, start + match.start(), open_rules[-1].get("name") if open_rules else None)
        owner = open_rules.pop() if rule is None else rule
        _paint(found, start + match.start(), start + match.end(), owner.get("name"))
        captures = owner.get("endCaptures" if rule is None else "beginCaptures" if "begin" in owner else "captures", {})
        for group, capture in captures.items():
            if match.start(int(group)) >= 0:
                _paint(found, start + match.start(int(group)), start + match.end(int(group)), capture["name"])
        if rule is not None and "begin" in rule:
            open_rules.append(rule)
        assert match.end() > at or rule is None, f"a rule must take something of {line!r}"
        at = match.end()


def _flat(rules: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for rule in rules:
        if "include" in rule:
            yield from _flat([RULES[rule["include"].removeprefix("#")]])
        elif "match" in rule or "begin" in rule:
            yield rule
        else:
            yield from _flat(rule["patterns"])


def _paint(found: list[str], start: int, end: int, scope: str | None) -> None:
    if scope is not None:
        found[start:end] = [scope] * (end - start)


def alternatives(pattern: str, after: str) -> set[str]:
    """Returns the words of the first group of plain words behind a part of a pattern."""
    group = re.search(r"\((?:\?:)?((?:[A-Za-z_%]+\|)+[A-Za-z_%]+)\)", pattern[pattern.index(after) :])
    assert group is not None
    return set(group[1].split("|"))


def test_units_and_prefixes_are_those_of_the_schema():
    number = RULES["number"]["match"]
    assert alternatives(number, "(?:[ \\t]*(") == set(UNITS)
    assert alternatives(number, "(?=[ \\t]*(") == set(UNITS)
    assert f"[{''.join(SI_PREFIXES)}]" in number


def test_kinds_are_those_of_the_schema():
    assert alternatives(RULES["block"]["begin"], "^") == set(KINDS)


def test_words_of_the_grammar_are_keywords():
    keywords = re.findall(r'^[A-Z]+: "([a-z]+)"$', (ROOT / "grammar" / "nfx.lark").read_text(), re.MULTILINE)
    assert "from" in keywords
    sample = 'import "a.nfx"\nlet peak 0.1\nmodel b from a {\n}\n'
    found = scopes(sample)
    for keyword in keywords:
        assert found[sample.index(keyword)].split(".")[0] in ("keyword", "storage"), keyword


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_token_of_a_study_has_the_scope_of_its_kind(path: Path):
    text = path.read_text()
    found = scopes(text)
    for token in tokenize(text):
        assert token.start_pos is not None
        scope, expected = found[token.start_pos], SCOPES.get(token.type)
        if expected is not None:
            assert scope.startswith(expected), (str(token), scope)
        elif token.type == "NUMBER":
            assert scope == "constant.numeric.nfx", (str(token), scope)
            if unit := re.search(r"[a-zA-Z_]{2,}$|%$", token):
                assert found[token.start_pos + unit.start()] == "keyword.other.unit.nfx", str(token)
        elif token.type == "NAME":
            assert scope, str(token)


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_kinds_names_and_settings_are_told_apart(path: Path):
    source = Source(path.name, path.read_text())
    found = scopes(source.text)
    for block in parse(source).file.blocks:
        assert found[block.kind.span.start] == "storage.type.block.nfx"
        assert found[block.name.span.start] == "entity.name.type.block.nfx"
        for line in block.settings:
            assert found[line.name.span.start] == "support.type.property-name.nfx", line.name.text
            assert found[line.value.span.end - 1] != "support.type.property-name.nfx", line.name.text


def test_comments_and_strings_hide_what_is_in_them():
    text = 'data d {  # model m {\n  source folder("a # b \\" }")\n  classes 10 # 5 px\n}\nmodel m { depth [1] }\n'
    found = scopes(text)
    assert found[text.index("# model")].startswith("comment")
    assert found[text.index("# b")].startswith("string")
    assert found[text.index('\\"')].startswith("constant.character.escape")
    assert found[text.index("classes")] == "support.type.property-name.nfx"
    assert found[text.index("5 px")].startswith("comment")
    assert found[text.rindex("model")] == "storage.type.block.nfx"
    assert found[text.rindex("depth")] == "support.type.property-name.nfx"
