"""Run every comparison with small sizes, one after the other, and print one table of ratios and goals.

    python perf/all.py [--data-dir DIR] [--model FOLDER]

What each script compares, and how, stands at its head. A script whose data or packages are missing is named with its last line.
What the scripts print themselves goes to the error output, so that the table can be sent to a file.
"""

import argparse
import importlib.util
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from table import VARIABLE, Row, read

FOLDER = Path(__file__).parent
BASE = FOLDER.parent / "traceinv" / "lab" / "base"


def main() -> int:
    """Print the table; return 1 where a script gave no row."""
    options = _options()
    silent, began = [], time.monotonic()
    with TemporaryDirectory(prefix="perf-") as temporary:
        file = Path(temporary) / "rows.jsonl"
        for script, *arguments in _commands(options):
            before = len(read(file))
            code = _run(script, arguments, file)
            if len(read(file)) == before:
                silent.append(f"{script} {' '.join(arguments)}: no figure, exit code {code}")
        rows = read(file)
    print(table(rows))
    print(f"\n{_machine()}; {(time.monotonic() - began) / 60:.0f} minutes, load {os.getloadavg()[0]:.1f} at the end.")
    print("\n".join(silent))
    return 1 if silent else 0


def table(rows: list[Row]) -> str:
    """Write rows as a table of Markdown."""
    lines = ["| measure | ours | reference | ratio | goal | met |", "|---|---:|---:|---:|---:|---|"]
    for row in rows:
        goal = f"{'≤' if row.at_most else '≥'} {row.goal:g}"
        met = "yes" if row.met else "no"
        lines.append(f"| {row.measure} | {row.ours} | {row.reference} | {row.ratio:.2f} | {goal} | {met} |")
    return "\n".join(lines)


def _commands(options: argparse.Namespace) -> list[list[str]]:
    """Return the scripts with their arguments."""
    commands = [
        ["training.py", "--rows", "256", "--rounds", "3"],
        ["generation.py", "--rounds", "3"],
        ["parity.py", "--model", str(BASE)],
        ["run.py", "--rounds", "2"],
        ["faithfulness.py", "--tokens", "6000"],
        ["growth.py"],
        ["sandbox.py", "--rounds", "3", *(["--data-dir", options.data_dir] if options.data_dir else [])],
    ]
    if options.model:
        commands.append(["training.py", "--model", options.model, "--rows", "16", "--rounds", "3"])
    if importlib.util.find_spec("ray"):
        commands.append(["executors.py", "--rounds", "1"])
    return commands


def _run(script: str, arguments: list[str], rows: Path) -> int:
    """Run a script, which appends its rows to a file; return its exit code."""
    print(f"\n== {script} {' '.join(arguments)}", file=sys.stderr, flush=True)
    environment = os.environ | {VARIABLE: str(rows)}
    command = [sys.executable, str(FOLDER / script), *arguments]
    return subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode


def _machine() -> str:
    names = [line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")]
    name = names[0] if names else platform.machine()
    return f"{os.cpu_count()} cores, {name}, Python {platform.python_version()}"


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", help="folder with humaneval.jsonl, for the sandbox")
    parser.add_argument("--model", help="a larger model's folder, to train it too")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
