import re

import matplotlib

from nfdsl.analysis.style import COLOURS, SERIES, Look, house_style, series_looks, variant


def test_a_user_s_settings_do_not_reach_the_figures_and_come_back():
    with matplotlib.rc_context({"font.size": 40.0, "axes.grid": False, "text.usetex": True}):
        with house_style():
            assert matplotlib.rcParams["font.size"] == 9.5
            assert matplotlib.rcParams["axes.grid"]
            assert not matplotlib.rcParams["text.usetex"]
        assert matplotlib.rcParams["font.size"] == 40.0


def test_42_series_look_different():
    looks = series_looks([str(number) for number in range(42)])
    assert len({(look.colour, look.marker) for look in looks.values()}) == 42


def test_more_series_than_looks_are_still_drawn():
    assert len(series_looks([str(number) for number in range(100)])) == 100


def test_four_variants_look_different_and_keep_their_colour():
    looks = [variant(Look("#123456", "o"), place) for place in range(4)]
    assert len({(look.fill, look.line) for look in looks}) == 4
    assert {look.colour for look in looks} == {"#123456"}


def test_colours_have_names_of_their_own_and_can_be_found_in_svg():
    for form in ("name", "light", "dark"):
        assert len({vars(colour)[form] for colour in COLOURS}) == len(COLOURS)
    assert all(re.fullmatch("#[0-9a-f]{6}", colour.light) for colour in COLOURS)


def test_series_stand_out_from_both_papers():
    for colour in SERIES:
        assert contrast(colour.light, "#ffffff") > 2.5
        assert contrast(colour.dark, "#17191d") > 4.5


def contrast(one: str, other: str) -> float:
    """The contrast ratio of WCAG 2."""
    bright, dim = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * share for weight, share in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
