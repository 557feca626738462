"""What a killed worker left half-written in XLA's cache is removed, and nothing else."""

import os
import random
import zlib

import pytest

from nfdsl.study.compiled import remove_oldest, remove_torn


def zstandard(*blocks: bytes, checksum: bool = False) -> bytes:
    """Returns a Zstandard frame of raw blocks, of a single segment and a content size of 4 bytes (RFC 8878)."""
    frame = b"\x28\xb5\x2f\xfd" + bytes([0b1010_0000 | checksum << 2])
    frame += sum(map(len, blocks)).to_bytes(4, "little")
    for number, block in enumerate(blocks):
        frame += (len(block) << 3 | (number == len(blocks) - 1)).to_bytes(3, "little") + block
    return frame + b"abcd" * checksum


NOISE = random.Random(0).randbytes(5000)
ENTRIES = [zlib.compress(NOISE), zlib.compress(b""), zstandard(NOISE), zstandard(NOISE, b"", NOISE, checksum=True)]


@pytest.mark.parametrize("entry", ENTRIES)
def test_whole_entries_stay(tmp_path, entry):
    (tmp_path / "jit_f-1a2b-cache").write_bytes(entry)
    assert remove_torn(tmp_path) == []
    assert (tmp_path / "jit_f-1a2b-cache").exists()


@pytest.mark.parametrize("entry", ENTRIES)
def test_entries_cut_anywhere_are_removed(tmp_path, entry):
    chance = random.Random(1)
    for number in range(50):
        cut = chance.randrange(min(20, len(entry)) if number % 2 else len(entry))
        (tmp_path / f"jit_f-{number}-cache").write_bytes(entry[:cut])
    assert len(remove_torn(tmp_path)) == 50
    assert not list(tmp_path.iterdir())


def test_a_run_length_block_holds_one_byte(tmp_path):
    frame = b"\x28\xb5\x2f\xfd\x20\x64" + (100 << 3 | 0b011).to_bytes(3, "little") + b"x"
    (tmp_path / "a-cache").write_bytes(frame)
    (tmp_path / "b-cache").write_bytes(frame[:-1])
    assert [torn.name for torn in remove_torn(tmp_path)] == ["b-cache"]


def test_other_files_and_no_cache_at_all_are_nothing_to_it(tmp_path):
    (tmp_path / "a-atime").write_bytes(b"torn")
    assert remove_torn(tmp_path) == []
    assert remove_torn(tmp_path / "nowhere") == []


def test_the_oldest_entries_beyond_a_size_are_removed(tmp_path):
    for age, name in enumerate("abcd"):
        entry = tmp_path / f"{name}-cache"
        entry.write_bytes(NOISE)
        os.utime(entry, (0, 1000 - age))
    assert remove_oldest(tmp_path, 4 * len(NOISE)) == []
    assert [entry.name for entry in remove_oldest(tmp_path, 3 * len(NOISE) - 1)] == ["c-cache", "d-cache"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["a-cache", "b-cache"]
