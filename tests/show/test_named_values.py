"""What is shown of a study that names values, imports files and overrides arguments means the same."""

from pathlib import Path

from nfdsl.check.spec import study_of
from nfdsl.plan import Plan, plan
from nfdsl.show.study import shown
from nfdsl.source import Source, read

BASE = """\
let warm 10 steps
data mnist {
  source builtin(mnist_5k)
  classes 10
  holdout 500 images
}
model net {
  depth [1, 1] * {S: 1, M: 2}
  width [16, 32]
}
pretrain common {
  model net
  data mnist
  budget 2 epochs
  batch 50 images
  resolution train 32px, eval 32px
  optimizer sgd(0.8, weight_decay: 1e-6)
  schedule cosine(warmup: warm)
  lr 0.1
}
"""
SPEC = """\
import "base.nfx"  # shared
let rates {0.1, 0.2}
let other sgd(momentum: 0.7)
pretrain p from common {
  lr tune rates
  optimizer.weight_decay 1e-5
  optimizer.nesterov off
  budget {1 epochs, 2 epochs}
  seed {0, 1}
  zip budget, seed
}
pretrain q from p {
  optimizer other
  optimizer.momentum 0.65
  batch p.batch * 2
  schedule.warmup 5 steps
}
"""


def planned(source: Source) -> Plan:
    study, diagnostics = study_of(source)
    assert study is not None, diagnostics
    found, diagnostics = plan(study, "a")
    assert found is not None, diagnostics
    return found


def test_every_way_to_say_a_thing(tmp_path: Path):
    (tmp_path / "base.nfx").write_text(BASE)
    (tmp_path / "a.nfx").write_text(SPEC)
    source = read(str(tmp_path / "a.nfx"))
    study, _ = study_of(source)
    assert study is not None
    text = shown(study, source)
    assert [run.id for run in planned(Source(source.name, text)).runs] == [run.id for run in planned(source).runs]
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert lines[:3] == ['import "base.nfx" # shared', "let rates {0.1, 0.2}", "let other sgd(momentum: 0.7)"]
    base = tmp_path / "base.nfx"
    assert (
        f"optimizer sgd(0.8, weight_decay: 1e-5, nesterov: off, head_decay: none) # from common, {base}:17; "
        "weight_decay: line 6; nesterov: line 7; default: head_decay"
    ) in lines
    assert "optimizer other # line 13" in lines
    assert "optimizer.momentum 0.65 # line 14" in lines
    assert f"schedule cosine(warmup: 5 steps) # from common, {base}:18; warmup: line 16" in lines


def test_a_path_that_another_folder_s_file_says_is_shown_as_seen_from_the_spec(tmp_path: Path):
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "base.nfx").write_text(
        BASE.replace(
            "source builtin(mnist_5k)",
            'source {folder("a"), folder(path: "../b")}\n validation folder path "c"\n examples 1000 images',
        )
    )
    spec = 'import "parts/base.nfx"\ndata pictures from mnist { dedup excluding "listed" }\n'
    (tmp_path / "a.nfx").write_text(f"{spec}pretrain p from common {{ data pictures }}\n")
    source = read(str(tmp_path / "a.nfx"))
    study, diagnostics = study_of(source)
    assert study is not None, diagnostics
    text = shown(study, source)
    assert '{folder("parts/a"), folder(path: "b")}' in text
    assert 'folder path "parts/c"' in text
    assert 'excluding "listed"' in text
    assert [run.id for run in planned(Source(source.name, text)).runs] == [run.id for run in planned(source).runs]
