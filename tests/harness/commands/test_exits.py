"""What commands say is visible text, whatever files and names it quotes."""

import ast
import io
import re
import sys
from pathlib import Path

import pytest

from harness.cli import main
from harness.commands.exits import BAD_INPUT, complain, say

ROOT = Path(__file__).parents[3]


def test_an_error_is_one_line_of_visible_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert complain("a\x1b[31m\nb\u202e\udcff", BAD_INPUT) == BAD_INPUT
    assert capsys.readouterr().err == "traceinv: a\\x1b[31m\\x0ab\\u202e\\udcff\n"


def test_a_message_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    say("a\n\tb\x07")
    say("c\x00", error=True)
    assert capsys.readouterr() == ("a\n\tb\\x07\n", "c\\x00\n")


@pytest.mark.parametrize("arguments", [["grade", "x\x1b[31m\ny", "nowhere"], ["compare", "a\x1b[31m", "b"]])
def test_a_wrong_argument_is_quoted_without_its_controls(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == BAD_INPUT
    error = capsys.readouterr().err
    assert "\\x1b[31m" in error
    assert "\x1b" not in error
    assert error.count("\n") == 1


def test_output_in_an_encoding_that_lacks_a_character_shows_an_escape(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a terminal without UTF-8, where a table with an accent ended in a traceback."""
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["compare", "Müller", "b"]) == BAD_INPUT
    sys.stderr.flush()
    assert b"M\\xfcller" in raw.getvalue()


def test_no_check_of_the_packages_is_an_assert() -> None:
    """`python -O` leaves asserts out; those that tell the type checker that a value is there check nothing."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for name in ("harness", "traceinv", "tasks", "setup.py")
        for path in [*(ROOT / name).rglob("*.py")] or [ROOT / name]
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if (isinstance(node, ast.Assert) and not re.fullmatch(r"[\w.]+ is not None", ast.unparse(node.test)))
        or (isinstance(node, ast.Name) and node.id == "__debug__")
    ]
    assert found == []
