"""A file of weights is known by its content, which is read again only where the file may have changed."""

import hashlib
import os
from pathlib import Path

import pytest

from nfdsl.weights import weights_of


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that nobody has changed for an hour, as far as its clock tells."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("nfdsl.weights.time.time_ns", lambda: path.stat().st_ctime_ns + 3600 * 10**9)
    path = tmp_path / "weights.npz"
    path.write_bytes(b"some weights")
    return path


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is read to be hashed."""
    seen: list[str] = []
    digest = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda stream, name: seen.append(stream.name) or digest(stream, name))
    return seen


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_file_is_read_once(file: Path, reads: list[str]):
    first, second = weights_of(file.name, str(file.parent)), weights_of(file.name, str(file.parent))
    assert (first.path, first.sha256) == (second.path, second.sha256) == ("weights.npz", sha256(b"some weights"))
    assert reads == [str(file)]


def test_a_file_that_changed_is_read_again(file: Path, reads: list[str]):
    before = file.stat()
    weights_of(file.name, str(file.parent))
    file.write_bytes(b"same  length")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert weights_of(file.name, str(file.parent)).sha256 == sha256(b"same  length")
    file.write_bytes(b"of another length")
    assert weights_of(file.name, str(file.parent)).sha256 == sha256(b"of another length")
    assert len(reads) == 3


def test_a_file_that_has_just_changed_may_do_so_again(file: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nfdsl.weights.time.time_ns", lambda: file.stat().st_ctime_ns + 10**9)
    weights_of(file.name, str(file.parent))
    weights_of(file.name, str(file.parent))
    assert len(reads) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"sha256": "0"}', b'{"signs": [], "sha256": "0"}'])
def test_a_damaged_cache_is_not_believed(file: Path, tmp_path: Path, content: bytes):
    weights_of(file.name, str(file.parent))
    (kept,) = (tmp_path / "cache" / "nfdsl" / "weights").iterdir()
    kept.write_bytes(content)
    assert weights_of(file.name, str(file.parent)).sha256 == sha256(b"some weights")


def test_without_a_cache_it_is_read_each_time(file: Path, tmp_path: Path, reads: list[str]):
    (tmp_path / "cache").write_text("a file")
    assert [weights_of(file.name, str(file.parent)).sha256 for _ in range(2)] == [sha256(b"some weights")] * 2
    assert len(reads) == 2


def test_the_same_content_elsewhere_is_the_same(file: Path, tmp_path: Path):
    other = tmp_path / "copy.npz"
    other.write_bytes(b"some weights")
    assert weights_of(other.name, str(other.parent)) == weights_of(file.name, str(file.parent))
