"""What the Markdown files say can be followed: links, commands, Python code, and figures that are quoted."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.results.schema import ResultRecord
from traceinv.regimes import ORDER

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("results/*.md")]
README = ROOT / "README.md"
LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:harness|traceinv|tests|tasks|perf|docs|results)/[a-z0-9_./-]*)`")
EXAMPLE = "traceinv/policies/first_lines.py"
"""The file that the README shows how to add."""
COMMAND = re.compile(r"(?:^ {4,}|`)(?:\S*/)?traceinv ([a-z][^\n`]*)", re.MULTILINE)


def _pages(*paths: Path) -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in sorted(paths)]


@pytest.mark.parametrize("page", _pages(*PAGES))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target in LINK.findall(page.read_text()):
        if "://" in target:
            continue
        file, _, heading = target.partition("#")
        path = page.parent / file if file else page
        assert path.exists(), f"{page.name}: {target}"
        assert not heading or heading in _anchors(path), f"{page.name}: {target}"


@pytest.mark.parametrize("page", _pages(*PAGES))
def test_paths_exist(page: Path) -> None:
    named = set(PATH.findall(page.read_text())) - {EXAMPLE}
    assert [path for path in sorted(named) if not (ROOT / path).exists()] == []


def test_contributing_lists_every_room_and_module() -> None:
    rooms = (ROOT / "CONTRIBUTING.md").read_text().partition("## Rooms")[2].partition("\n## ")[0]
    parts = [path for package in ("harness", "traceinv") for path in (ROOT / package).iterdir()]
    names = [path.name for path in parts if (path / "__init__.py").exists() or path.suffix == ".py"]
    assert [name for name in names if name != "__init__.py" and name not in rooms] == []


def test_every_regime_is_explained() -> None:
    table = (ROOT / "docs" / "regimes.md").read_text()
    assert tuple(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == ORDER


def test_every_key_of_a_record_is_explained() -> None:
    table = (ROOT / "results" / "README.md").read_text()
    assert [name for name in ResultRecord.model_fields if f"| `{name}` |" not in table] == []


@pytest.mark.parametrize("page", _pages(*PAGES))
def test_commands_and_their_options_exist(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, options in _commands(page.read_text()):
        with pytest.raises(SystemExit) as end:
            main([*words, "--help"])
        shown = capsys.readouterr()
        assert end.value.code == 0, f"{page.name}: traceinv {' '.join(words)}: {shown.err}"
        known = set(re.findall(r"--[a-z-]+", shown.out))
        assert options <= known, f"{page.name}: traceinv {' '.join(words)}: no {options - known}"


@pytest.mark.parametrize("page", _pages(*PAGES))
def test_make_targets_exist(page: Path) -> None:
    known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"(?:^ {4}|`)make ([a-z-]+)", page.read_text(), re.MULTILINE)) <= set(known)


def test_the_python_code_of_the_readme_runs() -> None:
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    code = "\n".join([*blocks, 'print(FirstLines(lines=1).summarise("a\\nb"))'])
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout
    assert done.stdout.endswith("\na\n")


def test_figures_of_the_readme_stand_in_the_leaderboard() -> None:
    quoted = [line for line in README.read_text().splitlines() if re.match(r"\| \w+ \| \d", line)]
    assert quoted
    board = (ROOT / "leaderboard.md").read_text().splitlines()
    assert [line for line in quoted if line not in board] == []


def _commands(text: str) -> list[tuple[list[str], set[str]]]:
    """Return the commands of a page as their first words, such as `store`, `verify`, and their options."""
    commands = []
    for line in COMMAND.findall(text):
        first, *others = re.sub(r"[\\\[\]]", "", line.partition("  #")[0]).split()
        options = {word.partition("=")[0] for word in others if word.startswith("--")}
        seconds = others[0].split("|") if others and not others[0].startswith("-") else []
        commands += [([first, second], options) for second in seconds] or [([first], options)]
    return commands


def _anchors(page: Path) -> set[str]:
    """Return the names by which GitHub links to the headings of a page."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}
