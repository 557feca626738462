"""Tests of reading a compiled program's text."""

import pytest

from runtime.aot.hlo import HloError, parse


def executed(text):
    return {instruction.name: (instruction, times) for instruction, times in parse(text).executed()}


def test_a_loop_counts_as_often_as_it_runs(text):
    found = executed(text)
    assert found["y"][1] == 47
    assert found["new"][1] == 1
    assert "loop" not in found, "a loop takes what its body takes"
    assert "c" not in found, "what is inside a fusion is not carried out by itself"


def test_what_an_instruction_says(text):
    new, loop_body = executed(text)["new"][0], executed(text)["y"][0]
    assert (new.opcode, new.cycles, new.scope, new.bytes) == ("multiply", 7, "jit(train)/add", 32)
    assert (loop_body.opcode, loop_body.cycles, loop_body.bytes) == ("fusion", 100, 2 * 8 * 2 + 4)
    assert executed(text)["sum"][0].cycles is None


def test_fusions_of_fusions_are_looked_into(text):
    module = parse(text)
    work = frozenset({"convolution", "dot"})
    assert module.has(work, executed(text)["y"][0])
    assert not module.has(work, executed(text)["new"][0])


def test_a_loop_that_does_not_say_how_often_it_runs_is_refused(text):
    unknown = text.replace("constant(47)", "parameter(1)")
    with pytest.raises(HloError, match="trips of the loop %loop"):
        executed(unknown)


def test_a_text_without_an_entry_is_refused():
    with pytest.raises(HloError, match="no ENTRY"):
        parse("HloModule nothing\n")
