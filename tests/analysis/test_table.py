import xml.etree.ElementTree as ET

from nfdsl.analysis.table import Links, runs_table
from nfdsl.audit.run import RunAudit

LINKS = Links({}, {})


def rows(records):
    """Returns the table as a dictionary for each row."""
    root = ET.fromstring(runs_table(records, LINKS, {}))
    head = [cell.text for cell in root.iterfind("./thead/tr/th")]
    return [dict(zip(head, map(text, row), strict=True)) for row in root.iterfind("./tbody/tr")]


def test_what_else_was_measured_has_columns_of_its_own(record):
    first, second = rows([record(id="a", accuracies={"5-shot": 0.25}), record(id="b")])
    assert (first["5-shot"], second["5-shot"]) == ("25.0%", "")


def text(element):
    return "".join(element.itertext())


def test_each_run_has_a_row_with_what_is_known_of_it(record):
    run = record(
        id="0123456789ab",
        labels={"model": "S", "budget": "1 epochs", "lr": "0.1", "augment.repeat": "4"},
        train_flops=1.234e15,
        core_hours=12.3,
    )
    assert rows([run]) == [
        {
            "run": "01234567",
            "block": "scaling",
            "model": "S",
            "variant": "augment.repeat 4",
            "state": "done",
            "learning rate": "0.1",
            "epochs": "1",
            "steps": "10",
            "images": "640",
            "training FLOPs": "1.23 \N{MULTIPLICATION SIGN} 10¹⁵",
            "core-hours": "12.3",
            "training loss": "1.000",
            "held-out loss": "1.100",
            "top-1": "90.0%",
            "time": "5.0 s",
        }
    ]


def test_columns_without_an_entry_are_left_out(record):
    assert not {"variant", "core-hours", "why"} & set(rows([record()])[0])


def test_the_best_learning_rate_of_a_choice_is_marked(record):
    alone, best, other = record(id="a", cell="a"), record(id="b", lr=0.2), record(id="c", lr=0.4, tuned=False)
    assert [row["learning rate"] for row in rows([alone, best, other])] == ["0.1", "★ 0.2", "0.4"]


def test_runs_that_did_not_come_to_their_end_say_how_far_and_why(record):
    diverged = record(id="d", state="diverged", step=3, holdout_loss=None, train_loss=None, top1=None, tuned=False)
    failed = record(id="f", state="failed", step=0, failure="the worker <died>", tuned=False)
    waiting = record(id="w", state="waiting", step=0, seconds=None, tuned=False)
    found = rows([diverged, failed, waiting])
    assert [row["state"] for row in found] == ["diverged", "failed", "waiting"]
    assert [row["steps"] for row in found] == ["3 of 10", "0 of 10", "10"]
    assert [row["why"] for row in found] == ["", "the worker <died>", ""]


def test_names_from_a_spec_are_escaped(record):
    evil = "<script>alert(1)</script>"
    run = record(id=evil, block=evil, model=f"m{evil}", labels={evil: f'"{evil}', "b": "c"})
    assert "<script" not in runs_table([run], LINKS, {})
    assert rows([run])[0]["model"] == f"m{evil}"


def test_a_run_leads_to_its_config_and_a_block_to_its_line(record):
    table = runs_table([record(id="a1", cell="c"), record(id="b2", cell="d")], Links({"scaling": 12}, {"c": "a1"}), {})
    assert table.count('href="#line-12"') == 2
    assert table.count('href="#config-a1"') == 1


def test_the_sampling_of_complete_runs_is_judged(record):
    audits = {"a1": RunAudit("a1", "refuted", ("epoch 0 was <fed> twice",)), "b2": RunAudit("b2", "proved", ())}
    table = runs_table([record(id="a1"), record(id="b2"), record(id="c3")], LINKS, audits)
    assert '<span class="verdict refuted" title="epoch 0 was &lt;fed&gt; twice">refuted</span>' in table
    assert '<span class="verdict proved" title="">proved</span>' in table
    assert table.count('class="verdict') == 2
