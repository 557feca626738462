"""Tests of what a result says trained it."""

import platform
import subprocess
from importlib.metadata import version

from runtime.versions import _commit, versions


def test_packages_and_python_have_their_versions():
    told = versions()
    assert told["python"] == platform.python_version()
    assert told["numpy"] == version("numpy")


def test_the_commit_of_a_checkout_is_told_and_whether_it_has_changes(tmp_path):
    def git(*words):
        named = ("-c", "user.name=n", "-c", "user.email=e@example.org")
        subprocess.run(["git", "-C", str(tmp_path), *named, *words], check=True, capture_output=True)

    git("init")
    (tmp_path / "file").write_text("a")
    git("add", "file")
    git("commit", "-m", "first")
    commit = _commit(tmp_path)
    assert len(commit) == 12
    (tmp_path / "file").write_text("b")
    assert _commit(tmp_path) == f"{commit}-dirty"


def test_what_is_no_checkout_has_no_commit(tmp_path):
    assert _commit(tmp_path) == ""
