"""Files that import files: what is seen, and what is refused at the line that names it."""

import os
from pathlib import Path

import pytest

from nfdsl.catalogue import prelude
from nfdsl.check.spec import study_of
from nfdsl.diagnostics import Diagnostic
from nfdsl.plan import plan
from nfdsl.source import Source, read
from nfdsl.syntax.load import load

PRELUDE = prelude()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Returns a folder of specs, beside which lies a file that is none of their business."""
    (tmp_path / "outside.nfx").write_text("model secret { }\n")
    specs = tmp_path / "specs"
    (specs / "models").mkdir(parents=True)
    (specs / "base.nfx").write_text(PRELUDE)
    return specs


def write(folder: Path, text: str, name: str = "study.nfx") -> Source:
    (folder / name).write_text(text)
    return read(str(folder / name))


def diagnose(folder: Path, text: str) -> list[Diagnostic]:
    return study_of(write(folder, text))[1]


def test_blocks_and_values_of_imports_are_known(folder: Path):
    write(folder, 'import "../base.nfx"\nlet rate 0.2\nmodel wide from net { width [32, 64] }\n', "models/wide.nfx")
    study, _ = study_of(write(folder, 'import "models/wide.nfx"\npretrain p from base { model wide\n lr rate }\n'))
    assert study is not None
    assert set(study.blocks) == {"p", "wide", "mnist", "far", "net", "base"}


def test_the_folder_of_an_import_is_that_seen_from_the_spec_with_links_followed(folder: Path):
    (folder / "link").symlink_to(folder / "models")
    write(folder, 'import "../base.nfx"\n', "models/wide.nfx")
    loaded = load(write(folder, 'import "link/wide.nfx"\n'))
    assert {Path(source.name).name: source.below for source in loaded.sources} == {
        "study.nfx": "",
        "wide.nfx": "models",
        "base.nfx": "",
    }
    assert loaded.sources[0].folder == folder


def test_only_what_the_spec_needs_is_carried_out(folder: Path):
    alone, _ = study_of(write(folder, 'import "base.nfx"\npretrain p from base { lr 0.2 }\n'))
    assert alone is not None
    planned, _ = plan(alone, "alone")
    assert planned is not None
    assert {run.block for run in planned.runs} == {"p"}
    text = 'import "base.nfx"\nfinetune f {\n start base\n data mnist\n budget 1 epochs\n batch 50 images\n'
    tuned, _ = study_of(write(folder, text + " resolution train 32px, eval 32px\n lr 0.1\n}\n"))
    assert tuned is not None
    planned, _ = plan(tuned, "tuned")
    assert planned is not None
    assert {run.block for run in planned.runs} == {"base", "f"}


def test_figures_of_a_report_that_is_imported_are_not_drawn(folder: Path):
    write(folder, 'import "base.nfx"\nreport r { figure loss_vs_compute of base }\n', "drawn.nfx")
    study, diagnostics = study_of(write(folder, 'import "drawn.nfx"\npretrain p from base { lr 0.2 }\n'))
    assert study is not None, diagnostics
    planned, _ = plan(study, "alone")
    assert planned is not None
    assert planned.figures == ()


def test_a_file_imported_on_two_ways_is_read_once(folder: Path):
    write(folder, 'import "base.nfx"\n', "left.nfx")
    write(folder, 'import "./base.nfx"\n', "right.nfx")
    assert diagnose(folder, 'import "left.nfx"\nimport "right.nfx"\npretrain p from base { lr 0.2 }\n') == []


def test_diagnostics_name_the_file_they_are_about(folder: Path):
    write(folder, "model broken { depth [1 }\nmodel odd from net { depht 3 }\n", "models/odd.nfx")
    found = diagnose(folder, 'import "base.nfx"\nimport "models/odd.nfx"\npretrain p from base { batch 5 epochs }\n')
    places = [(Path(each.primary.span.source.name).name, each.code) for each in found]
    assert places[0] == ("study.nfx", "wrong-unit")
    assert ("odd.nfx", "unknown-setting") in places
    assert places[1][0] == "odd.nfx"


def test_a_clash_of_names_shows_both_places(folder: Path):
    (found,) = diagnose(
        folder, 'import "base.nfx"\npretrain p from base { lr 0.2 }\nmodel net { depth [1]\n width [9] }\n'
    )
    assert found.code == "defined-twice"
    assert {Path(label.span.source.name).name for label in (found.primary, *found.secondary)} == {
        "study.nfx",
        "base.nfx",
    }


def refused(folder: Path, path: str) -> Diagnostic:
    """Returns what is wrong with a study that imports `path`, and inherits from what would be in it."""
    (found,) = diagnose(folder, f'import "{path}"\npretrain p from base {{ lr rate }}\n')
    assert found.primary.span.text == f'"{path}"'
    assert found.help
    return found


@pytest.mark.parametrize(
    "path", ["../outside.nfx", "models/../../outside.nfx", "/etc/hostname", "linked.nfx", "away/outside.nfx"]
)
def test_nothing_outside_of_the_folder_is_read(folder: Path, path: str):
    (folder / "linked.nfx").symlink_to(folder.parent / "outside.nfx")
    (folder / "away").symlink_to(folder.parent)
    assert refused(folder, path).code == "import-outside"


def test_what_cannot_be_read_is_said_why(folder: Path):
    (folder / "latin.nfx").write_bytes(b"model a { x \xe9 }")
    (folder / "nul.nfx").write_bytes(b"model a \0")
    (folder / "large.nfx").write_bytes(b"#" * (5 * 2**20))
    (folder / "loop.nfx").symlink_to(folder / "loop.nfx")
    os.mkfifo(folder / "pipe.nfx")
    reasons = {
        "missing.nfx": "no such file",
        "models": "a folder",
        "latin.nfx": "not UTF-8",
        "nul.nfx": "not UTF-8",
        "large.nfx": "larger than any spec",
        "loop.nfx": "",
        "pipe.nfx": "no regular file",
        "\\u0000": "null",
        "a" * 300: "too long",
        "base.nfx/x": "",
    }
    for path, reason in reasons.items():
        found = refused(folder, path)
        assert found.code == "unreadable-import"
        assert reason in found.headline


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read everything")
def test_a_file_without_permission(folder: Path):
    (folder / "base.nfx").chmod(0)
    assert "permission denied" in refused(folder, "base.nfx").headline


@pytest.mark.parametrize(
    ("texts", "closing"),
    [
        ({"study.nfx": 'import "study.nfx"\n'}, ("study.nfx", 0)),
        ({"study.nfx": 'import "a.nfx"\n', "a.nfx": 'import "study.nfx"\n'}, ("a.nfx", 1)),
        (
            {"study.nfx": 'import "a.nfx"\nimport "b.nfx"\n', "a.nfx": 'import "b.nfx"\n', "b.nfx": 'import "a.nfx"\n'},
            ("b.nfx", 1),
        ),
    ],
)
def test_files_that_need_each_other(folder: Path, texts: dict[str, str], closing: tuple[str, int]):
    for name, text in texts.items():
        write(folder, text, name)
    (found,) = load(read(str(folder / "study.nfx"))).diagnostics
    assert found.code == "import-cycle"
    assert (Path(found.primary.span.source.name).name, len(found.secondary)) == closing
