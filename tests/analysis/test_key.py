from nfdsl.analysis.curves import Curve
from nfdsl.analysis.key import key

LINES = [Curve(model, variant, ()) for model in ("A", "B") for variant in ("repeat 1", "repeat 4")]


def test_models_share_a_colour_and_a_marker_and_variants_a_fill():
    looks = key(LINES).looks
    a1, a4, b1, b4 = (looks[line.name] for line in LINES)
    assert (a1.colour, a1.marker) == (a4.colour, a4.marker) != (b1.colour, b1.marker)
    assert a1.fill == b1.fill != a4.fill == b4.fill


def test_the_legend_names_each_model_and_each_variant_once():
    shown = key(LINES)
    assert [name for _, name in shown.models] == ["A", "B"]
    assert [name for _, name in shown.variants] == ["repeat 1", "repeat 4"]


def test_without_variants_there_is_no_row_for_them():
    assert key([Curve("A", "", ())]).variants == ()
