"""The reference documentation, one Markdown page made from the schema alone."""

import inspect
from collections.abc import Iterable, Iterator, Sequence

from nfdsl.reference import wording
from nfdsl.reference.vocabulary import Use, in_reading_order, words
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.data import BUILTIN_SIZES
from nfdsl.schema.hardware import DEVICES, GIB
from nfdsl.schema.setting import Setting
from nfdsl.schema.units import SI_PREFIXES, UNITS, Dimension, Unit

_INTRODUCTION = """\
# Reference of the nfx language

Every block, setting, word and unit a study may use. This page is made from the schema (`nfdsl/schema`) by
`python -m nfdsl.reference > docs/reference.md`, and a test fails while it is out of date. How values are
written (lists, grids, ranges, arithmetic) is told by the grammar, `grammar/nfx.lark`; what a diagnostic means, by
`nfdsl explain CODE`.

Wherever one value may stand, a grid of values may: `{0.1, 0.2}`, `1 .. 8 by x2`. Grids multiply."""

_BLOCKS = """\
## Blocks

A study is a list of blocks: a kind, a name of your choice, and settings. `from` begins a block as a copy of
another of its kind. A setting marked *required* must be set, here or in the block it comes from."""

_WORDS = """\
## Words

The value of some settings is a word with arguments. All of these say the same: `sgd(momentum: 0.9)`, `sgd(0.9)`,
`sgd momentum 0.9`, and `sgd` alone, since 0.9 is the default. Arguments without a name fill the settings of the
word in the order of its table. Where a setting admits one word only, the word itself may be left out:
`resolution train 224px, eval 256px`."""

_UNITS = """\
## Units

A number is exact and carries its unit: `4096 images`, `0.25 epochs`, `224px`. Units of one kind are converted;
those of different kinds cannot be added or compared. A pure number has no unit, or `%`."""

_PATHS = """\
## Paths

A path starts at the folder of the file that says it, be that the spec or a file that it imports; one on the command
line (`--set`), at the folder of the spec. `~/` is the home folder of whoever runs the study; absolute paths start
where they say. URLs are none: a bucket is mounted, and named by its folder. Where the folder of the spec lies is no
part of what a run is."""


def reference() -> str:
    """Returns the page."""
    parts = [
        _INTRODUCTION,
        _contents(),
        _BLOCKS,
        *(part for kind, classes in KINDS.items() for part in _kind(kind, classes)),
        _WORDS,
        *(_word(schema_class, uses) for schema_class, uses in words().items()),
        _UNITS,
        _table(("written", "measures", "is"), _unit_rows()),
        f"A prefix is glued to the number: {_prefixes()}.",
        _PATHS,
        "## Devices",
        "What a [hardware](#hardware) block may name, and the rate its costs are worked out with.",
        _table(
            (
                "device",
                "peak bf16 FLOP/s of a chip",
                "cores of a chip",
                "memory",
                "its bandwidth",
                "sent to other chips",
                "source",
            ),
            _device_rows(),
        ),
        "## Built-in data sets",
        "What [builtin](#builtin) may name; they install with nfdsl's dependencies.",
        _table(("name", "images", "classes"), _builtin_rows()),
    ]
    return "\n\n".join(parts) + "\n"


def _contents() -> str:
    blocks = ", ".join(map(wording.link, KINDS))
    vocabulary = ", ".join(wording.link(_name(word)) for word in words())
    others = "[devices](#devices), [data sets](#built-in-data-sets)"
    return (
        f"- [Blocks](#blocks): {blocks}\n- [Words](#words): {vocabulary}\n- [Units](#units), [paths](#paths), {others}"
    )


def _kind(kind: str, classes: Sequence[type]) -> Iterator[str]:
    """Yields the section of a kind of block; where it has families, one of each after it."""
    if len(classes) == 1:
        yield _block(kind, classes[0], f"{kind} NAME {{ ... }}")
        return
    links = wording.either(wording.link(_name(each)) for each in classes)
    text = f"The setting `family` says which of several settings such a block has: {links}; without it, the first."
    yield f"### {kind}\n\n`{kind} NAME {{ ... }}`\n\n{text}"
    for each in classes:
        yield _block(_name(each), each, f"{kind} NAME {{ family {_name(each)} ... }}")


def _block(heading: str, schema_class: type, header: str) -> str:
    return "\n\n".join(
        [
            f"### {heading}",
            f"`{header}`",
            _doc(schema_class),
            _settings(in_reading_order(schema_class, required_first=True)),
        ]
    )


def _word(schema_class: type, uses: Sequence[Use]) -> str:
    arguments = in_reading_order(schema_class, required_first=False)
    parts = [f"### {_name(schema_class)}", f"`{wording.call(schema_class)}`", _doc(schema_class), _used(uses)]
    return "\n\n".join([*parts, _settings(arguments)] if arguments else parts)


def _used(uses: Sequence[Use]) -> str:
    named = [dict.fromkeys(f"`{use.setting}`" for use in uses), dict.fromkeys(wording.link(use.owner) for use in uses)]
    return "A value of {} in {}.".format(*(wording.listed(names, "and") for names in named))


def _settings(settings: Sequence[Setting]) -> str:
    return _table(("setting", "value", "default", "range", "meaning"), map(_row, settings))


def _row(setting: Setting) -> tuple[str, ...]:
    source = f". *{setting.description.source}*" if setting.description.source else ""
    meaning = f"{setting.description.doc}{source}"
    admitted = wording.admitted(setting.description)
    return f"`{setting.name}`", wording.value(setting), wording.default(setting), admitted, meaning


def _unit_rows() -> Iterator[tuple[str, ...]]:
    names: dict[Unit, list[str]] = {}
    for name, unit in UNITS.items():
        names.setdefault(unit, []).append(f"`{name}`")
    for unit in sorted(names, key=lambda unit: (list(Dimension).index(unit.dimension), unit.factor)):
        measures = unit.dimension.value.replace("_", "-") or "a pure number"
        canonical = (
            f"{unit.factor.numerator:,} {unit.dimension.value}" if unit.factor.denominator == 1 else str(unit.factor)
        )
        yield ", ".join(names[unit]), measures, "" if unit.factor == 1 else canonical


def _device_rows() -> Iterator[tuple[str, ...]]:
    yield "`cpu`", "differs from machine to machine; costs are not estimated", "", "", "", "", ""
    for name, device in DEVICES.items():
        yield (
            f"`{name}`",
            f"{device.flops_per_second:g}",
            str(device.cores),
            f"{device.hbm / GIB:.4g} GiB",
            f"{device.bandwidth / 1e9:g} GB/s",
            f"{device.interconnect / 1e9:g} GB/s",
            device.source,
        )


def _builtin_rows() -> Iterator[tuple[str, ...]]:
    for name, size in BUILTIN_SIZES.items():
        yield f"`{name}`", f"{size.examples:,}", str(size.classes)


def _prefixes() -> str:
    return ", ".join(f"`{prefix}` times 10^{len(str(factor)) - 1}" for prefix, factor in SI_PREFIXES.items())


def _name(schema_class: type) -> str:
    return wording.called(schema_class)


def _doc(schema_class: type) -> str:
    return (inspect.getdoc(schema_class) or "").replace("``", "`")


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)
