"""The command line: what may be asked of nfdsl, and how."""

import argparse
import errno
import io
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from nfdsl import commands
from nfdsl.commands import DONE, STOPPED, USAGE

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EIO}  # what writing to stdout may come to, besides a broken pipe


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit code."""
    arguments = _parser().parse_args(argv)
    _escape(sys.stdout)
    try:
        code = arguments.command(arguments)
        if not sys.stdout.closed:  # a language server closes it
            sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        _write_no_more()
        return DONE
    except OSError as error:
        if error.errno not in _FULL or error.filename is not None:
            raise
        _write_no_more()
        print(f"nfdsl: the output cannot be written: {error.strerror}", file=sys.stderr)
        return USAGE


def _escape(out: TextIO) -> None:
    """Has letters escaped that a terminal does not know: specs are UTF-8, and it may not be."""
    match out:
        case io.TextIOWrapper(reconfigure=reconfigure):
            reconfigure(errors="backslashreplace")
        case _:
            pass


def _write_no_more() -> None:
    """Has what is still to be written to stdout go nowhere, which would fail once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nfdsl", description="Carries out scaling studies written in .nfx files.")
    parsers = parser.add_subparsers(required=True, metavar="COMMAND")

    command = parsers.add_parser("new", help="write a spec to start from")
    command.add_argument("name", nargs="?", default="study", metavar="NAME", help="of the file, .nfx or not (study)")
    command.set_defaults(command=commands.new)

    command = parsers.add_parser("check", help="say everything that is wrong with a spec")
    command.add_argument("files", nargs="+", metavar="FILE", help="specs")
    command.add_argument("--fix", action="store_true", help="mend what can be mended, in the files themselves")
    formats = command.add_mutually_exclusive_group()
    formats.add_argument("--json", action="store_true", help="print the diagnostics as JSON")
    formats.add_argument("--sarif", action="store_true", help="print the diagnostics as SARIF 2.1.0")
    _add_set(command)
    command.set_defaults(command=commands.check)

    command = parsers.add_parser("explain", help="say what a diagnostic means, with a wrong and a right example")
    command.add_argument("code", nargs="?", metavar="CODE", help="the word in brackets behind `error`; all if left out")
    command.add_argument("--json", action="store_true", help="print the explanation as JSON")
    command.set_defaults(command=commands.explain)

    command = parsers.add_parser("fmt", help="put specs in the one style")
    command.add_argument("files", nargs="+", metavar="FILE", help="specs")
    command.add_argument("--check", action="store_true", help="write nothing; exit with 1 if a file is not in style")
    command.set_defaults(command=commands.fmt)

    command = parsers.add_parser("plan", help="show runs, programs and what they cost")
    command.add_argument("file", metavar="FILE", help="the study's spec")
    command.add_argument("--json", action="store_true", help="print the plan as JSON")
    _add_set(command)
    command.add_argument("--out", type=Path, metavar="DIR", help="the study directory, for the state of its runs")
    command.set_defaults(command=commands.plan)

    command = parsers.add_parser("show", help="show a study, or one of its runs, with nothing left to defaults")
    command.add_argument("file", metavar="FILE", help="the study's spec")
    command.add_argument("--run", metavar="ID", help="the run whose id begins so")
    command.add_argument(
        "--as", dest="form", choices=("nfx", "fiddle", "json"), default="nfx", help="the form of a run"
    )
    _add_set(command)
    command.set_defaults(command=commands.show)

    command = parsers.add_parser("diff", help="say what changes between two specs, and which runs that affects")
    command.add_argument("old", metavar="A", help="the spec before")
    command.add_argument("new", metavar="B", help="the spec after")
    command.add_argument("--json", action="store_true", help="print the difference as JSON")
    _add_set(command, " in B")
    command.set_defaults(command=commands.diff)

    command = parsers.add_parser("compile", help="compile a study's programs for TPUs, without one, and say their cost")
    command.add_argument("file", metavar="FILE", help="the study's spec")
    command.add_argument("--topology", metavar="SLICE", help="in place of the planned one, for example v4:8x8x8")
    command.add_argument("--model", metavar="LABEL", help="the only model to compile, for example F7+")
    command.add_argument("--json", action="store_true", help="print the estimates as JSON")
    _add_set(command)
    command.set_defaults(command=commands.compile_programs)

    command = parsers.add_parser("run", help="carry a study out, or on from where it stopped")
    command.add_argument("file", metavar="FILE", help="the study's spec")
    command.add_argument("--out", type=Path, metavar="DIR", help="the study directory (studies/NAME)")
    text = "how often a run is tried from one saved state before it has failed and the others go on without it (3)"
    command.add_argument("--attempts", type=_attempts, default=3, metavar="N", help=text)
    command.add_argument("--tensorboard", action="store_true", help="write TensorBoard event files to DIR/tensorboard")
    _add_set(command)
    text = "carry it out together with other hosts, on each of which the same command is called (docs/hosts.md)"
    command.add_argument("--cluster", action="store_true", help=text)
    stated = command.add_argument_group("where no cluster says so (TPU, Slurm, Kubernetes, MPI)")
    stated.add_argument("--coordinator", metavar="HOST:PORT", help="where the first process listens")
    stated.add_argument("--process", type=int, metavar="N", help="which one this is, from 0, the first")
    stated.add_argument("--processes", type=int, metavar="N", help="how many there are")
    command.set_defaults(command=commands.run)

    command = parsers.add_parser("status", help="say where a study stands, which may be going on meanwhile")
    command.add_argument("directory", type=Path, metavar="DIR", help="the study directory")
    command.add_argument("--json", action="store_true", help="print the state of each run as JSON")
    command.set_defaults(command=commands.status)

    command = parsers.add_parser("report", help="draw the figures and the report of a study directory")
    command.add_argument("directory", type=Path, metavar="DIR", help="the study directory")
    command.set_defaults(command=commands.report)

    command = parsers.add_parser("fit", help="fit a scaling law to a table or a study, and predict with it")
    command.add_argument("source", type=Path, metavar="POINTS.csv|DIR", help="a table, or a study directory")
    forms = ("power", "saturating", "double", "parametric", "isoflop", "envelope")
    command.add_argument("--form", choices=forms, default="power", help="the form of the law (power)")
    command.add_argument("--block", metavar="NAME", help="of a study: the pretrain block to fit (its first)")
    text = "what would this reach: compute=1e20, params=1e9,examples=1e11 or, of a study, model=F7,epochs=8"
    command.add_argument("--predict", action="append", default=[], metavar="NAME=VALUE,...", help=text)
    text = "fit optima on the edge of their grid of learning rates too"
    command.add_argument("--keep-censored", action="store_true", help=text)
    command.add_argument("--json", action="store_true", help="print the fit as JSON")
    command.set_defaults(command=commands.fit)

    command = parsers.add_parser(
        "audit", help="prove that each example counted exactly once an epoch, or say which not"
    )
    command.add_argument("directory", type=Path, metavar="DIR", help="the study directory")
    command.add_argument("--json", action="store_true", help="print the verdicts as JSON")
    command.set_defaults(command=commands.audit)

    command = parsers.add_parser("lsp", help="serve an editor, over standard input and output")
    command.set_defaults(command=commands.lsp)
    return parser


def _add_set(command: argparse.ArgumentParser, where: str = "") -> None:
    text = f"say a setting{where} in another way, for example scaling.batch='64 images'; may be repeated"
    command.add_argument("--set", action="append", default=[], metavar="PATH=VALUE", dest="assignments", help=text)


def _attempts(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("a run is tried once at least")
    return number


if __name__ == "__main__":
    sys.exit(main())
