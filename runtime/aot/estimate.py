"""What a compiled TPU program will need and take, read from the program itself.

Two sources, never mixed up: the *compiler* says how much memory the program uses and how many
cycles each of its instructions takes; what collectives take is *modelled*, since the compiler says
nothing of it: bytes over the rate at which a chip sends on all its links. Where the program starts a
collective and waits for it later, the work it does in between is taken off that.
"""

import math
import re
from dataclasses import dataclass

from nfdsl.schema.hardware import Device
from runtime.aot.hlo import Instruction, Module

MATRIX_WORK = frozenset({"convolution", "dot"})
_ALL_REDUCE = frozenset({"all-reduce"})
_LISTED = re.compile(r"replica_groups=\{\{([\d,]*)\}")  # {{0,1},{2,3}}
_COUNTED = re.compile(r"replica_groups=\[\d+,(\d+)\]")  # [2,2]<=[4]: groups, members
_NAMED = re.compile(r"replica_groups=mesh\[([^\]]*)\] \{([^}]*)\}")  # mesh['data'=2,'shard'=2] {'shard'}
_DONE = re.compile(r"[a-z-]+-done\(%([^,)\s]+)")
# Cycles a second of a core: peak rate over the multiply-adds all its matrix units do in a cycle.
CLOCK = {"tpu_v3": 0.94e9, "tpu_v4": 1.05e9, "tpu_v5e": 1.5e9, "tpu_v5p": 1.75e9, "tpu_v6e": 1.75e9}


@dataclass(frozen=True)
class Breakdown:
    """Seconds of one step."""

    matrix: float  # convolutions and matrix products, and what is fused with them
    memory: float  # everything else of forward and backward pass
    optimizer: float
    collectives: float  # modelled; what no work hides

    @property
    def total(self) -> float:
        return self.matrix + self.memory + self.optimizer + self.collectives


def breakdown(module: Module, device: Device, clock: float) -> Breakdown:
    """Returns where the time of one run of `module` goes.

    Raises:
      HloError: the number of trips of a loop is not in the program.
    """
    seconds = {"matrix": 0.0, "memory": 0.0, "optimizer": 0.0, "collectives": 0.0}
    under_way = dict[str, float]()  # seconds that started collectives still need, the first one first
    for instruction, times in module.executed():
        if ended := _DONE.match(instruction.text):
            seconds["collectives"] += under_way.pop(ended[1], 0.0)
        sending = times * _collective(module, instruction)[1] / device.interconnect
        if instruction.opcode.endswith("-start"):
            under_way[instruction.name] = sending
        else:
            seconds["collectives"] += sending
        if instruction.cycles is not None:
            work = times * instruction.cycles / clock
            seconds[_kind(module, instruction)] += work
            _hide(under_way, work)
    return Breakdown(**seconds)


def collective_bytes(module: Module) -> dict[str, int]:
    """Returns the bytes each device sends in collectives of each kind."""
    totals = dict[str, int]()
    for instruction, times in module.executed():
        kind, count = _collective(module, instruction)
        if count:
            totals[kind] = totals.get(kind, 0) + times * count
    return totals


def sent(instruction: Instruction) -> int:
    """Returns the bytes each device sends in a collective along a ring; 0 for anything else."""
    members, size = _members(instruction), instruction.bytes
    match instruction.opcode:
        case "all-reduce" | "all-reduce-start":
            return 2 * size * (members - 1) // members
        case "all-gather" | "all-to-all":
            return size * (members - 1) // members
        case "all-gather-start":  # its result is its operand too
            return size * (members - 1) // (members + 1)
        case "reduce-scatter":
            return size * (members - 1)
        case "collective-permute-start":  # as above
            return size // 2
        case _:
            return 0


def _collective(module: Module, instruction: Instruction) -> tuple[str, int]:
    """Returns the kind of a collective and the bytes each device sends in it."""
    if instruction.opcode == "fusion" and module.has(_ALL_REDUCE, instruction):
        # All is summed as in an all-reduce, and each device keeps its part: the second half of the ring is left out.
        return "reduce-scatter", sum(map(sent, module.computations[instruction.called("calls") or ""])) // 2
    return instruction.opcode.removesuffix("-start"), sent(instruction)


def _hide(under_way: dict[str, float], work: float) -> None:
    """Takes seconds of work off what the collectives under way need: they share the links, so one after the other."""
    for name, needed in under_way.items():
        hidden = min(needed, work)
        under_way[name] -= hidden
        work -= hidden


def _members(instruction: Instruction) -> int:
    """Returns how many devices take part in a collective together."""
    if listed := _LISTED.search(instruction.text):
        return len(listed[1].split(","))
    if counted := _COUNTED.search(instruction.text):
        return int(counted[1])
    if named := _NAMED.search(instruction.text):
        sizes = dict(axis.split("=") for axis in named[1].split(","))
        return math.prod(int(sizes[axis.strip()]) for axis in named[2].split(","))
    return 1


def _kind(module: Module, instruction: Instruction) -> str:
    if instruction.scope and "shard_map" not in instruction.scope:
        return "optimizer"
    return "matrix" if module.has(MATRIX_WORK, instruction) else "memory"
