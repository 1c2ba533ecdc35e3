"""Wrong inputs: each is one clear line and exit 2, before anything is computed, and no file is changed."""

import json
from pathlib import Path

import pytest
import yaml
from sample_records import record, write

from harness.cli import main
from harness.pipeline.executors.local import LocalExecutor
from traceinv.models import SHIPPED_MODEL, locate

PAIR = {"truth": "1 + 1 = 2", "inverted": "1 + 1 = 2"}
LAB = Path(__file__).parents[3] / "harness" / "recipes" / "lab.yaml"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with files to name wrongly; no stage may be started."""

    def refuse(*_: object) -> None:
        pytest.fail("a stage was to be computed")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr(LocalExecutor, "__init__", refuse)
    for name in ("empty", "results", "broken", "run"):
        (tmp_path / name).mkdir()
    write(tmp_path / "results", record("lab-1"))
    write(tmp_path / "run", record("lab-2"))
    texts = {
        "file": "text",
        "broken/lab-1-seed-0123456789.json": "{",
        "pairs.jsonl": json.dumps(PAIR) + "\n",
        "typo.jsonl": json.dumps({"truth": "a", "inverte": "b"}) + "\n",
        "number.jsonl": json.dumps({"truth": "a", "inverted": 3}) + "\n",
        "half.jsonl": json.dumps(PAIR) + "\n{",
        "list.jsonl": "[1]\n",
        "empty.jsonl": "",
        "latin.jsonl": "",
        "answers.jsonl": json.dumps({"id": "lab_chain/0", "response": "3"}) + "\n",
        "unknown.jsonl": json.dumps({"id": "lab_chain/999", "response": "3"}) + "\n",
        "keyless.jsonl": json.dumps({"id": "lab_chain/0", "respons": "3"}) + "\n",
        "empty.yaml": "",
        "list.yaml": "- 1\n",
        "tabs.yaml": "name: x\n\tseeds: [0]\n",
        "twice.yaml": "name: a\nname: b\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    (tmp_path / "latin.jsonl").write_bytes('{"truth": "\xe9", "inverted": "b"}\n'.encode("latin-1"))
    content = yaml.safe_load(LAB.read_text())
    (tmp_path / "regime.yaml").write_text(yaml.safe_dump({**content, "regime": content["regimes"]}))
    (tmp_path / "pairs.parquet").write_bytes(b"PAR1")
    return tmp_path


RUN = ("run", "lab", "--store", "store", "--out", "out")
BENCH = ("bench", "--out", "out", "--tasks", "lab_chain")
MODEL = ("--model", str(locate(SHIPPED_MODEL)))
CASES = [
    # where output cannot be written
    (("run", "lab", "--store", "store", "--out", "/proc/x"), "--out /proc/x: cannot be written to: "),
    (("run", "lab", "--store", "/proc/x", "--out", "out"), "--store /proc/x: cannot be written to: "),
    (("run", "lab", "--store", "store", "--out", "file"), "--out file: there is a file of this name"),
    (("run", "lab", "--store", "store", "--out", "file/x"), "--out file/x: there is a file of this name"),
    (("run", "lab", "--store", "store", "--out", ""), "argument --out: expected a path, got an empty text"),
    (
        ("audit", "lab", "--policies", "half", "--store", "store", "--out", "/proc/x"),
        "--out /proc/x: cannot be written to: ",
    ),
    (("lab", "pretrain", "--out", "/proc/x"), "--out /proc/x: cannot be written to: "),
    (("lab", "calibrate", "--store", "store", "--out", "/proc/x"), "--out /proc/x: cannot be written to: "),
    ((*BENCH[:1], *MODEL, *BENCH[3:], "--out", "/proc/x"), "--out /proc/x: cannot be written to: "),
    (("leaderboard", "--out", "/proc/x.md"), "--out /proc/x.md: cannot be written: "),
    (("leaderboard", "--out", "empty"), "--out empty: this is a folder; expected a file"),
    (("report", "--out", "/proc/x.html"), "--out /proc/x.html: cannot be written: "),
    (("report", "--out", "nowhere/x.html"), "--out nowhere/x.html: there is no folder nowhere"),
    (("report", "--out", "empty"), "--out empty: this is a folder; expected a file"),
    (("faithfulness", "pairs.jsonl", "--out", "/proc/x.jsonl"), "--out /proc/x.jsonl: cannot be written: "),
    (("report", "--out", "/dev/null"), "--out /dev/null: this is a device or a pipe; expected a file"),
    (("faithfulness", "pairs.jsonl", "--out", "pairs.jsonl"), "--out pairs.jsonl: the pairs are read from there"),
    (("grade", "lab_chain", "answers.jsonl", "--out", "/proc/x"), "--out /proc/x: cannot be written: "),
    (("export", "results", "--format", "csv", "--out", "/proc/x"), "--out /proc/x: cannot be written: "),
    (("export", "results", "--format", "eee", "--out", "/proc/x"), "--out /proc/x: cannot be written to: "),
    (("export", "results", "--format", "eee"), "--out: expected a folder for --format eee"),
    (("tasks", "new", "riddles", "--dir", "/proc/x"), "/proc/x"),
    # recipes
    (("run", "lba"), "unknown recipe 'lba' (did you mean 'lab'?)"),
    (("run", "nowhere.yaml"), "nowhere.yaml: no such recipe file"),
    (("run", "empty.yaml"), "empty.yaml: the file is empty"),
    (("run", "list.yaml"), "list.yaml: expected keys and values, got list"),
    (("run", "tabs.yaml"), "tabs.yaml:2: not YAML"),
    (("run", "twice.yaml"), "twice.yaml:2: not YAML: the key 'name' occurs twice"),
    (("run", "regime.yaml"), "regime.yaml: unknown key 'regime' (did you mean 'regimes'?)"),
    ((*RUN, "--set", "polcies.half.k=3"), "--set polcies.half.k=3: unknown key 'polcies' (did you mean 'policies'?)"),
    ((*RUN, "--set", "policies.half.k=three"), "policies.half.k: "),
    ((*RUN, "--set", "policies.half.kind=every_nth_step"), "(did you mean 'every_kth_step'?)"),
    ((*RUN, "--set", "regimes=[inverted, oracel]"), "unknown regime 'oracel' (did you mean 'oracle'?)"),
    ((*RUN, "--set", "regimes=[inverted, inverted]"), "regimes: expected no value twice"),
    ((*RUN, "--set", "regimes=[base]"), "regimes: expected at least one that teaches, besides base"),
    ((*RUN, "--set", "regimes=[inverted]", "--set", "policies={a: {kind: answer_only}}"), "discloses no summary"),
    ((*RUN, "--set", "regimes"), "--set 'regimes': expected KEY.KEY=VALUE"),
    ((*RUN, "--set", "regimes=[inverted"), "not YAML"),
    ((*RUN, "--set", "seeds=[0, 0]"), "seeds: expected no value twice"),
    ((*RUN, "--set", "seeds=[-1]"), "seeds.0: "),
    ((*RUN, "--set", "seeds.first=1"), "'seeds' holds a value, not further keys"),
    ((*RUN, "--set", "budgets=[0]"), "budgets.0: "),
    ((*RUN, "--set", "benchmark.tasks=[lab_chian]"), "unknown task 'lab_chian' (did you mean 'lab_chain'?)"),
    ((*RUN, "--set", "benchmark.include_path=[nowhere]"), "benchmark.include_path: no such folder 'nowhere'"),
    ((*RUN, "--set", "students.lab.training.learning_rate=fast"), "students.lab.training.learning_rate: "),
    ((*RUN, "--set", "students.lab.model=nowhere"), "nowhere"),
    ((*RUN, "--set", "targets={t: {kind: labb}}"), "targets.t.kind: unknown kind 'labb' (did you mean 'lab'?)"),
    ((*RUN, "--set", "name=My run"), "name: "),
    ((*RUN, "--set", "max_dropped=.nan"), "max_dropped"),
    ((*RUN, "--seeds", "0"), "argument --seeds: expected a whole number of at least 1, got '0'"),
    ((*RUN, "--seeds", "three"), "argument --seeds: expected a whole number of at least 1, got 'three'"),
    ((*RUN, "--seeds", "101"), "--seeds 101: seeds: "),
    (("audit", "lab", "--policies", "haf"), "haf"),
    (("audit", "lab", "--regimes", "oracel"), "unknown regime 'oracel' (did you mean 'oracle'?)"),
    (("lab", "calibrate", "--doses", "0,2"), "expected different numbers from 0 to 1"),
    # words of the command line
    (("run", "lab", "--store", "store", "--exact"), "--exact: expected with --dry-run alone"),
    (("audit", "lab", "--store", "store", "--exact"), "--exact: expected with --dry-run alone"),
    (("rnu", "lab"), "argument COMMAND: unknown 'rnu' (did you mean 'run'?)"),
    (("run", "lab", "--sedes", "1"), "unexpected argument '--sedes' (did you mean '--seeds'?)"),
    (("run", "lab", "extra"), "unexpected argument 'extra'"),
    ((*RUN, "--report-to", "tensorbord"), "--report-to: unknown logger 'tensorbord' (did you mean 'tensorboard'?)"),
    (("audit", "lab", "--report-to", "mlflow"), "--report-to: unknown logger 'mlflow' (known: "),
    (("run",), "the following arguments are required: RECIPE"),
    (("tasks", "chek"), "argument COMMAND: unknown 'chek' (did you mean 'check'?)"),
    (("completion", "fish"), "argument shell: unknown 'fish'"),
    (("export", "results", "--format", "cvs"), "argument --format: unknown 'cvs' (did you mean 'csv'?)"),
    # models and benchmarks
    ((*BENCH, "--model", "/nope"), "/nope"),
    ((*BENCH, "--model", "file"), "file: cannot be loaded: "),
    ((*BENCH, "--model", "empty"), "empty: cannot be loaded: "),
    ((*BENCH, "--model", "org/no-such-model"), "org/no-such-model"),
    ((*BENCH, *MODEL, "--model-args", "foo=bar"), "foo"),
    ((*BENCH, *MODEL, "--model-args", "dtype"), "argument --model-args: expected KEY=VALUE, got 'dtype'"),
    ((*BENCH, *MODEL, "--temperature", "-1"), "--temperature -1.0: expected 0 (greedy) or more"),
    ((*BENCH, *MODEL, "--temperature", "nan"), "argument --temperature: expected a number, got 'nan'"),
    ((*BENCH, *MODEL, "--top-p", "1.5"), "--top-p 1.5: expected a number above 0"),
    ((*BENCH, *MODEL, "--limit", "0"), "argument --limit: expected a whole number of at least 1, got '0'"),
    ((*BENCH, *MODEL, "--seed", "x"), "argument --seed: expected a whole number, got 'x'"),
    ((*BENCH, *MODEL, "--engine", "vlm"), "argument --engine: unknown 'vlm' (did you mean 'vllm'?)"),
    ((*BENCH, *MODEL, "--include-path", "empty"), "--include-path empty: no task in it"),
    ((*BENCH, *MODEL, "--param", "release"), "--param: expected KEY=VALUE, got 'release'"),
    (("bench", *MODEL, "--out", "out"), "no task is named; expected --suite "),
    (("bench", *MODEL, "--out", "out", "--suite", "maths"), "unknown suite 'maths' (did you mean 'math'?)"),
    (("bench", *MODEL, "--out", "out", "--tasks", "gsm8"), "unknown task 'gsm8' (did you mean 'gsm8k'?)"),
    (("bench", *MODEL, "--out", "out", "--tasks", "gsm8k"), "gsm8k"),
    (("bench", *MODEL, "--out", "out", "--tasks", "gsm8k", "--data-dir", "nowhere"), "nowhere"),
    (("grade", "lab_chian", "answers.jsonl"), "unknown task 'lab_chian' (did you mean 'lab_chain'?)"),
    (("grade", "lab_chain", "nowhere.jsonl"), "nowhere.jsonl"),
    (("grade", "lab_chain", "empty.jsonl"), "empty.jsonl"),
    (("grade", "lab_chain", "unknown.jsonl"), "unknown.jsonl:1: id: no item 'lab_chain/999'"),
    (("grade", "lab_chain", "keyless.jsonl"), "keyless.jsonl:1: "),
    (("grade", "lab_chain", "list.jsonl"), "list.jsonl:1: expected a JSON object, got list"),
    (("grade", "lab_chain", "answers.jsonl", "--think", "", ""), "--think: expected two markers, got an empty text"),
    (("tasks", "new", "My-Task"), "expected a name of small letters, digits and underscores"),
    (("tasks", "new", "lab_chain"), "there is already a task with this name"),
    (("tasks", "check", "lab_chian"), "unknown task 'lab_chian' (did you mean 'lab_chain'?)"),
    # traces and summaries
    (("faithfulness", "nowhere.jsonl"), "nowhere.jsonl: cannot be read: No such file or directory"),
    (("faithfulness", "empty"), "empty: expected a file, got a folder"),
    (("faithfulness", "empty.jsonl"), "empty.jsonl"),
    (("faithfulness", "typo.jsonl"), "typo.jsonl:1: "),
    (("faithfulness", "number.jsonl"), "number.jsonl:1: inverted: "),
    (("faithfulness", "half.jsonl"), "half.jsonl:2: not JSON"),
    (("faithfulness", "latin.jsonl"), "latin.jsonl:1: not UTF-8"),
    (("faithfulness", "pairs.parquet"), "pairs.parquet: this is a Parquet file; expected JSONL"),
    (("faithfulness", "pairs.jsonl", "--draws", "0"), "--draws 0: expected 1 or more"),
    (("faithfulness", "pairs.jsonl", "--seed", "-1"), "--seed -1: expected 0 or more"),
    (("faithfulness", "pairs.jsonl", "--seconds", "soon"), "argument --seconds: expected a number, got 'soon'"),
    (
        ("faithfulness", "pairs.jsonl", "--figures", "rougel"),
        "--figures: unknown figure 'rougel' (did you mean 'rougeL'?)",
    ),
    (("faithfulness", "pairs.jsonl", "--figures", ""), "--figures: expected names of figures by commas: length_ratio"),
    (("faithfulness", "pairs.jsonl", "--tokenizer", "nope"), "--tokenizer nope: "),
    (("faithfulness", "pairs.jsonl", "--format", "eee"), "--format: goes with --truth"),
    (("style", "pairs.jsonl", "pairs.jsonl"), "pairs.jsonl:1: missing field 'summary'"),
    (("style", "pairs.jsonl", "pairs.jsonl", "--field", "truth"), "pairs.jsonl: expected "),
    # records
    (("report", "--results", "empty", "--out", "x.html"), "--results empty: no record there"),
    (("report", "--results", "nowhere", "--out", "x.html"), "nowhere: no such folder of records"),
    (("report", "--run", "empty", "--out", "x.html"), "--run empty: no record there"),
    (
        ("report", "--run", "run", "--store", "/nope", "--out", "x.html"),
        "--store /nope: the run's store is not at /nope",
    ),
    (("report", "--run", "run", "--store", "empty", "--out", "x.html"), "--store empty: "),
    (("report", "--store", "empty", "--out", "x.html"), "--store: goes with --run"),
    (("report", "--results", "broken", "--out", "x.html"), "broken/lab-1-seed-0123456789.json: not JSON"),
    (("leaderboard", "--results", "empty", "--out", "x.md"), "empty: no record there"),
    (("leaderboard", "--results", "nowhere", "--out", "x.md"), "nowhere: no such folder of records"),
    (("compare", "lab-1", "lab-9"), "lab-9"),
    (("compare", "lab-1"), "the following arguments are required: B"),
    (("compare", "results/nowhere.jsonl", "lab-1"), "results/nowhere.jsonl: no such file"),
    (("export", "lab-9", "--format", "csv"), "lab-9"),
    (("export", "empty", "--format", "csv"), "empty: expected a folder with one record"),
    (("export", "run", "--format", "pairs"), "the run's store is not at store; --store names it"),
    (("export", "run", "--format", "pairs", "--store", "empty"), "the store empty has no artifact of this run"),
    (("gate", "lab-1", "lab-9"), "lab-9"),
    (("gate", "lab-1", "lab-1", "--leak", "-1"), "--leak -1.0: expected 0 or more"),
    (("gate", "lab-1", "lab-1", "--old-policy", "recpa"), "recpa"),
    (("store", "du", "--store", "nowhere"), "--store nowhere: no such folder"),
    (("store", "verify", "--store", "results"), "--store results: holds no artifacts"),
    (("store", "adopt", "abc", "--because", "x", "--store", "empty"), "abc"),
    (("doctor", "--data-dir", "nowhere"), "--data-dir nowhere: no such folder"),
]


@pytest.mark.parametrize(
    ("arguments", "message"), CASES, ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)
def test_a_wrong_input_is_one_line_and_exit_2_and_changes_no_file(
    arguments: tuple[str, ...], message: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = _content(folder)
    try:
        code = main(arguments)
    except SystemExit as stop:
        code = int(str(stop.code))
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, ""), shown
    assert message in shown.err
    assert shown.err.count("\n") == 1, shown.err
    assert shown.err.startswith("traceinv")
    assert _content(folder) == before


def _content(folder: Path) -> dict[Path, bytes | None]:
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}
