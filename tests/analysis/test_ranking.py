import pytest

from nfdsl.analysis.ranking import correlation, ranking, told


@pytest.fixture
def networks(record):
    """Returns a function from (model, size, epochs, loss, top-1 shares) to fine-tunes and all runs by id."""

    def networks(*wanted):
        starts, tuned = [], []
        for model, size, epochs, loss, *shares in wanted:
            starts.append(
                record(id=f"s{model}{epochs}", model=model, params=size, epochs=float(epochs), holdout_loss=loss)
            )
            tuned += [
                record(
                    id=f"f{model}{epochs}{top1}",
                    kind="finetune",
                    block="ft",
                    start=starts[-1].id,
                    model=model,
                    top1=top1,
                )
                for top1 in shares
            ]
        return tuned, {one.id: one for one in (*starts, *tuned)}

    return networks


def test_networks_are_ranked_by_their_best_fine_tune(networks):
    ranked = ranking(*networks(("S", 1, 8, 1.0, 0.7, 0.9), ("L", 3, 4, 1.1, 0.8)))
    assert [(one.start.model, one.by_error, one.by_loss, one.finetuned.top1) for one in ranked] == [
        ("S", 1, 1, 0.9),
        ("L", 2, 2, 0.8),
    ]
    assert (
        told("ft", ranked) == "The 2 networks that ft fine-tuned rank the same by fine-tuned error as by held-out loss."
    )


def test_a_larger_model_at_a_smaller_budget_that_wins_is_said_to_be_so(networks):
    ranked = ranking(*networks(("S", 1, 8, 1.0, 0.8), ("L", 3, 4, 1.1, 0.9), ("T", 0.5, 8, 1.2, 0.7)))
    assert correlation(ranked) == pytest.approx(0.5)
    assert told("ft", ranked) == (
        "The 3 networks that ft fine-tuned rank differently by fine-tuned error than by held-out loss (Spearman's "
        "correlation 0.50): L pre-trained for 4 epochs has the lowest error, and is number 2 by held-out loss; it is a "
        "larger model at a smaller budget than S pre-trained for 8 epochs, which has the lowest loss."
    )


def test_the_winner_may_be_the_same_where_others_change_places(networks):
    ranked = ranking(*networks(("S", 1, 8, 1.0, 0.9), ("L", 3, 4, 1.1, 0.7), ("T", 2, 8, 1.2, 0.8)))
    assert told("ft", ranked).endswith("the best is the same: S pre-trained for 8 epochs.")


def test_one_network_is_no_ranking(networks):
    assert told("ft", ranking(*networks(("S", 1, 8, 1.0, 0.9)))) == ""


def test_what_is_not_evaluated_or_not_chosen_is_not_ranked(networks, record):
    tuned, by_id = networks(("S", 1, 8, None, 0.9), ("L", 3, 4, 1.1, None))
    assert ranking([*tuned, record(kind="finetune", start=None)], by_id) == ()
