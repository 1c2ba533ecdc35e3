"""The `traceinv` command."""

import argparse
import io
import os
import sys
import traceback
from collections.abc import Sequence

from harness.commands.audit import add_audit
from harness.commands.bench import add_bench, add_grade
from harness.commands.compare import add_compare
from harness.commands.completion import add_completion
from harness.commands.doctor import add_doctor
from harness.commands.exits import BAD_INPUT, FAILED, complain, say
from harness.commands.export import add_export
from harness.commands.faithfulness import add_faithfulness
from harness.commands.gate import add_gate
from harness.commands.lab import add_lab
from harness.commands.leaderboard import add_leaderboard
from harness.commands.options import Commands
from harness.commands.parser import Parser
from harness.commands.report import add_report
from harness.commands.run import add_run
from harness.commands.status import add_status
from harness.commands.store import add_store
from harness.commands.style import add_style
from harness.commands.targets import add_targets
from harness.commands.tasks import add_tasks
from harness.commands.verbosity import ShowVersion, add_verbose, log_to_terminal
from traceinv.errors import GateError, InputError

NO_TELEMETRY = "HF_HUB_DISABLE_TELEMETRY"
"""Keeps the hub's libraries, once they are loaded, from reporting what is used; a user who sets it decides."""
RESUMES = ("run", "audit", "bench")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; 0 done, 1 the work failed, 2 the input is wrong."""
    _write_what_can_be_written()
    os.environ.setdefault(NO_TELEMETRY, "1")
    options = _parser().parse_args(arguments)
    log_to_terminal(options.verbose)
    try:
        code: int = _command(options)
        sys.stdout.flush()
    except InputError as error:
        return complain(str(error), BAD_INPUT)
    except GateError as error:
        return complain(str(error), FAILED)
    except KeyboardInterrupt:
        resumes = options.subcommand in RESUMES
        kept = "; finished work is kept, the same command resumes" if resumes else ""
        return complain(f"interrupted{kept}", FAILED)
    except BrokenPipeError:
        # nobody reads on, such as after `| head`; the interpreter must not write once more as it ends
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except OSError as error:  # such as a full disk; a wrong path is an InputError of its command
        return complain(f"{error.filename}: {error.strerror}" if error.filename else str(error), FAILED)
    except MemoryError:
        return complain("out of memory", FAILED)
    except (RecursionError, UnicodeError) as error:  # of input that no reader has refused
        return complain(f"the input cannot be worked on: {error}", FAILED)
    return code


def _command(options: argparse.Namespace) -> int:
    """Run the command. With --verbose, print the traceback of an error as well as its line."""
    try:
        code: int = options.command(options)
    except Exception:
        if options.verbose:
            say(traceback.format_exc(), error=True)
        raise
    return code


def _write_what_can_be_written() -> None:
    """Let standard output write an escape for a character that its encoding lacks, and not fail."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _parser() -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = Parser(
        prog="traceinv", description="Measures how much of a reasoning model's ability leaks through what it discloses."
    )
    parser.add_argument("--version", action=ShowVersion, help="print the version and exit")
    commands: Commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="subcommand")
    add_run(commands)
    add_audit(commands)
    add_status(commands)
    add_gate(commands)
    add_faithfulness(commands)
    add_style(commands)
    add_bench(commands)
    add_grade(commands)
    add_tasks(commands)
    add_targets(commands)
    add_leaderboard(commands)
    add_compare(commands)
    add_export(commands)
    add_report(commands)
    add_lab(commands)
    add_store(commands)
    add_doctor(commands)
    add_completion(commands, parser)
    add_verbose(parser)
    return parser
