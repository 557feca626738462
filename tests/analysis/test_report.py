import csv
import json
import random
import re
import shutil

import pytest

from nfdsl.analysis.report import write_report
from nfdsl.run_json import load
from nfdsl.study.directory import Unreadable


def visible(html):
    """Returns what of a page is read, without its figures."""
    body = re.sub(r"<(style|svg)\b.*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_a_finished_study_is_told_in_one_file_with_figures_beside_it(study):
    files = write_report(study.path)
    html = files.html.read_text()
    assert files.html == study.path / "report.html"
    assert [file.name for file in files.figures] == [
        "1-loss_vs_compute-scaling.png",
        "2-optimal_lr-scaling.png",
        "3-error_vs_compute-tuned.png",
    ]
    assert {file.name for file in files.html.with_name("figures").iterdir()} == {
        *(file.with_suffix(kind).name for file in files.figures for kind in (".png", ".svg", ".csv")),
        "runs.csv",
        "laws.csv",
    }
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files.figures)
    assert html.count("<svg ") == 3
    assert files.findings[0] == "All 22 runs of the study are done."
    assert "exponent 0.15" in html
    assert "<p>Two networks at three budgets.</p>" in html
    assert "<p>With &lt;b&gt;fine-tuning&lt;/b&gt; &amp; more.</p>" in html
    assert "source      builtin(digits)" in html
    assert html[html.index("All runs") :].count("<tr") == 23


def test_fine_tunes_of_two_seeds_are_told_as_means(seeded):
    files = write_report(seeded.path)
    text = visible(files.html.read_text())
    assert files.findings[0] == "All 26 runs of the study are done."
    assert "(mean of 2 seeds, standard deviation 0.71%) on held-out images: L, augment.repeat 2, 2 epochs" in text
    assert "Over seeds" in text
    means = list(csv.DictReader((seeded.figures / "means.csv").read_text().splitlines()))
    assert [(row["seeds"], row["planned_seeds"]) for row in means if row["block"] == "tuned"] == [("2", "2")] * 4
    drawn = list(csv.DictReader((seeded.figures / "3-error_vs_compute-tuned.csv").read_text().splitlines()))
    assert len(drawn) == 4
    assert {round(float(row["top1_deviation"]), 6) for row in drawn} == {0.007071}


def test_nothing_is_loaded_from_elsewhere(study):
    html = write_report(study.path).html.read_text()
    assert not re.search(r'(src|href)="(?!#)', html)
    assert not re.search(r"@import|url\((?!#)|<script|<link", html)


def test_a_report_does_not_tell_where_the_spec_lies(study):
    run = next((study.path / "runs").iterdir()) / "run.json"
    folder = json.dumps(load(run.read_text()).folder)
    assert folder in run.read_text()
    for path in (study.path / "runs").glob("*/run.json"):
        path.write_text(path.read_text().replace(folder, '"/home/somebody"'))
    assert "somebody" not in write_report(study.path).html.read_text()


def test_the_same_directory_gives_the_same_bytes(study):
    def written():
        files = write_report(study.path)
        beside = sorted(study.figures.iterdir())
        return [file.read_bytes() for file in (files.html, *beside)], files.findings

    assert written() == written()


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_missing_the_report_is_written_and_says_so(study, plan, seed):
    chance = random.Random(seed)
    lost = [run.id for run in plan.runs if chance.random() < (seed + 1) / 4]
    for run in lost:
        kept = chance.choice(["nothing", "run.json", "metrics", "failure"])
        study.result_json(run).unlink()
        match kept:
            case "nothing":
                shutil.rmtree(study.run(run))
            case "metrics":
                study.metrics(run).write_text('{"step": 5, "loss": 2.0, "seconds": 1.0}\n{"step": 6, "lo')
            case "failure":
                study.failure_json(run).write_text(json.dumps({"reason": "gone <bad>", "detail": "", "attempts": 3}))
    files = write_report(study.path)
    done = len(plan.runs) - len(lost)
    assert files.findings[0].startswith("All 22 runs" if not lost else f"Of 22 runs: {f'{done} done' if done else ''}")
    assert len(visible(files.html.read_text()).split("scaling")) > 3
    assert "gone <bad>" not in files.html.read_text()


def test_a_study_without_any_result_says_what_each_figure_waits_for(study, plan):
    shutil.rmtree(study.path / "runs")
    files = write_report(study.path)
    text = visible(files.html.read_text())
    assert files.figures == ()
    assert "No run has a held-out loss yet." in text
    assert "No model and budget with a choice of learning rates has a result yet." in text
    assert "No run has been evaluated yet." in text


def test_requested_figures_are_the_ones_drawn(study):
    description = json.loads(study.study_json.read_text())
    description["figures"] = [{"kind": "optimal_lr", "of": "scaling", "fit": "none"}]
    study.study_json.write_text(json.dumps(description))
    assert [file.name for file in write_report(study.path).figures] == ["1-optimal_lr-scaling.png"]


def test_names_from_a_spec_are_escaped_everywhere(study):
    evil = "<script>alert(1)</script>"
    for path in (study.plan_json, study.study_json):
        text = (
            path.read_text()
            .replace("scaling", evil)
            .replace('"S"', f'"S{evil}"')
            .replace('"spec"', f'"{evil}", "spec"')
        )
        path.write_text(text.replace(f'"{evil}", "spec"', '"spec"'))
    assert "<script" not in write_report(study.path).html.read_text()


def test_a_directory_without_a_study_is_named(tmp_path):
    with pytest.raises(Unreadable, match=r"study\.json"):
        write_report(tmp_path)


def test_figures_of_earlier_reports_are_removed_and_other_files_are_not(study):
    write_report(study.path)
    (study.figures / "9-optimal_lr-gone.png").touch()
    (study.figures / "mine.png").touch()
    write_report(study.path)
    assert not (study.figures / "9-optimal_lr-gone.png").exists()
    assert (study.figures / "mine.png").exists()


def test_every_link_leads_to_a_place_in_the_page(study):
    html = write_report(study.path).html.read_text()
    links, places = set(re.findall(r'<a href="#([^"]*)"', html)), set(re.findall(r'\bid="([^"]*)"', html))
    assert links <= places
    assert {re.search(rf'id="(line-\d+)">{block} ', html)[1] for block in ("pretrain", "finetune")} <= links
    assert sum(link.startswith("config-") for link in links) == 6 + 4


def test_values_are_shown_on_pointing_at_them(study):
    html = write_report(study.path).html.read_text()
    assert re.search(r'<g class="tip"><title>L, 4 epochs at learning rate 0\.2: loss 0\.\d+</title>', html)


def test_learning_curves_are_drawn_where_training_told_its_loss(study, plan):
    run = next(run for run in plan.runs if run.lr == 0.2)
    study.metrics(run.id).write_text(
        '{"step": 1, "loss": 2.0, "seconds": 1.0}\n{"step": 2, "loss": 1.0, "seconds": 2.0}\n'
    )
    assert "4-learning_curves-scaling.png" in [file.name for file in write_report(study.path).figures]


def test_a_report_says_what_trained_the_runs(study, plan):
    path = study.result_json(plan.runs[0].id)
    path.write_text(json.dumps({**json.loads(path.read_text()), "versions": {"jax": "9.9.9", "commit": "abc"}}))
    text = visible(write_report(study.path).html.read_text())
    assert "Trained by jax 9.9.9" in text
    assert "Seeds weights and dropout 0; order of examples 0" in text
