"""The commands as a person runs them, each in a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

SPECS = Path(__file__).parent.parent / "specs"

# One stage at 8 px: a network that compiles in seconds. Two programs, one of them with every branch of the step.
TINY = """
data digits {
  source      builtin(digits)
  classes     10
  holdout     360 images
}

model net {
  depth       [2]
  width       [8]
}

pretrain base {
  model       net
  data        digits
  budget      {1 epochs, 2 epochs}
  batch       50 images
  resolution  train 8px, eval 8px
  clip        agc(0.02)
  lr          tune {0.1, 0.4} using grid(extend: 0)
  augment     flip off
}

finetune tuned {
  start       base by holdout.loss
  data        digits
  budget      1 epochs
  batch       50 images
  resolution  train 12px, eval 16px
  clip        agc(0.02)
  lr          0.1
  sam         rho 0.05
  stochastic_depth 0.1
  dropout     0.1
  augment     flip off, repeat 2
  average     ema(0.9)
}

report r {
  figure      loss_vs_compute of base
  figure      optimal_lr of base
  figure      error_vs_compute of tuned
}
"""

# A transformer that learns without labels, and what is made of it with them.
BLIND = """
data digits {
  source      builtin(digits)
  classes     10
  holdout     360 images
}

model net {
  family      vit
  depth       1
  width       16
  mlp         32
  heads       2
  patch       2px
}

pretrain blind {
  model       net
  data        digits
  budget      2 epochs
  batch       50 images
  resolution  train 8px, eval 8px
  objective   masked_patches
  optimizer   adam
  lr          tune {0.003, 0.01} using grid(extend: 0)
}

finetune seeing {
  start       blind by holdout.loss
  data        digits
  budget      1 epochs
  batch       50 images
  resolution  train 12px, eval 12px
  optimizer   adam
  lr          0.003
}

report r { figure error_vs_compute of seeing }
"""


_ONCE_TOLD = "import sys; from nfdsl import cli; sys.stdin.read(); sys.exit(cli.main())"


def nfdsl(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "nfdsl.cli", *arguments]
    return subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)


def environment() -> dict[str, str]:
    """Returns this process's environment less what the tests of the runtime set: one device, as users have."""
    paths = [str(SPECS.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "XLA_FLAGS": ""}


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    (tmp_path / "tiny.nfx").write_text(TINY)
    return tmp_path


@pytest.mark.parametrize("command", ["check", "plan", "run"])
def test_a_wrong_spec_is_shown_where_it_is_wrong_and_nothing_is_written(tiny: Path, command: str):
    (tiny / "tiny.nfx").write_text(
        TINY.replace("batch       50 images", "batch 50 imgs", 1).replace("lr          0.1", "lr =")
    )
    answer = nfdsl(command, "tiny.nfx", folder=tiny)
    assert answer.returncode == 1
    assert "error[unknown-unit]" in answer.stderr
    assert "--> tiny.nfx:17:12\n   |\n17 |   batch 50 imgs\n   |            ^^^^" in answer.stderr
    assert "did you mean `images`?" in answer.stderr
    assert "error[setting-separator]" in answer.stderr, "a syntax error and a wrong unit in one pass"
    assert "Traceback" not in answer.stderr
    assert sorted(path.name for path in tiny.iterdir()) == ["tiny.nfx"]


@pytest.mark.parametrize("command", ["check", "plan"])
@pytest.mark.parametrize("name", ["nowhere.nfx", "."])
def test_an_unreadable_file_is_named(tmp_path: Path, command: str, name: str):
    answer = nfdsl(command, name, folder=tmp_path)
    assert answer.returncode == 1
    assert f"cannot read {name}" in answer.stderr
    assert "= help: name a text file" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_wrong_usage_has_a_code_of_its_own(tmp_path: Path):
    assert nfdsl("chekc", folder=tmp_path).returncode == 2
    assert nfdsl("report", "nowhere", folder=tmp_path).returncode == 2


@pytest.mark.parametrize("command", ["plan", "show", "explain"])
def test_who_reads_the_first_line_alone_is_content(tiny: Path, command: str):
    spec = [] if command == "explain" else ["tiny.nfx"]
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys\nfrom nfdsl import cli\nsys.stdin.read()\nsys.exit(cli.main())",
            command,
            *spec,
        ],
        cwd=tiny,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before anything is written
        process.stdin.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("command", ["plan", "show"])
