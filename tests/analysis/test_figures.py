from nfdsl.analysis.drawing import Drawing, Missing
from nfdsl.analysis.figures import default_figures, plates
from nfdsl.schema.report import Figure


def test_a_spec_without_figures_gets_those_of_its_blocks(record):
    records = [record(block="a"), record(block="b"), record(block="c", kind="finetune")]
    assert default_figures(records) == (
        Figure("loss_vs_compute", "a", "power_law"),
        Figure("loss_vs_compute", "b", "power_law"),
        Figure("optimal_lr", "a"),
        Figure("optimal_lr", "b"),
        Figure("error_vs_compute", "c"),
    )


def test_requested_figures_are_drawn_in_order_under_names_of_their_own(record):
    requested = (Figure("error_vs_compute", "scaling"), Figure("loss_vs_compute", "scaling"))
    drawn = plates((*requested, requested[0]), [record()])
    assert [plate.file_stem for plate in drawn] == [
        "1-error_vs_compute-scaling",
        "2-loss_vs_compute-scaling",
        "3-error_vs_compute-scaling",
    ]
    assert all(isinstance(plate.content, Drawing) for plate in drawn)


def test_a_figure_of_an_unknown_block_says_so(record):
    (plate,) = plates((Figure("optimal_lr", "nothing"),), [record()])
    assert plate.content == Missing("The plan has no runs of a block called nothing.")


def test_a_block_s_name_cannot_leave_the_folder(record):
    (plate,) = plates((Figure("optimal_lr", "../../etc"),), [record()])
    assert plate.file_stem == "1-optimal_lr-______etc"


def test_a_law_asked_for_in_vain_is_missed_in_the_caption(record):
    (plate,) = plates((Figure("error_vs_compute", "scaling", "power_law"),), [record()])
    assert plate.content.caption.endswith("No law is drawn: laws are fitted to losses.")
