"""The grammar: its vocabulary agrees with the schema, its tables are sound and cached."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from lark import Lark, Tree

from nfdsl.schema.units import SI_PREFIXES, UNITS
from nfdsl.syntax import grammar
from nfdsl.syntax.grammar import Stop, match, tokenize
from nfdsl.syntax.tokens import significant


def alternatives(terminal: str) -> list[str]:
    """Returns the words that a terminal of the grammar lists."""
    definition = re.search(rf"^{terminal}:((?:.*\n)(?:\s+\|.*\n)*)", grammar.text(), re.MULTILINE)
    assert definition is not None
    return re.findall(r'"([^"]+)"', definition[1])


def test_the_units_are_those_of_the_schema():
    assert sorted(alternatives("_UNIT")) == sorted(UNITS)
    assert sorted(alternatives("_PREFIX")) == sorted(SI_PREFIXES)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("prefix", ["", *SI_PREFIXES])
def test_a_number_is_one_token_with_its_prefix_and_unit(prefix: str, unit: str):
    for text in (f"1.5{prefix} {unit}", f"1.5{prefix}{unit}", f"15{prefix}  {unit}"):
        assert [(token.type, str(token)) for token in tokenize(text)] == [("NUMBER", text)]


def test_only_two_choices_are_left_to_the_longer_reading(caplog: pytest.LogCaptureFixture):
    caplog.set_level("DEBUG", logger="lark")
    Lark(grammar.text(), parser="lalr", lexer="basic", start="file", debug=True)
    conflicts = [message for message in caplog.messages if "conflict" in message]
    assert sorted(re.findall("terminal ([A-Z]+)", " ".join(conflicts))) == ["LPAR", "MINUS"]


def test_matching_says_how_far_it_got():
    assert isinstance(match(tokenize("a 1 + 2"), "setting"), Tree)
    assert match(tokenize("a 1 + * 2"), "setting") == Stop(3, too_deep=False)
    assert match(tokenize("a 1 +"), "setting") == Stop(3, too_deep=False)
    assert match(tokenize("a " + "(" * 65 + "1"), "setting") == Stop(65, too_deep=True)


@pytest.fixture
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Returns where the parse tables are cached; the grammar is read afresh, and again after the test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    grammar._nfx.cache_clear()
    yield tmp_path / "cache" / "nfdsl" / "nfx.tables"
    grammar._nfx.cache_clear()


def test_the_tables_are_cached(tables: Path, example: str):
    built = match(list(significant(tokenize(example))), "file")
    assert tables.parent.stat().st_mode & 0o777 == 0o700
    written = tables.stat().st_mtime_ns
    grammar._nfx.cache_clear()
    assert match(list(significant(tokenize(example))), "file") == built
    assert tables.stat().st_mtime_ns == written, "read, not built again"


def test_damaged_tables_are_built_again(tables: Path, example: str):
    tokenize("")
    sound = tables.read_bytes()
    for damaged in (b"", b"of another grammar\n", sound[: len(sound) // 2]):
        tables.write_bytes(damaged)
        grammar._nfx.cache_clear()
        assert isinstance(match(list(significant(tokenize(example))), "file"), Tree)
    assert tables.read_bytes().split(b"\n")[0] == sound.split(b"\n")[0]


def test_without_a_place_for_the_tables_there_is_no_cache(
    tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert isinstance(match(tokenize("a 1"), "setting"), Tree)
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path / "cache"))
    grammar._nfx.cache_clear()
    assert isinstance(match(tokenize("a 1"), "setting"), Tree)
