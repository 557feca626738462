"""Changes of named values, and the runs they affect."""

from pathlib import Path

import pytest

from nfdsl.cli import main


def test_a_named_value_that_changes_is_told(
    tmp_path: Path, base: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    named = base.replace("tune {0.1, 0.2}", "tune rates")
    (tmp_path / "a.nfx").write_text(f"let rates {{0.1, 0.2}}\n{named}")
    (tmp_path / "b.nfx").write_text(f"let rates {{0.1, 0.4}}\n{named}")
    assert main(["diff", "a.nfx", "b.nfx"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("let rates\n  the whole: {0.1, 0.2} (line 1) -> {0.1, 0.4} (line 1)\n\nruns: 8 in both")
    assert "base, because of lr\n" in said
