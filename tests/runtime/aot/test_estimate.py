"""Tests of what is read off a program: where its time goes, and what it sends."""

import pytest

from nfdsl.schema.hardware import DEVICES
from runtime.aot.estimate import CLOCK, breakdown, collective_bytes, sent
from runtime.aot.hlo import parse


def test_time_goes_to_matrix_work_the_update_and_collectives(text):
    device = DEVICES["tpu_v4"]
    found = breakdown(parse(text), device, clock=1e9)
    assert found.matrix == pytest.approx(47 * 100 / 1e9)
    assert found.optimizer == pytest.approx(7 / 1e9)
    assert found.memory == 0
    assert found.collectives == pytest.approx(2 * 32 * 3 / 4 / device.interconnect)
    assert found.total == pytest.approx(found.matrix + found.optimizer + found.collectives)


def test_work_between_start_and_end_of_a_collective_hides_it(text):
    device, together = DEVICES["tpu_v4"], "f32[8]{0} all-reduce(%a), replica_groups={{0,1,2,3}}"
    whole = 2 * 32 * 3 / 4 / device.interconnect

    def exposed(work_seconds):
        cycles = f', backend_config={{"estimated_cycles":"{round(work_seconds * 1e15)}"}}'
        lines = (f"f32[8]{{0}} all-reduce-start(%a), {together.partition(', ')[2]}", f"f32[8]{{0}} negate(%a){cycles}")
        started = text.replace(
            together, f"{lines[0]}\n  %more = {lines[1]}\n  %end = f32[8]{{0}} all-reduce-done(%sum)"
        )
        return breakdown(parse(started), device, clock=1e15).collectives

    assert exposed(0) == pytest.approx(whole)
    assert exposed(whole / 4) == pytest.approx(whole * 3 / 4, rel=1e-3)
    assert exposed(whole * 2) == pytest.approx(0)


def test_collectives_are_summed_by_kind(text):
    assert collective_bytes(parse(text)) == {"all-reduce": 48}


@pytest.mark.parametrize(
    ("collective", "expected"),
    [
        ("f32[8]{0} all-reduce(%a), replica_groups={{0,1},{2,3}}", 2 * 32 * 1 // 2),
        ("f32[8]{0} all-gather(%a), replica_groups=[2,4]<=[8]", 32 * 3 // 4),
        ("f32[8]{0} reduce-scatter(%a), replica_groups=mesh['data'=2,'shard'=4] {'shard'}", 32 * 3),
        ("f32[8]{0} reduce-scatter(%a), replica_groups=mesh['data'=2,'shard'=4] {'data','shard'}", 32 * 7),
        ("(f32[2]{0}, f32[8]{0}) all-gather-start(%a), replica_groups=[2,4]<=[8]", 40 * 3 // 5),
        ("(f32[8]{0}, f32[8]{0}) collective-permute-start(%a), source_target_pairs={{0,1}}", 32),
        ("f32[8]{0} all-reduce(%a), replica_groups={{0}}", 0),
        ("f32[8]{0} multiply(%a, %a)", 0),
    ],
)
def test_bytes_sent_along_a_ring(text, collective, expected):
    changed = text.replace("f32[8]{0} all-reduce(%a), replica_groups={{0,1,2,3}}", collective)
    (instruction,) = (one for one, _ in parse(changed).executed() if one.name == "sum")
    assert sent(instruction) == expected


def test_the_clock_is_what_makes_the_peak_rate():
    """Peak = cores x units x side^2 x 2 x clock, of Google's pages: 4 units of 128 a core, on v3 2, on v6e 2 of 256."""
    units = {"tpu_v3": 2 * 128**2, "tpu_v4": 4 * 128**2, "tpu_v5e": 4 * 128**2, "tpu_v5p": 4 * 128**2}
    units["tpu_v6e"] = 4 * 256**2
    for name, clock in CLOCK.items():
        peak = DEVICES[name].flops_per_second
        assert peak == pytest.approx(DEVICES[name].cores * units[name] * 2 * clock, rel=0.02), name


def test_a_sum_of_which_each_device_keeps_a_part_is_sent_once_around(text):
    """The compiler may write it as an all-reduce and a slice, fused."""
    fused = (
        "%scattered (b: f32[8]) -> f32[2] {\n  %b = f32[8]{0} parameter(0)\n"
        "  %all = f32[8]{0} all-reduce(%b), replica_groups={{0,1,2,3}}, to_apply=%add\n"
        "  ROOT %own = f32[2]{0} dynamic-slice(%all), dynamic_slice_sizes={2}\n}\n\nENTRY"
    )
    whole = "f32[8]{0} all-reduce(%a), replica_groups={{0,1,2,3}}, to_apply=%add"
    changed = text.replace(whole, "f32[2]{0} fusion(%a), kind=kCustom, calls=%scattered").replace("ENTRY", fused)
    module, device = parse(changed), DEVICES["tpu_v4"]
    assert collective_bytes(module) == {"reduce-scatter": 32 * 3 // 4}
    assert breakdown(module, device, clock=1e9).collectives == pytest.approx(32 * 3 / 4 / device.interconnect)
