"""Reads the text of a compiled program: its computations, and how often each instruction runs.

The TPU compiler writes into the text what it expects each instruction to take, in cycles of a core;
`jax.stages.Compiled.cost_analysis` neither has these nor counts loops by their trips.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

_BYTES = {"pred": 1, "s8": 1, "u8": 1, "s16": 2, "u16": 2, "bf16": 2, "f16": 2, "s32": 4, "u32": 4, "f32": 4, "s64": 8}
_COMPUTATION = re.compile(r"(ENTRY )?%(\S+) \(.*\{$")
_INSTRUCTION = re.compile(r"\s+(?:ROOT )?%(\S+) = (.*)")
_ARRAY = re.compile(r"\b([a-z]+\d*)\[([\d,]*)\]")
_CYCLES = re.compile(r'"estimated_cycles":"(\d+)"')
_SCOPE = re.compile(r'op_name="([^"]*)"')
_CALLED = re.compile(r"\b(calls|to_apply|body|condition)=%([^,\s}]+)")
_BRANCHES = re.compile(r"branch_computations=\{([^}]*)\}")
_CONSTANT = re.compile(r"constant\((\d+)\)")


class HloError(Exception):
    """The text is not what the compiler writes, as far as is known here."""


@dataclass(frozen=True)
class Instruction:
    """One instruction of a computation."""

    name: str
    opcode: str
    bytes: int  # of its result
    cycles: int | None  # the compiler's estimate; None where it makes none
    scope: str  # the JAX functions and the primitive it comes from, "jit(train)/shard_map/add"
    text: str

    def called(self, by: str) -> str | None:
        """Returns the computation it calls as its ``body``, ``condition``, ``calls`` or ``to_apply``."""
        return next((match[2] for match in _CALLED.finditer(self.text) if match[1] == by), None)

    @property
    def branches(self) -> list[str]:
        """The computations one of which a conditional calls."""
        found = _BRANCHES.search(self.text)
        return [name.strip().lstrip("%") for name in found[1].split(",")] if found else []


@dataclass(frozen=True)
class Module:
    """A compiled program."""

    computations: dict[str, tuple[Instruction, ...]]
    entry: str

    def executed(self) -> Iterator[tuple[Instruction, int]]:
        """Yields every instruction that is carried out by itself (not as a part of a fusion), and how often.

        Of the branches of a conditional, all are counted.

        Raises:
          HloError: a loop whose number of trips is not in the text.
        """
        yield from self._executed(self.entry, 1)

    def has(self, opcodes: frozenset[str], instruction: Instruction) -> bool:
        """Returns whether `instruction`, or something it is fused of, is one of `opcodes`."""
        return bool(self._opcodes(instruction) & opcodes)

    def _executed(self, computation: str, times: int) -> Iterator[tuple[Instruction, int]]:
        for instruction in self.computations[computation]:
            body = instruction.called("body")
            if instruction.opcode == "while" and body is not None:
                yield from self._executed(body, times * self._trips(instruction))
            elif instruction.opcode == "call":
                yield from self._executed(instruction.called("to_apply") or "", times)
            elif instruction.opcode == "conditional":
                for branch in instruction.branches:
                    yield from self._executed(branch, times)
            else:
                yield instruction, times

    def _trips(self, loop: Instruction) -> int:
        """Returns how often a loop's body runs: its condition compares a counter that starts at 0 with a constant."""
        condition = self.computations.get(loop.called("condition") or "", ())
        bounds = [int(found[1]) for one in condition if (found := _CONSTANT.match(one.text))]
        if len(bounds) != 1:
            raise HloError(f"the number of trips of the loop %{loop.name} is not in its condition")
        return bounds[0]

    def _opcodes(self, instruction: Instruction) -> frozenset[str]:
        called = instruction.called("calls")
        return frozenset({instruction.opcode}) | (self._inside.get(called, frozenset()) if called else frozenset())

    @cached_property
    def _inside(self) -> dict[str, frozenset[str]]:
        """The opcodes of each computation and of those it calls, which stand before it in the text."""
        inside = dict[str, frozenset[str]]()
        for name, instructions in self.computations.items():
            opcodes = {one.opcode for one in instructions}
            for one in instructions:
                opcodes |= inside.get(one.called("calls") or "", frozenset())
            inside[name] = frozenset(opcodes)
        return inside


def parse(text: str) -> Module:
    """Returns the program of `text`, as `jax.stages.Compiled.as_text` gives it.

    Raises:
      HloError: it has no entry.
    """
    computations = dict[str, list[Instruction]]()
    current, entry = list[Instruction](), None
    for line in text.splitlines():
        if head := _COMPUTATION.match(line):
            current = computations.setdefault(head[2], [])
            entry = head[2] if head[1] else entry
        elif found := _INSTRUCTION.match(line):
            current.append(_instruction(found[1], found[2]))
    if entry is None:
        raise HloError("the text has no ENTRY computation")
    return Module({name: tuple(instructions) for name, instructions in computations.items()}, entry)


def _instruction(name: str, rest: str) -> Instruction:
    shape, text = _cut(rest)
    cycles, scope = _CYCLES.search(text), _SCOPE.search(text)
    return Instruction(
        name=name,
        opcode=text.partition("(")[0],
        bytes=_size(shape),
        cycles=int(cycles[1]) if cycles else None,
        scope=scope[1] if scope else "",
        text=text,
    )


def _cut(rest: str) -> tuple[str, str]:
    """Returns the shape at the beginning, which may be a tuple of shapes, and what follows it."""
    depth = 0
    for place, character in enumerate(rest):
        depth += (character == "(") - (character == ")")
        if character == " " and depth == 0:
            return rest[:place], rest[place + 1 :]
    return rest, ""


def _size(shape: str) -> int:
    """Returns the bytes of all arrays of a shape, without the padding of tiles."""
    arrays = ((_BYTES.get(kind, 0), sizes) for kind, sizes in _ARRAY.findall(shape))
    return sum(width * math.prod(int(size) for size in sizes.split(",") if size) for width, sizes in arrays)
