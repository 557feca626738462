"""`nfdsl diff`, as people and as programs read it."""

import json
from pathlib import Path

import pytest

from nfdsl.cli import main


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, base: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.nfx").write_text(base)
    (tmp_path / "b.nfx").write_text(base.replace("{0.1, 0.2}", "{0.2, 0.4}").replace("1e-5", "1e-4"))
    (tmp_path / "same.nfx").write_text(f"# same\n{base}")
    (tmp_path / "wrong.nfx").write_text("model m {}")


@pytest.mark.usefixtures("files")
def test_for_people(capsys: pytest.CaptureFixture[str]):
    assert main(["diff", "a.nfx", "b.nfx"]) == 0
    assert (
        capsys.readouterr().out
        == """\
pretrain base (and decayed, which inherits)
  lr.over: {0.1, 0.2} (line 19) -> {0.2, 0.4} (line 19)
pretrain decayed
  optimizer.weight_decay: 1e-5 (line 23) -> 1e-4 (line 23)

runs: 4 in both, 14 only in a.nfx, 14 only in b.nfx

base, because of lr
  S, budget 1 epochs  1 gone, 1 new, 1 kept
  S, budget 2 epochs  1 gone, 1 new, 1 kept
  M, budget 1 epochs  1 gone, 1 new, 1 kept
  M, budget 2 epochs  1 gone, 1 new, 1 kept

decayed, because of optimizer.weight_decay, lr
  S, budget 1 epochs  2 gone, 2 new
  S, budget 2 epochs  2 gone, 2 new
  M, budget 1 epochs  2 gone, 2 new
  M, budget 2 epochs  2 gone, 2 new

tuned, because of runs of base
  S  1 gone, 1 new
  M  1 gone, 1 new
"""
    )


@pytest.mark.usefixtures("files")
def test_for_programs(capsys: pytest.CaptureFixture[str]):
    assert main(["diff", "a.nfx", "b.nfx", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["changes"][0] == {
        "kind": "pretrain",
        "block": "base",
        "setting": "lr.over",
        "old": {"text": "{0.1, 0.2}", "file": "a.nfx", "line": 19},
        "new": {"text": "{0.2, 0.4}", "file": "b.nfx", "line": 19},
        "heirs": ["decayed"],
    }
    assert {key: len(runs) for key, runs in found["runs"].items()} == {"only_a": 14, "only_b": 14, "both": 4}
    assert found["cells"][0]["causes"] == ["lr"]
    assert set(found["cells"][0]) == {"block", "model", "labels", "only_a", "only_b", "both", "causes"}


@pytest.mark.usefixtures("files")
def test_no_difference(capsys: pytest.CaptureFixture[str]):
    assert main(["diff", "a.nfx", "same.nfx"]) == 0
    assert capsys.readouterr().out == "no setting has another value\n\nthe 18 runs are the same\n"


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("names", [("a.nfx", "wrong.nfx"), ("wrong.nfx", "a.nfx"), ("a.nfx", "none.nfx")])
def test_wrong_specs_are_not_compared(names: tuple[str, str], capsys: pytest.CaptureFixture[str]):
    assert main(["diff", *names]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[" in said.err


@pytest.mark.usefixtures("files")
def test_what_the_command_line_says_in_another_way_is_a_difference(capsys: pytest.CaptureFixture[str]):
    assert main(["diff", "a.nfx", "a.nfx", "--set", "base.seed=7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {change["setting"] for change in found["changes"]} == {"seed"}
