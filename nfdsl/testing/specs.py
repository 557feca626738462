"""Hypothesis strategies of valid specs, for testing what reads, plans or runs them.

    from hypothesis import given
    from nfdsl.testing.specs import specs

    @given(specs())
    def test_my_backend_takes_any_study(text: str): ...

Needs Hypothesis: ``pip install nfdsl[testing]``. Settings are made from the schema by reflection, so a new
word is drawn as soon as it is defined. Only what rules tie together is chosen here.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import get_args

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from nfdsl.schema.augmentation import Augment
from nfdsl.schema.bit import BiT
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.objectives import MaskedPatches
from nfdsl.schema.schedules import ReciprocalSqrt, Schedule
from nfdsl.schema.setting import settings
from nfdsl.schema.training import Recipe, Start
from nfdsl.schema.units import Dimension
from nfdsl.schema.vit import ViT
from nfdsl.testing.amounts import amounts, spellings
from nfdsl.testing.values import Bound, Names, possible, values, words
from nfdsl.testing.written import WrittenBlock, WrittenSetting, WrittenSpec

_WARMUP = st.sampled_from(["0 steps", "1 step", "3 steps", "32 images", "1e-6 epochs"])
_BOUND: Bound = {
    (Augment, "repeat"): st.sampled_from(["1", "2", "4"]),  # divides every batch
    (ReciprocalSqrt, "cooldown"): st.sampled_from(["0 steps", "1 step"]),
    **{(word, "warmup"): _WARMUP for word in get_args(Schedule)},  # shorter than every budget
}
_SHARES = {s.name: s.description for s in settings(Recipe) if s.annotation is float and s.description.below == 1}
_PRETRAIN_FIGURES, _FINETUNE_FIGURES = ("loss_vs_compute", "optimal_lr"), ("error_vs_compute",)


def specs() -> SearchStrategy[str]:
    """Returns a strategy of specs in which everything is right, as text."""
    return written_specs().map(str)


@st.composite
def written_specs(draw: st.DrawFn) -> WrittenSpec:
    """Returns a strategy of specs in which everything is right, block by block."""
    data = [draw(_data(f"data_{number}", earlier)) for number, earlier in enumerate(([], ["data_0"]))]
    hardware = [draw(_hardware("pod"))] if draw(st.booleans()) else []
    by_block = any(_said(block, "gather") == "block" for block in hardware)
    never = ["sam"] if by_block else []  # it ascends along whole gradients, which no chip then has
    models = [draw(_model(f"net_{number}")) for number in range(draw(st.integers(1, 2)))]
    names = {"data": [block.name for block in data], "hardware": [block.name for block in hardware]}
    names["model"] = [block.name for block in models]
    maskable = [block.name for block in models if _said(block, "backbone") == "none"]
    pretrains = [draw(_training("pretrain", "base", names, _BOUND, maskable, never, seed=0))]
    if draw(st.booleans()):
        pretrains.append(_again(pretrains[0], draw(st.integers(1000, 1999))))
    names["pretrain"] = [block.name for block in pretrains]
    best = st.integers(1, _candidates(pretrains)).map(str)
    bound = {**_BOUND, (Start, "best"): best}
    maskable = names["pretrain"] if _said(pretrains[0], "model") in maskable else []
    tuned = _training("finetune", "tuned", names, bound, maskable, never, seed=2000)
    finetunes = [draw(tuned)] if draw(st.booleans()) else []
    names["finetune"] = [block.name for block in finetunes]
    reports = [draw(_report("paper", names))] if draw(st.booleans()) else []
    blocks = draw(st.permutations([*data, *hardware, *models, *pretrains, *finetunes, *reports]))
    return WrittenSpec(blocks, draw(st.sampled_from(["", "A study.", "One.\n\nTwo: é日.\n"])))


@st.composite
def _data(draw: st.DrawFn, name: str, earlier: list[str]) -> WrittenBlock:
    """A data set of at least 1000 images to train on, and some held out: so any budget and tuning fits it."""
    builtin = draw(st.booleans())
    required = {
        "source": draw(st.sampled_from(["digits", "mnist_5k"]).map("builtin({})".format))
        if builtin
        else draw(st.sampled_from(['folder("images")', 'array_record("a/*.array_record")'])),
        "classes": "10" if builtin else draw(st.integers(2, 1000).map(str)),
        "holdout": draw(st.integers(1, 500).map("{} images".format)),
    }
    if not builtin:
        required["examples"] = draw(
            st.integers(1000, 10**7).flatmap(lambda n: spellings(Fraction(n), Dimension.IMAGES))
        )
        lists = ['excluding "near.txt"', *map("dedup(against: {})".format, earlier)]
        if draw(st.booleans()):  # of a built-in source, a list would leave fewer images than are known
            required["dedup"] = draw(st.sampled_from(lists))
    return draw(_block("data", name, required, {"data": earlier}, without=["dedup", "examples", "reassessed"]))


@st.composite
def _hardware(draw: st.DrawFn, name: str) -> WrittenBlock:
    """At most 8 chips, which divide every batch."""
    topology = draw(st.sampled_from(["[1]", "[2]", "2x2x1", "2x2x2", "[4, 2]"]))
    return draw(_block("hardware", name, {"topology": topology}, {}))


def _model(name: str) -> SearchStrategy[WrittenBlock]:
    """A model of any family, of a stride of 32 at most."""
    return st.one_of(_nfnet(name), _vit(name), _bit(name))


@st.composite
def _nfnet(draw: st.DrawFn, name: str) -> WrittenBlock:
    """One to four stages, of a stride of 32 at most, which groups of 8 or 16 divide."""
    stages = draw(st.integers(1, 4))
    depth = draw(st.lists(st.integers(1, 3), min_size=stages, max_size=stages))
    width = draw(st.lists(st.sampled_from([64, 128, 192]), min_size=stages, max_size=stages))
    scale, points = draw(st.sampled_from([("", 1), (" * {S: 1, M: 2}", 2), (" * {1, 2, 3}", 3)]))
    required = {
        "depth": WrittenSetting("depth", f"{depth}{scale}", points),
        "width": str(width),
        "group_width": draw(st.sampled_from(["8", "16"])),
        "bottleneck": draw(st.sampled_from(["0.5", "25%"])),
    }
    if draw(st.booleans()):
        required["family"] = "nfnet"
    return draw(_block("model", name, required, {}, without=["family"]))


@st.composite
def _vit(draw: st.DrawFn, name: str) -> WrittenBlock:
    """A model of which each resolution is a multiple of the patch, on a backbone or not."""
    heads = draw(st.sampled_from([1, 2, 4]))
    depths, points = draw(st.sampled_from([("1", 1), ("{1, 3}", 2), ("{S: 1, L: 2}", 2)]))
    required = {
        "family": "vit",
        "depth": WrittenSetting("depth", depths, points),
        "width": str(heads * 8 * draw(st.integers(1, 3))),
        "heads": str(heads),
        "patch": draw(st.sampled_from(["16px", "32 px"])),
        "backbone": draw(st.sampled_from(["none", "resnet([1, 2, 1], [32, 64, 128], norm_groups: 8)"])),
    }
    return draw(_block("model", name, required, {}, schema_class=ViT))


@st.composite
def _bit(draw: st.DrawFn, name: str) -> WrittenBlock:
    """A model whose channels divide into groups, in at most four stages."""
    stages = draw(st.integers(1, 4))
    depth = draw(st.lists(st.integers(1, 3), min_size=stages, max_size=stages))
    scale, points = draw(st.sampled_from([("", 1), (" * {1, 2}", 2), (" * {x1: 1, x3: 3}", 2)]))
    required = {
        "family": "bit",
        "depth": str(depth),
        "width": WrittenSetting("width", f"{[32 * 2**stage for stage in range(stages)]}{scale}", points),
        "norm_groups": draw(st.sampled_from(["1", "4", "8"])),
    }
    return draw(_block("model", name, required, {}, schema_class=BiT))


@st.composite
def _training(
    draw: st.DrawFn,
    kind: str,
    name: str,
    names: Names,
    bound: Bound,
    maskable: Sequence[str],
    never: Sequence[str],
    *,
    seed: int,
) -> WrittenBlock:
    """A block whose runs no other block has, since its seeds are from `seed` to `seed` + 999.

    Args:
      maskable: which of the models, or of the blocks to start from, have patches that can be masked.
      never: settings that do not go with what the block names.
    """
    seeds = sorted(draw(st.sets(st.integers(seed, seed + 999), min_size=1, max_size=3)))
    sides = [f"{draw(st.integers(1, 4)) * 32}px" for _ in range(2)]
    budget, points = draw(
        st.sampled_from(
            [
                ("1 .. 4 epochs by x2", 3),
                ("{8 steps, 1 epoch}", 2),
                ("2k images", 1),
                ("16 steps", 1),
                ("1e18 FLOPs", 1),
            ]
        )
    )
    required = {
        "batch": draw(st.integers(1, 4).flatmap(lambda n: spellings(Fraction(n * 32), Dimension.IMAGES))),
        "resolution": draw(st.sampled_from(["train {}, eval {}", "resolution(eval: {1}, train: {0})"])).format(*sides),
        "budget": WrittenSetting("budget", budget, points),
        "seed": WrittenSetting("seed", f"{{{', '.join(map(str, seeds))}}}", len(seeds)),
    }
    without = [*never, "objective"]
    if maskable and draw(st.booleans()):
        required["objective"] = draw(words(MaskedPatches, names, bound, in_setting=True))
        names, without = {**names, "model" if kind == "pretrain" else "pretrain": maskable}, [*never, "mixup", "cutmix"]
    block = draw(_block(kind, name, required, names, bound, without))
    swept = draw(st.sampled_from(["", *_SHARES]))
    return WrittenBlock(kind, name, [draw(_sweep(s.name)) if s.name == swept else s for s in block.settings])


def _said(block: WrittenBlock, name: str) -> str | None:
    return next((setting.text for setting in block.settings if setting.name == name), None)


@st.composite
def _sweep(draw: st.DrawFn, name: str) -> WrittenSetting:
    """A grid of shares, no two of them equal."""
    chosen = draw(st.lists(amounts(_SHARES[name], whole=False), min_size=1, max_size=3, unique=True))
    texts = [draw(spellings(amount, Dimension.NUMBER)) for amount in chosen]
    return WrittenSetting(name, f"{{{', '.join(texts)}}}", len(texts))


def _again(block: WrittenBlock, seed: int) -> WrittenBlock:
    """Returns a block that inherits everything but its seed."""
    return WrittenBlock(block.kind, f"{block.name}_again", [WrittenSetting("seed", str(seed))], block.name)


def _candidates(pretrains: Sequence[WrittenBlock]) -> int:
    """Returns how many networks of each model any of the blocks has at least: those of its budgets and shares."""
    seeds = next(setting.points for setting in pretrains[0].settings if setting.name == "seed")
    return pretrains[0].points // seeds


@st.composite
def _report(draw: st.DrawFn, name: str, names: Names) -> WrittenBlock:
    drawn = {"pretrain": _PRETRAIN_FIGURES, "finetune": _FINETUNE_FIGURES}
    pairs = [(figure, block) for kind, figures in drawn.items() for figure in figures for block in names[kind]]
    chosen = draw(st.lists(st.sampled_from(pairs), max_size=3))
    return WrittenBlock("report", name, [WrittenSetting("figure", f"{figure} of {of}") for figure, of in chosen])


@st.composite
def _block(
    draw: st.DrawFn,
    kind: str,
    name: str,
    required: Mapping[str, str | WrittenSetting],
    names: Names,
    bound: Bound = _BOUND,
    without: Sequence[str] = (),
    schema_class: type | None = None,
) -> WrittenBlock:
    """A block of the settings given, and of others that it must or may have, in any order."""
    written = [
        text if isinstance(text, WrittenSetting) else WrittenSetting(key, text) for key, text in required.items()
    ]
    for setting in settings(schema_class or KINDS[kind][0]):
        is_open = setting.name not in {*required, *without} and possible(setting.annotation, setting.description, names)
        if is_open and (setting.required or draw(st.booleans())):
            written.append(WrittenSetting(setting.name, draw(values(setting, names, bound))))
    return WrittenBlock(kind, name, draw(st.permutations(written)))
