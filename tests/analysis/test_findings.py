from nfdsl.analysis.findings import findings, left_unread
from nfdsl.audit.run import Part, RunAudit


def pretrained(record, model, epochs, loss, lr=0.2, **special):
    """Returns the runs of one cell, of which the one at `lr` is the best."""
    cell = f"{model}{epochs}"
    return [
        record(
            id=f"{cell}@{rate}",
            cell=cell,
            model=model,
            labels={"model": model, "budget": f"{epochs} epochs", "lr": str(rate)},
            lr=rate,
            epochs=float(epochs),
            train_flops=1e12 * epochs * (1 if model == "S" else 3),
            params=1 if model == "S" else 3,
            holdout_loss=loss if rate == lr else loss * 1.2,
            tuned=rate == lr,
            **special,
        )
        for rate in (0.1, 0.2, 0.4)
    ]


def finetuned(record, top1, **special):
    labels = {"model": "S", "augment.repeat": "4"}
    return record(
        id="ft", block="ft", kind="finetune", start="S1@0.2", labels=labels, top1=top1, epochs=12.0, **special
    )


def test_a_finished_study_tells_best_law_learning_rate_and_error(record):
    records = [
        *pretrained(record, "S", 1, 2.0, lr=0.2),
        *pretrained(record, "S", 2, 1.6, lr=0.1),
        *pretrained(record, "L", 1, 1.4),
        *pretrained(record, "L", 2, 1.0),
        finetuned(record, 0.975),
    ]
    progress, best, law, rates, error, spent = findings(records)
    assert progress == "All 13 runs of the study are done."
    assert best == "The lowest held-out loss of scaling is 1.00: L, 2 epochs at learning rate 0.2."
    assert law.startswith("Along 3 compute-optimal runs of scaling the held-out loss falls as L\u00a0=")
    assert "95% interval of the exponent" in law
    assert law.endswith(
        "1 of 4 tuned runs is left out: its best learning rate lies on the edge of the grid, so a better one may lie "
        "beyond."
    )
    assert rates == (
        "From the smallest to the largest budget of scaling the best learning rate falls for S (0.2 to 0.1) and "
        "stays for L (0.2). Of 4 optima, 1 lies on the edge of the grid: the true ones may differ."
    )
    assert error == (
        "The best network of ft has a top-1 error of 2.5% on held-out images: S, augment.repeat 4, 12 epochs at "
        "learning rate 0.1, pre-trained for 1 epoch at learning rate 0.2."
    )
    assert spent == (
        "Of 3.70 \N{MULTIPLICATION SIGN} 10¹³ training FLOPs spent, 64.9% went into learning rates that were not the "
        "best. Every learning rate of the grid was run."
    )


def test_ten_times_the_compute_multiplies_the_loss_by_what_the_law_says(record):
    records = [
        record(id=str(c), cell=str(c), train_flops=c, holdout_loss=100 * c**-0.30103) for c in (1e12, 1e13, 1e14)
    ]
    assert "ten times the compute multiplies it by 0.50." in findings(records)[2]


def test_a_study_that_has_not_begun_says_what_is_missing(record):
    records = [record(state="waiting", step=0, holdout_loss=None, top1=None, tuned=False)]
    records += [record(id="f", block="ft", kind="finetune", state="waiting", step=0, top1=None, tuned=False)]
    assert findings(records) == (
        "Of 2 runs: 2 still to come.",
        "No run of scaling has a held-out loss yet.",
        "No law of scaling can be fitted yet. A power law needs at least 3 different amounts of compute; there are 0.",
        "No run of ft has been evaluated yet.",
    )


def test_every_state_is_counted(record):
    states = ("done", "done", "diverged", "failed", "running", "waiting", "unneeded")
    records = [record(id=str(place), state=state) for place, state in enumerate(states)]
    assert findings(records)[0] == (
        "Of 7 runs: 2 done, 1 diverged, 1 failed, 1 begun and not finished, 1 still to come and "
        "1 not needed by the tuning."
    )


def test_images_that_were_left_out_are_told():
    part = Part(epoch=0, first=3, last=4, steps=(1, 1), records=(7,))
    whole, less = RunAudit("a", "proved", ()), RunAudit("b", "proved", (), skipped=(part,))
    assert left_unread([whole]) == ""
    assert left_unread([whole, less, less]).startswith("In 2 runs images could not be read and were left out")
