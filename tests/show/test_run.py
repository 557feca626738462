"""`nfdsl show --run`: one run in each of its forms."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nfdsl.check.spec import study_of
from nfdsl.check.study import Study
from nfdsl.cli import main
from nfdsl.plan import Plan
from nfdsl.run_json import load
from nfdsl.show.run import UnknownRun, as_fiddle, as_json, as_nfx, find
from nfdsl.source import Source
from nfdsl.syntax.format import formatted
from nfdsl.syntax.parse import parse

Planned = Callable[[str], Plan]


def study(text: str) -> Study:
    found, diagnostics = study_of(Source("a.nfx", text))
    assert found is not None, diagnostics
    return found


@pytest.mark.parametrize("name", ["convnets_match_vits", "quickstart"])
def test_the_spec_of_a_pretraining_run_is_of_that_run_alone(planned: Planned, spec: Callable[[str], str], name: str):
    plan, whole = planned(spec(name)), study(spec(name))
    for run in [run for run in plan.runs if run.kind == "pretrain"][::17]:
        text = as_nfx(run, plan, whole)
        assert formatted(Source("a.nfx", text)) == text
        (again,) = planned(text).runs
        assert (again.id, again.program, again.core_hours, again.recipe) == (
            run.id,
            run.program,
            run.core_hours,
            replace(run.recipe, schedule=again.recipe.schedule),
        )


def test_a_fine_tune_says_what_it_waits_for_in_place(planned: Planned, spec: Callable[[str], str]):
    plan, whole = planned(spec("quickstart")), study(spec("quickstart"))
    run = plan.runs[-1]
    assert run.start is not None
    text = as_nfx(run, plan, whole)
    parsed = parse(Source("a.nfx", text))
    assert not parsed.diagnostics
    assert [block.kind.text for block in parsed.file.blocks] == ["data", "model", "finetune"]
    assert "\n  # start: not known yet: best by holdout.loss of the tuned runs among candidates " in text
    said = [text, as_fiddle(run), load(as_json(run)).start or ""]
    assert all(candidate in form for form in said for candidate in run.start.candidates)


def test_the_spec_of_a_run_from_released_weights_is_of_that_run_alone(
    planned: Planned, spec: Callable[[str], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    for name in ("S", "M", "L"):
        Path(f"{name}.safetensors").write_text(name)
    files = '{S: "S.safetensors", M: "M.safetensors", L: "L.safetensors"}'
    start = f"released({files}, model: nfnet)\n  zip start.file, start.model"
    text = spec("quickstart").replace("scaling best 1 per model by holdout.loss", start)
    plan, whole = planned(text), study(text)
    for run in (run for run in plan.runs if run.kind == "finetune"):
        shown = as_nfx(run, plan, whole)
        assert f'start       released("{run.label}.safetensors", nfnet)' in shown
        (again,) = planned(shown).runs
        assert (again.id, again.weights) == (run.id, run.weights)


def test_json_is_the_run_itself(planned: Planned, spec: Callable[[str], str]):
    run = planned(spec("quickstart")).runs[0]
    loaded = load(as_json(run))
    assert (loaded.id, loaded.recipe, loaded.model, loaded.lr, loaded.start) == (
        run.id,
        run.recipe,
        run.model,
        run.lr,
        None,
    )


def test_fiddle_prints_the_config(planned: Planned, spec: Callable[[str], str]):
    run = planned(spec("quickstart")).runs[0]
    text = as_fiddle(run)
    assert text.startswith(f"<Config[Run(\n  id='{run.id}',\n")
    assert "optimizer=<Config[SGD(momentum=0.9, nesterov=True, weight_decay=1e-05, head_decay=None)]>" in text


def test_a_unique_beginning_is_enough(planned: Planned, spec: Callable[[str], str]):
    plan = planned(spec("quickstart"))
    every = (*plan.runs, *plan.extensions)
    for run in every:
        assert find(plan, run.id) == run
        shortest = next(n for n in range(1, 13) if sum(other.id[:n] == run.id[:n] for other in every) == 1)
        assert find(plan, run.id[:shortest]) == run
        if shortest > 1:
            with pytest.raises(UnknownRun, match=r"begins the ids of \d+ runs: "):
                find(plan, run.id[: shortest - 1])


def test_an_unknown_run_suggests_the_nearest(planned: Planned, spec: Callable[[str], str]):
    plan = planned(spec("quickstart"))
    run = plan.runs[0]
    with pytest.raises(UnknownRun, match=rf"did you mean {run.id} \(scaling S, budget 0\.5 epochs, lr 0\.1\)\?"):
        find(plan, run.id[:-1] + "x")
    with pytest.raises(UnknownRun, match="plan FILE --json"):
        find(plan, "zzz")


def test_the_command(spec: Callable[[str], str], tmp_path: Path, capsys: pytest.CaptureFixture[str], planned: Planned):
    (tmp_path / "a.nfx").write_text(spec("quickstart"))
    file = str(tmp_path / "a.nfx")
    run = replace(planned(spec("quickstart")).runs[0], folder=str(tmp_path))
    for form, text in {"fiddle": as_fiddle(run), "json": as_json(run)}.items():
        assert main(["show", file, "--run", run.id, "--as", form]) == 0
        assert capsys.readouterr().out == text
    assert main(["show", file, "--run", run.id]) == 0
    assert capsys.readouterr().out.startswith(f'"""Run {run.id} of a: scaling S, ')
    assert main(["show", file, "--run", "zzz"]) == 2
    assert "no run of this study" in capsys.readouterr().err
    assert main(["show", file, "--as", "json"]) == 2
    assert "--run ID" in capsys.readouterr().err
