"""The README typed top to bottom in a fresh clone: its commands are extracted from it, and run as they stand."""

import os
import re
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from clone import ROOT, clone, commit, plain_environment, set_up
from markdown_it import MarkdownIt

from harness.cli import main

README = (ROOT / "README.md").read_text()
BLOCKS = [token for token in MarkdownIt("commonmark").parse(README) if token.type in ("fence", "code_block")]
LANGUAGES = ("sh", "python", "yaml")

QUICK, SLOW, LEFT_OUT = "quick", "slow", "left out"
HOW = {
    "make demo": SLOW,
    "make test": LEFT_OUT,  # it would run this test
    ". .venv/bin/activate": SLOW,
    "cp": QUICK,
    "traceinv audit": SLOW,
    "traceinv audit lab --dry-run": QUICK,
    "traceinv bench": SLOW,
    "traceinv compare": SLOW,
    "traceinv export": SLOW,
    "traceinv faithfulness": QUICK,
    "traceinv grade": QUICK,
    "traceinv leaderboard": QUICK,
    "traceinv report": SLOW,
    "traceinv run": SLOW,
    "traceinv run lab --dry-run": QUICK,
    "traceinv store": SLOW,
    "traceinv style": QUICK,
    "traceinv targets": QUICK,
    "traceinv tasks": QUICK,
}
"""How a command is run, by its first words; of several the longest counts. A quick one takes a few seconds and needs no run."""

SMALL = {
    "questions": {"families": ["chain"], "per_family": 16, "surrogate_per_family": 48},
    "targets": {"lab": {"families": ["chain"], "examples_per_family": 40, "training": {"epochs": 1}}},
    "surrogates": {"small": {"families": ["chain"], "examples_per_family": 40, "training": {"epochs": 1}}},
    "inverter": {"training": {"epochs": 12}},
    "students": {"lab": {"training": {"epochs": 1}}},
    "regimes": ["base", "surrogate_trace", "inverted", "oracle"],
    "benchmark": {"tasks": ["lab_chain_private", "lab_chain"], "limit": 4},
    "faithfulness": {"likelihood_traces": 8, "reading_questions": 8},
    "seeds": [0],
    "max_dropped": 1.0,
}
"""The sizes that the lab's recipe gets in the clone, so that its runs are short; the commands stay as they are written."""


@dataclass(frozen=True)
class Command:
    """A command of the README.

    Attributes:
        how: how it is run; None where the table above does not know it.
    """

    text: str
    how: str | None


def commands_of(text: str) -> list[Command]:
    """Read a block of shell: one command a line, comments left out, a backslash at the end of a line joins the next."""
    lines = (re.sub(r"\s+#.*", "", line).strip() for line in text.replace("\\\n", " ").splitlines())
    return [Command(line, how_to_run(line)) for line in lines if line and not line.startswith("#")]


def how_to_run(command: str) -> str | None:
    """Return how a command is run, by its longest known beginning."""
    known = [words for words in HOW if command == words or command.startswith(f"{words} ")]
    return HOW[max(known, key=len)] if known else None


COMMANDS = [command for block in BLOCKS if block.info == "sh" for command in commands_of(block.content)]


def test_every_block_says_its_language() -> None:
    assert [block.content for block in BLOCKS if block.info not in LANGUAGES] == []


def test_it_is_known_how_every_command_is_run() -> None:
    assert [command.text for command in COMMANDS if command.how is None] == []


def test_a_new_command_is_not_passed_over() -> None:
    (new, known) = commands_of("traceinv new thing  # does it\n# a comment\ntraceinv run lab \\\n  --seeds 1\n")
    assert new == Command("traceinv new thing", None)
    assert known.how == SLOW
    assert len(COMMANDS) > 20


def test_what_is_added_takes_less_than_20_lines() -> None:
    for section in README.split("\n## ")[1:]:
        blocks = re.findall(r"^```\w+\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
        if section.startswith("Add ") or "leaderboard" in section.partition("\n")[0]:
            assert blocks
            assert all(len(block.splitlines()) < 20 for block in blocks), section.partition("\n")[0]


def test_the_target_of_the_readme_is_in_the_example() -> None:
    (block,) = (block.content for block in BLOCKS if block.info == "yaml")
    example = yaml.safe_load((ROOT / "examples" / "recorded.yaml").read_text())
    assert yaml.safe_load(block)["targets"] == example["targets"]


def test_figures_of_results_are_those_of_the_leaderboard() -> None:
    """Tables of regimes and policies are copied from it; a plot lies where the page says."""
    board = (ROOT / "leaderboard.md").read_text().splitlines()
    rows = [line for line in README.splitlines() if line.startswith("|") and re.search(r"\d \[-?\d", line)]
    assert len(rows) > 10
    assert [row for row in rows if row not in board] == []
    assert all((ROOT / place).is_file() for place in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README))


def test_quick_commands_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = clone(tmp_path)
    set_up(folder)
    monkeypatch.chdir(folder)
    (folder / "runs").mkdir()
    environment = plain_environment() | {"PATH": f"{folder}/.venv/bin:{os.environ['PATH']}"}
    for command in (command.text for command in COMMANDS if command.how == QUICK):
        program, *arguments = shlex.split(command)
        if program == "traceinv" and "first_lines" not in command:  # a policy that only the clone has
            assert main(arguments) == 0, command
        else:
            subprocess.run(["bash", "-ec", command], env=environment, check=True, capture_output=True, timeout=600)
    assert (folder / "leaderboard.md").read_text() == (ROOT / "leaderboard.md").read_text()


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_readme_typed_top_to_bottom_works(tmp_path: Path) -> None:
    folder = clone(tmp_path)
    set_up(folder)
    recipe = folder / "harness" / "recipes" / "lab.yaml"
    recipe.write_text(yaml.safe_dump(_with(yaml.safe_load(recipe.read_text()), SMALL), sort_keys=False))
    commit(folder)
    script = "\n".join(["set -e", *(command.text for command in COMMANDS if command.how != LEFT_OUT)])
    environment = plain_environment() | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(["bash", "-x"], input=script, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-4000:]}"
    for name in ("runs/demo.html", "runs/results.html", "runs/base/bench.json", "examples/riddles.yaml", "mine.yaml"):
        assert (folder / name).is_file(), name
    for run in ("demo", "lab", "third", "recorded"):
        assert len(list((folder / "runs" / run).glob("*.items.json"))) == 1, run
    assert (folder / "leaderboard.md").read_text() == (ROOT / "leaderboard.md").read_text()


def _with(values: dict[str, object], changes: dict[str, object]) -> dict[str, object]:
    """Return nested mappings with some values changed."""
    changed = dict(values)
    for key, value in changes.items():
        old = values.get(key)
        changed[key] = _with(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return changed
