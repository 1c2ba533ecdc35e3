"""`traceinv doctor`: say whether this machine and environment have what the commands need."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from harness.commands.exits import DONE, FAILED, say
from harness.commands.options import Commands
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.environment import Finding

SIGNS = {"ok": "ok", "note": "note", "fault": "FAULT"}


def add_doctor(commands: Commands) -> None:
    """Add the command's arguments."""
    doctor = commands.add_parser(
        "doctor",
        help="say whether this machine has what the commands need",
        description="Look at Python, packages, torch and its devices, the sandbox, the hub, data, memory and disk. Exit 1 if "
        "something is missing without which nothing works; a note says what only some commands need.",
    )
    doctor.add_argument("--data-dir", type=Path, metavar="DIR", help="look here for the data of tasks")
    doctor.add_argument("--json", action="store_true", help="print the findings as JSON")
    doctor.set_defaults(command=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    from harness.environment import examine

    if options.data_dir and not options.data_dir.is_dir():
        raise InputError(f"--data-dir {options.data_dir}: no such folder")
    findings = examine(options.data_dir)
    if options.json:
        print(json.dumps([asdict(finding) for finding in findings], indent=1))
    else:
        _print(findings)
    return FAILED if any(finding.state == "fault" for finding in findings) else DONE


def _print(findings: "Sequence[Finding]") -> None:
    """Print a line for each finding, and below it what to do."""
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        say(f"{SIGNS[finding.state]:5}  {finding.name:{width}}  {finding.found}")
        if finding.advice:
            say(f"{'':7}{'':{width}}  {finding.advice}")
