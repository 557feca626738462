"""`nfdsl explain`, as people and programs see it."""

import json

import pytest

from nfdsl.catalogue import catalogue
from nfdsl.cli import main


@pytest.mark.parametrize("code", catalogue())
def test_any_code_can_be_explained(code: str, capsys: pytest.CaptureFixture[str]):
    assert main(["explain", code]) == 0
    shown = capsys.readouterr().out
    entry = catalogue()[code]
    assert shown.startswith(f"{entry.headline}  [{code}]\n")
    for snippet in (entry.wrong, entry.right):
        assert "".join(f"  {line}".rstrip() + "\n" for line in snippet.splitlines()) in shown
    assert "\x1b" not in shown


def test_the_wrong_snippet_is_shown_with_what_nfdsl_says_of_it(capsys: pytest.CaptureFixture[str]):
    main(["explain", "unclosed-bracket"])
    assert "  error[unclosed-bracket]: `[` is not closed\n   --> study.nfx:2:16\n" in capsys.readouterr().out


def test_all_codes_are_listed(capsys: pytest.CaptureFixture[str]):
    assert main(["explain"]) == 0
    shown = capsys.readouterr().out
    assert [line.split()[0] for line in shown.splitlines() if not line.startswith(" ")] == list(catalogue())


def test_an_unknown_code_names_the_nearest(capsys: pytest.CaptureFixture[str]):
    assert main(["explain", "unknown-unitt"]) == 2
    assert capsys.readouterr() == (
        "",
        "nfdsl: no diagnostic has the code `unknown-unitt`; did you mean `unknown-unit`?\n",
    )


def test_json(capsys: pytest.CaptureFixture[str]):
    assert main(["explain", "wrong-unit", "--json"]) == 0
    one = json.loads(capsys.readouterr().out)
    assert set(one) == {"code", "headline", "text", "kind", "wrong", "right"}
    assert main(["explain", "--json"]) == 0
    everything = json.loads(capsys.readouterr().out)
    assert [entry["code"] for entry in everything] == list(catalogue())
    assert one in everything