def test_output_that_cannot_be_written_is_one_sentence(tiny: Path, command: str):
    with Path("/dev/full").open("w") as full:
        answer = subprocess.run(
            [sys.executable, "-m", "nfdsl.cli", command, "tiny.nfx"],
            cwd=tiny,
            env=environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (answer.returncode, answer.stderr) == (2, "nfdsl: the output cannot be written: No space left on device\n")


def test_what_a_terminal_has_no_letters_for_is_escaped(tiny: Path):
    (tiny / "tiny.nfx").write_text(f'"""Über Netze."""\n{TINY}', encoding="utf-8")
    command = [sys.executable, "-m", "nfdsl.cli", "show", "tiny.nfx"]
    ascii_only = {**environment(), "PYTHONIOENCODING": "ascii"}
    answer = subprocess.run(command, cwd=tiny, env=ascii_only, capture_output=True, check=False)
    assert (answer.returncode, answer.stdout.splitlines()[0]) == (0, rb'"""\xdcber Netze."""')


def test_check_loads_neither_jax_nor_fiddle_nor_figures():
    program = "import sys; from nfdsl.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    command = [sys.executable, "-c", program, "check", str(SPECS / "convnets_match_vits.nfx")]
    answer = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert not {"jax", "fiddle", "matplotlib", "numpy", "rich"} & set(answer.stderr.split())


def test_the_example_studies_plan_without_their_data(tmp_path: Path):
    for spec in sorted(SPECS.glob("*.nfx")):
        answer = nfdsl("plan", str(spec), "--json", folder=tmp_path)
        assert answer.returncode == 0, answer.stderr
        assert json.loads(answer.stdout)["totals"]["runs"] > 0


@pytest.mark.slow
def test_a_study_killed_at_any_moment_comes_to_the_same_results(tiny: Path):
    whole = nfdsl("run", "tiny.nfx", "--out", "whole", folder=tiny)
    assert whole.returncode == 0, whole.stderr
    assert "compiled  2 training programs for 5 runs: 2 compilations" in whole.stdout
    for done in (0, 2, 4):  # results on disk when the kill comes, a little after
        killed_after(done, tiny)
    continued = nfdsl("run", "tiny.nfx", "--out", "killed", folder=tiny)
    assert continued.returncode == 0, continued.stderr
    assert results(tiny / "killed") == results(tiny / "whole")
    again = nfdsl("run", "tiny.nfx", "--out", "killed", folder=tiny)
    assert "5 of them already complete" in again.stdout, "nothing that is done is done again"
    assert (tiny / "killed" / "report.html").stat().st_size > 10_000
    figures = " ".join(path.name for path in (tiny / "killed" / "figures").glob("*.png"))
    assert all(kind in figures for kind in ("loss_vs_compute", "optimal_lr", "error_vs_compute"))


@pytest.mark.slow
def test_a_study_of_masked_patches_killed_in_its_middle_comes_to_the_same_results(tmp_path: Path):
    (tmp_path / "tiny.nfx").write_text(BLIND)
    whole = nfdsl("run", "tiny.nfx", "--out", "whole", folder=tmp_path)
    assert whole.returncode == 0, whole.stderr
    assert "compiled  2 training programs for 3 runs: 2 compilations" in whole.stdout
    killed_after(1, tmp_path)
    continued = nfdsl("run", "tiny.nfx", "--out", "killed", folder=tmp_path)
    assert continued.returncode == 0, continued.stderr
    found = results(tmp_path / "killed")
    assert found == results(tmp_path / "whole")
    losses = sorted(result["holdout_loss"] for result in found.values())
    assert len(losses) == 3
    assert losses[-1] < 4, "of 512 colours, of which chance gives 6.2; and of 10 classes"
    assert "proved" in nfdsl("audit", "killed", folder=tmp_path).stdout
    assert (tmp_path / "killed" / "report.html").stat().st_size > 10_000


def killed_after(done: int, folder: Path) -> None:
    """Starts the study and kills it, `kill -9`, once that many runs are done and the next has begun."""
    command = [sys.executable, "-m", "nfdsl.cli", "run", "tiny.nfx", "--out", "killed"]
    with subprocess.Popen(command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 240
        while len(list(folder.glob("killed/runs/*/run.json"))) <= done:
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)


def results(folder: Path) -> dict[str, dict[str, Any]]:
    """Returns each run's result without its timings."""
    found = {path.parent.name: json.loads(path.read_text()) for path in folder.glob("runs/*/result.json")}
    timings = ("seconds", "images_per_second")
    return {run: {key: value for key, value in result.items() if key not in timings} for run, result in found.items()}
