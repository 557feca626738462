"""What holds for every spec, tested on ones made from the schema."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, assume, find, given, settings
from hypothesis import strategies as st

from nfdsl.catalogue import prelude
from nfdsl.check.spec import study_of
from nfdsl.diagnose import diagnose
from nfdsl.plan import Plan, plan
from nfdsl.reference.vocabulary import Use, called, words
from nfdsl.schema.blocks import KINDS
from nfdsl.schema.setting import settings as settings_of
from nfdsl.schema.units import UNITS, Dimension
from nfdsl.source import Source
from nfdsl.syntax import ast
from nfdsl.syntax.parse import parse
from nfdsl.testing.amounts import spellings
from nfdsl.testing.specs import specs, written_specs
from nfdsl.testing.written import WrittenBlock, WrittenSetting, WrittenSpec

LETTERS = "abdeilmnoprstuvwxyz_"
few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def planned(text: str) -> Plan:
    study, diagnostics = study_of(Source("spec.nfx", text))
    assert study is not None, [diagnostic.headline for diagnostic in diagnostics]
    result, diagnostics = plan(study, "spec")
    assert result is not None, [diagnostic.headline for diagnostic in diagnostics]
    return result


def ids(text: str) -> list[str]:
    return sorted(run.id for run in planned(text).runs)


@few
@given(specs())
def test_a_spec_from_the_schema_is_in_order_and_can_be_planned(text: str):
    assert planned(text).runs


@pytest.mark.parametrize("kind", ["pretrain", "finetune"])
def test_networks_are_drawn_that_learn_without_labels(kind: str):
    def blind(spec: WrittenSpec) -> bool:
        return any(s.name == "objective" for block in spec.blocks if block.kind == kind for s in block.settings)

    any_of_many = settings(few, max_examples=2000, phases=[Phase.generate], derandomize=True)
    assert "masked_patches" in str(find(written_specs(), blind, settings=any_of_many))


@few
@given(specs(), st.data())
def test_spelling_numbers_otherwise_changes_no_run(text: str, data: st.DataObject):
    respelt = text
    for number in sorted(numbers(parse(Source("a.nfx", text)).file), key=lambda found: -found.span.start):
        unit = UNITS[number.unit.text] if number.unit else None
        amount, dimension = (number.value * unit.factor, unit.dimension) if unit else (number.value, Dimension.NUMBER)
        if data.draw(st.booleans()):
            spelling = data.draw(spellings(amount, dimension))
            respelt = respelt[: number.span.start] + spelling + respelt[number.span.end :]
    assert ids(respelt) == ids(text)


def numbers(node: Any) -> Iterator[ast.Number]:
    """Yields the numbers of a file, but not those of ranges, which share a unit."""
    if isinstance(node, ast.Number):
        yield node
    elif isinstance(node, tuple):
        for part in node:
            yield from numbers(part)
    elif is_dataclass(node) and not isinstance(node, ast.Range):
        for field in fields(node):
            yield from numbers(getattr(node, field.name))


@few
@given(written_specs(), st.data())
def test_the_order_of_blocks_and_settings_changes_no_run(spec: WrittenSpec, data: st.DataObject):
    blocks = [replace(block, settings=data.draw(st.permutations(block.settings))) for block in spec.blocks]
    assert ids(str(replace(spec, blocks=data.draw(st.permutations(blocks))))) == ids(str(spec))


@few
@given(written_specs())
def test_grids_multiply(spec: WrittenSpec):
    cells = Counter(cell.id for cell in planned(str(spec)).cells)
    assert set(cells.values()) == {1}
    runs = planned(str(spec)).runs
    for block in spec.blocks:
        if block.kind == "pretrain":
            inherited = inheriting(spec, block)
            (model,) = (setting.text for setting in inherited.settings if setting.name == "model")
            found = {run.cell for run in runs if run.block == block.name}
            assert len(found) == inherited.points * spec.block(model).points


def inheriting(spec: WrittenSpec, block: WrittenBlock) -> WrittenBlock:
    """Returns a block with the settings of its parent that it does not set itself."""
    own = {setting.name for setting in block.settings}
    parents = spec.block(block.parent).settings if block.parent else ()
    return replace(block, settings=[*block.settings, *(setting for setting in parents if setting.name not in own)])


@st.composite
def misspelt(draw: st.DrawFn, name: str, known: set[str]) -> str:
    """Returns the name after one edit, which is not another name that is known."""
    place = draw(st.integers(0, len(name) - 1))
    letter = draw(st.sampled_from(LETTERS))
    edited = draw(
        st.sampled_from(
            [
                name[:place] + name[place + 1 :],
                name[:place] + letter + name[place:],
                name[:place] + letter + name[place + 1 :],
                name[:place] + name[place + 1 : place + 2] + name[place : place + 1] + name[place + 2 :],
            ]
        )
    )
    assume(edited not in known and edited != "from")
    return edited


@few
@given(written_specs(), st.data())
def test_every_misspelt_setting_is_reported_with_what_was_meant(spec: WrittenSpec, data: st.DataObject):
    block = data.draw(st.sampled_from([block for block in spec.blocks if block.settings]))
    setting = data.draw(st.sampled_from(block.settings))
    known = {setting.name for schema_class in KINDS[block.kind] for setting in settings_of(schema_class)}
    wrong = data.draw(misspelt(setting.name, known))
    changed = [WrittenSetting(wrong, each.text) if each is setting else each for each in block.settings]
    text = str(replace(spec, blocks=[replace(b, settings=changed) if b is block else b for b in spec.blocks]))
    (found,) = {
        each.primary.span.start: each for each in diagnose(Source("a.nfx", text)) if each.code == "unknown-setting"
    }.values()
    assert found.primary.span.text == wrong
    assert re.fullmatch(r"did you mean `(\w+)`\?", found.help)


ARGUMENTS = [
    (called(word), uses[0], setting.name)
    for word, uses in words().items()
    for setting in settings_of(word)
    if uses[0].owner in KINDS
]


@pytest.mark.parametrize(
    ("word", "use", "argument"), [pytest.param(*each, id=f"{each[0]}-{each[2]}") for each in ARGUMENTS]
)
@pytest.mark.parametrize("form", ["{word}({wrong}: 1)", "{word} {wrong} 1"], ids=["call", "phrase"])
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_every_misspelt_argument_is_reported_with_what_was_meant(
    word: str, use: Use, argument: str, form: str, data: st.DataObject
):
    known = {setting.name for each in words() if called(each) == word for setting in settings_of(each)}
    wrong = data.draw(misspelt(argument, known | {word}))
    text = f"{use.owner} it {{ {use.setting} {form.format(word=word, wrong=wrong)} }}\n"
    found = [each for each in diagnose(Source("a.nfx", text + prelude())) if each.code == "unknown-setting"]
    assert [each.primary.span.text for each in found] == [wrong]
    assert found[0].help.startswith("did you mean")
