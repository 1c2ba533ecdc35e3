"""Style distance is 0.5 between texts of one source and 1 between those that differ in every text."""

import json
from pathlib import Path
from random import Random

import pytest

from harness.cli import main
from harness.faithfulness.style import TooFewTexts, style_distance, style_stats, summary_style
from harness.views.faithfulness import style_line
from traceinv.records import Disclosure, Question


def _texts(count: int, seed: int, words: str) -> list[str]:
    rng = Random(seed)
    return [" ".join(rng.choices(words.split(), k=20)) for _ in range(count)]


def test_texts_of_one_source_cannot_be_told_apart() -> None:
    words = "we add the two sides and take a root of it then check"
    found = style_distance(_texts(150, 1, words), _texts(150, 2, words))
    assert found.auc.low < 0.5 < found.auc.high
    assert found.auc.high - found.auc.low < 0.2


def test_texts_of_two_sources_can_and_the_shares_say_how() -> None:
    recap = [f"## Setup\n\nI find $x={n}$ first.\n\n## Result\n\nSo \\frac{{1}}{{2}}." for n in range(40)]
    bubbles = [f"1. find x, which is {n}\n2. halve" for n in range(40)]
    found = style_distance(recap, bubbles)
    assert found.auc.mean == found.auc.low == 1
    assert (found.taught.headings, found.taught.first_person, found.taught.latex) == (1, 1, 1)
    assert (found.used.headings, found.used.first_person, found.used.latex) == (0, 0, 0)
    assert found.used.median_words == 8


def test_the_same_texts_give_the_same_figures_and_too_few_are_refused() -> None:
    first, second = _texts(20, 1, "a b c d"), _texts(20, 2, "a b c e")
    assert style_distance(first, second) == style_distance(first, second)
    with pytest.raises(TooFewTexts, match="expected 5 or more texts that inverters are trained on, got 2"):
        style_distance(first[:2], second)
    with pytest.raises(TooFewTexts, match="used on, got 4"):
        style_distance(first, second[:4])


def _disclosures(texts: list[str]) -> list[Disclosure]:
    question = Question(id="q", kind="k", text="?")
    return [Disclosure(id="q", question=question, answer="a", summary=text) for text in [*texts, None]]


def test_disclosures_without_a_summary_do_not_count_and_too_few_give_no_figure() -> None:
    first, second = _texts(20, 1, "a b c d"), _texts(20, 2, "a b c e")
    assert summary_style(_disclosures(first), _disclosures(second), 0) == style_distance(first, second)
    assert summary_style(_disclosures(first), _disclosures(second[:4]), 0) is None


def test_a_heading_in_bold_or_with_a_colon_counts() -> None:
    assert style_stats(["**Idea**\nadd", "Idea:\nadd", "an idea: add", "**add** it"]).headings == 0.5


def _file(path: Path, texts: list[str | None]) -> Path:
    path.write_text("".join(json.dumps({"id": number, "summary": text}) + "\n" for number, text in enumerate(texts)))
    return path


def test_the_command_reads_the_disclosures_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taught = _file(tmp_path / "taught.jsonl", [*_texts(20, 1, "a b c d"), None])
    used = _file(tmp_path / "used.jsonl", [*_texts(20, 2, "e f g h")])
    assert main(["style", str(taught), str(used)]) == 0
    assert "area under the curve 1.000 [1.000, 1.000]" in capsys.readouterr().out
    assert main(["style", str(taught), str(used), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["taught"]["texts"], found["used"]["texts"], found["auc"]["mean"]) == (20, 20, 1)


def test_a_negative_seed_is_refused_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = _file(tmp_path / "taught.jsonl", [*_texts(20, 1, "a b c d")])
    assert main(["style", str(path), str(path), "--seed", "-1"]) == 2
    assert capsys.readouterr().err.endswith("--seed -1: expected 0 or more\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "taught.jsonl: expected 5 texts or more in 'summary', got 0"),
        ('{"summary": "a"}\n', "taught.jsonl: expected 5 texts or more in 'summary', got 1"),
        ('{"summary": "a"}\n{"sumary": "a"}\n', "taught.jsonl:2: missing field 'summary' (did you mean 'sumary'?)"),
        ('\n{"summary": 5}\n', "taught.jsonl:2: summary: expected text, got int"),
        ("[1]\n", "taught.jsonl:1: expected a JSON object, got list"),
        ("words\n", "taught.jsonl:1: not JSON"),
        ('{"summary": "\0"}\n', "taught.jsonl:1: expected JSON text, got a NUL byte"),
    ],
)
def test_a_wrong_line_is_named(content: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    taught = tmp_path / "taught.jsonl"
    taught.write_text(content)
    used = _file(tmp_path / "used.jsonl", [*_texts(20, 2, "e f g h")])
    assert main(["style", str(taught), str(used)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_the_sentence_says_whether_they_can_be_told_apart() -> None:
    alike = style_distance(_texts(60, 1, "a b c d"), _texts(60, 2, "a b c d"))
    unlike = style_distance(_texts(60, 1, "a b c d"), _texts(60, 2, "e f g h"))
    assert "A word classifier cannot distinguish the surrogate's summaries" in style_line(alike)
    assert "A word classifier can distinguish the surrogate's summaries" in style_line(unlike)
