import pytest

from nfdsl.analysis.fit_answer import answer, parse_question, to_json
from nfdsl.analysis.points import FitError
from nfdsl.analysis.report import write_report
from nfdsl.analysis.runs_csv import read_runs
from nfdsl.study.description import read_description
from nfdsl.study.records import read_records


def test_runs_are_read_as_they_were_written(study, plan):
    write_report(study.path)
    records = read_records(study, read_description(study).cells)
    known = {record.id: vars(record) for record in records}
    assert len(read_runs(study.figures / "runs.csv")) == len(plan.runs)
    for run in read_runs(study.figures / "runs.csv"):
        assert vars(run) == {**known[run.id], "start_cells": ()}


@pytest.mark.parametrize("form", ["power", "saturating"])
def test_a_study_and_the_table_of_its_runs_have_one_law(seeded_pretraining, form):
    study = seeded_pretraining
    questions = [parse_question("model=L,epochs=8")]
    of_study = to_json(answer(study.path, form, questions))
    write_report(study.path)
    assert to_json(answer(study.figures / "runs.csv", form, questions)) == of_study


def test_another_table_holds_no_study(tmp_path):
    path = tmp_path / "points.csv"
    path.write_text("run,block,model,epochs,lr,compute,loss\na,scaling,S,1,0.1,1e12,2\n")
    assert read_runs(path) == ()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (",pretrain,", ",trained,", "'trained' as kind, which is none of pretrain"),
        (",0.1,", ",,", "as lr"),
    ],
)
def test_a_row_that_was_changed_is_named(study, old, new, says):
    write_report(study.path)
    path = study.figures / "runs.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(FitError, match=f"^Line 2 .*{says}"):
        read_runs(path)
