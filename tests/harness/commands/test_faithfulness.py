"""`traceinv faithfulness` gives figures in the file's order, and one clear line for every kind of wrong input."""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest

from harness.cli import main
from harness.faithfulness.compare import PairFigures, compare_pair
from harness.faithfulness.file import Settings, score_pairs
from harness.faithfulness.pairs import Pair, index_pairs
from traceinv.lab.questions import draw

TRACE = "We sell 48 clips in April.\nIn May we sell half as many, so 48/2 = 24 clips.\nIn all 48 + 24 = 72.\nThe answer is {}."


WORDING = ["token_f1", "token_f1_sets", "bleu_sacrebleu", "bleu_nltk", "rouge1", "rouge2", "rougeL", "rougeLsum"]


def _trace(number: int) -> str:
    rng = Random(number)
    lines = [f"Step {rng.randrange(100)} gives {a} + {b} = {a + b}." for a, b in ((rng.randrange(90), number),) * 3]
    return "\n".join([*lines, f"The answer is {number}."])


def _compared(pair: Pair) -> PairFigures:
    return compare_pair(pair.as_question(), pair.answer, pair.truth, pair.inverted)


def _write(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def file(tmp_path: Path) -> Path:
    rows = []
    for number in range(24):
        truth = _trace(number)
        lines = truth.splitlines()
        inverted = "\n".join(lines if number % 2 else lines[1:])
        rows.append(
            {"id": f"q{23 - number}", "truth": truth, "inverted": inverted, "second": truth, "answer": str(number)}
        )
    return _write(tmp_path / "pairs.jsonl", rows)


def test_pairs_come_out_in_order_with_their_ids_and_again_the_same(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = file.with_name("out.jsonl")
    arguments = ["faithfulness", str(file), "--workers", "1"]
    assert main([*arguments, "--json", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    output = json.loads(printed)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert lines == output["pairs"]
    assert [line["id"] for line in lines] == [f"q{23 - number}" for number in range(24)]
    assert lines[1]["figures"]["rougeL"] == lines[1]["figures"]["step_f1"] == lines[1]["figures"]["concludes"] == 1
    assert lines[0]["figures"]["step_recall"] < 1
    overall = output["overall"]
    assert json.loads(out.with_name("out.overall.json").read_text()) == overall
    assert overall["pairs"] == overall["questions"] == 24
    rouge = overall["figures"]["rougeL"]
    assert rouge["floor"]["mean"] < rouge["value"]["low"] < rouge["value"]["mean"] < rouge["ceiling"]["mean"] == 1
    assert 0 < rouge["normalised"]["low"] < rouge["normalised"]["mean"] < 1
    assert overall["figures"]["length_ratio"]["normalised"] is None
    assert main([*arguments, "--json"]) == 0
    assert capsys.readouterr().out == printed


def test_chosen_figures_are_those_of_all(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def scored(*options: str) -> dict[str, Any]:
        assert main(["faithfulness", str(file), "--json", "--workers", "1", *options]) == 0
        found: dict[str, Any] = json.loads(capsys.readouterr().out)
        return found

    whole, chosen = scored(), scored("--figures", "rougeL,step_f1,concludes")
    assert set(chosen["overall"]["figures"]) == {"rougeL", "step_f1", "concludes"}
    for name, entry in chosen["overall"]["figures"].items():
        assert entry == whole["overall"]["figures"][name]
    for few, all_ in zip(chosen["pairs"], whole["pairs"], strict=True):
        for level in ("figures", "floor", "ceiling"):
            assert few[level].items() <= all_[level].items()
    assert main(["faithfulness", str(file), "--figures", "rougeL"]) == 0
    assert "step_f1" not in capsys.readouterr().out


def test_a_table_says_why_a_value_is_withheld(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    _write(file, [{"truth": row["truth"], "inverted": row["inverted"]} for row in rows])
    assert main(["faithfulness", str(file), "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    assert "24 pairs of 24 questions" in printed
    assert "there is no second sample" in printed.replace("\n", " ")


def test_the_table_begins_with_the_headline_and_says_where_lengths_differ(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A summary in the place of a trace has low figures, even beside those of another question's whole trace."""
    assert main(["faithfulness", str(file), "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    places = [printed.index(name) for name in ("step_f1", "rougeL ", "true_equations", "concludes", "length_ratio")]
    assert places == sorted(places)
    assert "times as long" not in printed
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    _write(file, [{**row, "inverted": row["truth"].splitlines()[-1]} for row in rows])
    assert main(["faithfulness", str(file), "--workers", "1"]) == 0
    printed = capsys.readouterr().out.replace("\n", " ")
    assert "the inverted traces: 0.1" in printed
    assert "see step precision and its floor" in printed


@pytest.mark.slow
def test_several_processes_give_what_one_gives(file: Path) -> None:
    pairs = index_pairs(file)
    assert list(score_pairs(pairs, Settings(), 2)) == list(score_pairs(pairs, Settings(), 1))


def test_samples_of_one_question_are_one_question_and_no_floor_for_each_other(tmp_path: Path) -> None:
    rows = [{"id": number // 4, "truth": _trace(number // 4), "inverted": _trace(number // 4)} for number in range(16)]
    pairs = index_pairs(_write(tmp_path / "pairs.jsonl", rows))
    assert pairs.questions == [number // 4 for number in range(16)]
    scored = list(score_pairs(pairs, Settings(draws=3), 1))
    assert all(pair.result.floor is not None and pair.result.floor["rougeL"] < 1 for pair in scored)


def test_a_pair_of_the_lab_is_read_by_its_familys_reader() -> None:
    problem = next(p for p in draw("target", 1, (4, 4), 0).values() if p.family == "chain")
    pair = Pair(
        truth=problem.trace, inverted=problem.trace, kind="chain", question=problem.question, answer=problem.answer
    )
    figures = _compared(pair).figures
    assert figures["true_steps"] == figures["concludes"] == 1
    assert "true_equations" not in figures


@pytest.mark.parametrize(
    ("change", "falling"),
    [
        ("shuffled", ["bleu_sacrebleu", "rouge2", "rougeL", "step_f1", "step_order"]),
        ("deleted", ["length_ratio", "token_f1", "rouge1", "rougeL", "step_recall", "step_f1"]),
        ("numbers", ["token_f1", "bleu_nltk", "rouge1", "rougeL", "step_f1", "true_equations", "concludes"]),
        ("another's", [*WORDING, "step_f1"]),
    ],
)
def test_figures_of_prose_fall_on_spoilt_traces(change: str, falling: list[str]) -> None:
    truth = (
        _trace(5).replace("Step", "So step") + "\nThat was 2 + 3 = 5 and so it ends here.\nWe check 10/2 = 5 once more."
    )
    lines = truth.splitlines()
    spoilt = {
        "shuffled": "\n".join(lines[::-1]),
        "deleted": "\n".join(lines[::2]),
        "numbers": truth.translate(str.maketrans("0123456789", "1234567890")),
        "another's": TRACE.format(72),
    }[change]
    whole = _compared(Pair(truth=truth, inverted=truth, answer="5")).figures
    figures = _compared(Pair(truth=truth, inverted=spoilt, answer="5")).figures
    for name in falling:
        assert whole[name] == pytest.approx(1), name
        assert figures[name] is not None, name
        assert figures[name] < 0.98, name  # type: ignore[operator]


GOOD = json.dumps({"truth": "a", "inverted": "b"})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "pairs.jsonl: expected a line of JSON for each pair, got an empty file"),
        (b"\n \n", "got an empty file"),
        (f"{GOOD}\nnot json\n".encode(), "pairs.jsonl:2: not JSON"),
        (f"{GOOD}\n\n[1]\n".encode(), "pairs.jsonl:3: expected a JSON object, got list"),
        (b'{"truth": "a"}\n', "pairs.jsonl:1: missing field 'inverted'"),
        (b'{"truth": "a", "inverter": "b"}\n', "missing field 'inverted' (did you mean 'inverter'?)"),
        (b'{"truth": "a", "inverted": 5}\n', "pairs.jsonl:1: inverted: input should be a valid string, got 5"),
        (b'{"truth": "a", "inverted": "b", "anwser": "5"}\n', "unknown key 'anwser' (did you mean 'answer'?)"),
        (
            b'{"truth": "a", "inverted": "b", "id": 1.5}\n',
            "pairs.jsonl:1: id: expected text or a whole number, got 1.5",
        ),
        (b'{"truth": "a\0", "inverted": "b"}\n', "pairs.jsonl:1: expected JSON text, got a NUL byte"),
        (b'{"truth": "\xff", "inverted": "b"}\n', "pairs.jsonl:1: not UTF-8: invalid start byte at byte 11"),
        (b"[" * 100_000 + b"\n", "pairs.jsonl:1: not JSON"),
        (
            b'{"truth": "a", "inverted": "b", "kind": "chain", "question": "?"}\n',
            "question: expected one that the reader of the kind 'chain' knows",
        ),
    ],
)
def test_wrong_input_is_one_line_that_names_the_place(
    content: bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(content)
    out = tmp_path / "out.jsonl"
    assert main(["faithfulness", str(path), "--out", str(out)]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert {path.name for path in tmp_path.iterdir()} == {"pairs.jsonl"}


def test_wrong_options_are_one_line(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments, message in (
        ([str(file.with_name("none.jsonl"))], "cannot be read: No such file"),
        ([str(file.parent)], "expected a file, got a folder"),
        ([str(file), "--out", str(file)], "the pairs are read from there"),
        ([str(file), "--out", str(file.parent / "no" / "out")], "there is no folder"),
        ([str(file), "--draws", "0"], "--draws 0: expected 1 or more"),
        ([str(file), "--seed", "-1"], "--seed -1: expected 0 or more"),
        ([str(file), "--tokenizer", str(file.parent)], "--tokenizer"),
    ):
        assert main(["faithfulness", *arguments]) == 2
        error = capsys.readouterr().err
        assert message in error
        assert error.count("\n") == 1


def test_only_a_file_is_read_and_only_another_file_written(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pipe, overall = file.with_name("pipe"), file.with_name("pairs.overall.json")
    os.mkfifo(pipe)
    overall.write_text(file.read_text())
    for arguments, message in (
        ([str(pipe)], "pipe: expected a file, got a pipe"),
        ([str(file), "--out", "/proc/none.jsonl"], "cannot be written"),
        ([str(file), "--out", str(pipe)], "this is a device or a pipe; expected a file"),
        ([str(overall), "--out", str(file.with_name("pairs.jsonl"))], "the pairs are read from"),
    ):
        assert main(["faithfulness", *arguments]) == 2
        assert message in capsys.readouterr().err
    assert overall.read_text() == file.read_text()
    assert pipe.is_fifo()


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_bytes(b"\xef\xbb\xbf" + f"{GOOD}\n{GOOD}\n".encode())
    pairs = index_pairs(path)
    with path.open("rb") as opened:
        assert [pairs.read(opened, index).inverted for index in range(2)] == ["b", "b"]


def test_half_a_character_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"truth": "a \\ud800", "inverted": "a \\ud83d\\ude00"}\n')
    (pair,) = score_pairs(index_pairs(path), Settings(), 1)
    assert pair.result.figures["token_f1"] == 0.5


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pairs(tmp_path: Path) -> None:
    """The largest memory of a run over four times as many pairs is that of the smaller one, but for their numbers."""
    script = (  # not `ru_maxrss`, which begins at what the tests' own process has when it starts another
        "import sys; from harness.cli import main; code = main(sys.argv[1:]);"
        "peak = next(line.split()[1] for line in open('/proc/self/status') if line.startswith('VmHWM'));"
        "print(peak, file=sys.stderr); sys.exit(code)"
    )
    largest = []
    for count in (20, 80):
        text = "\n".join(_trace(number) for number in range(100))
        rows = [{"truth": f"{text} {number}", "inverted": f"{number} {text}"} for number in range(count)]
        path = _write(tmp_path / f"{count}.jsonl", rows)
        arguments = ["faithfulness", str(path), "--workers", "1", "--floor-pairs", "5", "--seconds", "0"]
        done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
        largest.append(int(done.stderr.split()[-1]))
    assert largest[1] < largest[0] + 20_000  # kB; 60 pairs kept with their words would take 200,000
