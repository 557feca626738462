"""`nfdsl show`: the whole study, with nothing left to defaults."""

from collections.abc import Callable
from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.cli import main
from nfdsl.plan import Plan
from nfdsl.show.study import shown
from nfdsl.source import Source
from nfdsl.syntax.format import formatted

SPEC = '''"""What "it" is."""

# the larger one
model big from net {
  width       [32, 64]
}
data d {
  source      builtin(mnist_5k)
  classes     10
}
model net {
  depth       [1, 1]
  width       [16, 32]
  group_width 8
}
pretrain p {
  model       {net, big}
  data        d
  budget      1 epochs
  batch       50 images
  resolution  train 32px, eval 32px
  lr          0.1
  clip        agc
}
report r {}
'''


def show(text: str) -> str:
    source = Source("a.nfx", text)
    study, diagnostics = study_of(source)
    assert study is not None, diagnostics
    return shown(study, source)


def test_the_origin_of_each_setting_is_shown():
    text = show(SPEC)
    assert text.startswith(
        '"""What "it" is."""\n\n# the larger one\nmodel big {\n  depth       [1, 1]         # from net, line 12\n'
    )
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "width [32, 64] # line 5" in lines
    assert "se_ratio 0.5 # default" in lines
    assert "bottleneck 0.5 # default; section 4.1" in lines
    assert "clip agc(ratio: 0.01, eps: 0.001) # line 23; default: ratio, eps" in lines
    assert (
        "# hardware: default (device cpu, topology [1], shards auto, gather auto, remat auto, precision auto, mfu 0.35)"
        in lines
    )
    assert "# figure: none" in lines


def test_settings_stay_in_their_authors_order():
    names = [line.split()[0] for line in show(SPEC).partition("pretrain p {")[2].splitlines() if line.startswith("  ")]
    assert names[:7] == ["model", "data", "budget", "batch", "resolution", "lr", "clip"]


@pytest.mark.parametrize("name", ["convnets_match_vits", "quickstart", None])
def test_what_is_shown_means_the_same_and_leaves_nothing_to_say(
    planned: Callable[[str], Plan], spec: Callable[[str], str], name: str | None
):
    text = spec(name) if name else SPEC
    one, other = planned(text), planned(show(text))
    assert (one.runs, one.cells, one.programs) == (other.runs, other.cells, other.programs)
    assert formatted(Source("a.nfx", show(text))) == show(text)
    again = show(show(text))
    assert "default" not in again.replace("default (device cpu", "")
    assert uncommented(again) == uncommented(show(text))


def uncommented(text: str) -> list[str]:
    return [line for full in text.splitlines() if (line := full.partition("#")[0].rstrip())]


def test_the_command(spec: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "a.nfx").write_text(spec("quickstart"))
    assert main(["show", str(tmp_path / "a.nfx")]) == 0
    assert capsys.readouterr().out == show(spec("quickstart"))


def test_a_wrong_spec_is_not_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    (tmp_path / "a.nfx").write_text("model m {}")
    assert main(["show", str(tmp_path / "a.nfx")]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert "error[missing-setting]" in said.err
