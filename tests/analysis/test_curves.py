from nfdsl.analysis.curves import Cost, curves, rates_kept, total_cost


def test_a_curve_is_a_model_in_increasing_compute_and_smaller_models_come_first(record):
    records = [
        record(id="b2", model="B", params=200, train_flops=4e12),
        record(id="a1", model="A", params=100, train_flops=1e12),
        record(id="b1", model="B", params=200, train_flops=2e12),
    ]
    found = [(curve.name, [member.id for member in curve.records]) for curve in curves(records)]
    assert found == [("A", ["a1"]), ("B", ["b1", "b2"])]


def test_variants_are_the_axes_that_differ_within_a_model(record):
    records = [
        record(id=f"{model}{repeat}", model=model, params=params, labels=labels | {"augment.repeat": repeat})
        for model, params in (("A", 1), ("B", 2))
        for repeat in ("1", "4")
        for labels in ({"model": model, "depth": f"of {model}", "lr": repeat, "budget": repeat, "start": repeat},)
    ]
    assert [curve.name for curve in curves(records)] == [
        "A, augment.repeat 1",
        "A, augment.repeat 4",
        "B, augment.repeat 1",
        "B, augment.repeat 4",
    ]


def test_learning_rates_that_are_kept_have_curves_of_their_own(record):
    def run(epochs, lr):
        labels = {"model": "S", "budget": f"{epochs} epochs", "lr": lr}
        return record(id=f"{epochs}{lr}", labels=labels, train_flops=epochs * 1e12)

    kept = [run(epochs, lr) for epochs in (1, 2) for lr in ("0.1", "0.2")]
    assert rates_kept(kept)
    assert [(curve.name, [member.id for member in curve.records]) for curve in curves(kept)] == [
        ("S, lr 0.1", ["10.1", "20.1"]),
        ("S, lr 0.2", ["10.2", "20.2"]),
    ]
    best = [run(1, "0.1"), run(2, "0.2")]
    assert not rates_kept(best)
    assert [curve.name for curve in curves(best)] == ["S"]


def test_a_fine_tuned_network_has_cost_its_pre_training_too(record):
    before = record(id="p", train_flops=1e15, core_hours=2.0)
    after = record(id="f", kind="finetune", start="p", train_flops=1e13, sam_flops=2e12, core_hours=0.5)
    assert total_cost(after, {"p": before}) == Cost(1e15 + 1.2e13, 2.5)


def test_core_hours_are_known_only_where_all_of_them_are(record):
    before = record(id="p", train_flops=1e15)
    after = record(id="f", kind="finetune", start="p", train_flops=1e13, core_hours=0.5)
    assert total_cost(after, {"p": before}) == Cost(1e15 + 1e13, None)


def test_the_cost_is_not_known_while_the_start_is_not_chosen(record):
    assert total_cost(record(kind="finetune", start=None), {}) is None


def test_of_released_weights_only_what_comes_after_them_is_known(record):
    after = record(kind="finetune", weights="5ba9", train_flops=1e13, core_hours=0.5)
    assert total_cost(after, {}) == Cost(1e13, 0.5)
