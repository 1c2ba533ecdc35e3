"""Compare `traceinv bench` with the command `lm_eval` on the same tasks: every response and every verdict, and the CPU time.

    python perf/parity.py [--model models/smollm2] [--tasks lab_chain,lab_prints] [--limit 8] [--tokens 64] [--data-dir DIR]

Both commands run one after the other, each in a process of its own, greedily and with the same batches. CPU time is that of
the whole command, so that a busy machine does not decide the ratio; `lm_eval` also reads the names of all its tasks in it.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from table import Row, keep

from harness.benchmarks.catalog import PREFIX
from harness.benchmarks.folders import TASKS

Replies = dict[tuple[str, str], tuple[str, float]]
"""Response and score of each item, by task and id."""


def main() -> int:
    """Print the table; return 1 where a response or a verdict differs."""
    options = _options()
    print(f"{options.model}, {options.tasks}, {options.limit} items each, load {os.getloadavg()[0]:.1f}", flush=True)
    with TemporaryDirectory() as folder:
        ours, our_seconds = _bench(options, Path(folder) / "bench")
        theirs, their_seconds = _lm_eval(options, Path(folder) / "lm_eval")
    print(f"{'':<10}{'CPU s':>8}\n{'bench':<10}{our_seconds:>8.1f}\n{'lm_eval':<10}{their_seconds:>8.1f}")
    ratio = our_seconds / their_seconds
    print(f"bench against lm_eval: {ratio:.3f}")
    keep(Row("bench, CPU s of the command", f"{our_seconds:.1f}", f"{their_seconds:.1f}", ratio, 1.0, at_most=True))
    responses = sum(ours[key][0] == theirs[key][0] for key in ours if key in theirs)
    verdicts = sum(ours[key][1] == theirs[key][1] for key in ours if key in theirs)
    print(
        f"same items: {ours.keys() == theirs.keys()}; of {len(ours)} samples {responses} have the same response, ",
        end="",
    )
    print(f"{verdicts} the same verdict; {sum(score for _, score in ours.values()):g} are right")
    return 0 if ours == theirs else 1


def _bench(options: argparse.Namespace, out: Path) -> tuple[Replies, float]:
    data = ["--data-dir", options.data_dir] if options.data_dir else []
    limits = [
        "--limit",
        str(options.limit),
        "--max-tokens",
        str(options.tokens),
        "--batch-size",
        str(options.batch_size),
    ]
    code = "import sys; from harness.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "bench", "--model", options.model, "--tasks", options.tasks, *limits, *data]
    seconds = _run([*command, "--temperature", "0", "--model-args", "dtype=float32", "--out", str(out)])
    rows = {path.stem: _lines(path) for path in (out / "samples").glob("*.jsonl")}
    return {(task, row["id"]): (row["response"], row["value"]) for task in rows for row in rows[task]}, seconds


def _lm_eval(options: argparse.Namespace, out: Path) -> tuple[Replies, float]:
    names = {task: _name(task) for task in options.tasks.split(",")}
    tasks = ",".join(names.values())
    data = ["--metadata", json.dumps({"data_dir": options.data_dir})] if options.data_dir else []
    asked = ["--model", "hf", "--model_args", f"pretrained={options.model},dtype=float32", "--apply_chat_template"]
    limits = ["--limit", str(options.limit), "--batch_size", str(options.batch_size)]
    greedy = ["--gen_kwargs", f"do_sample=False,temperature=0.0,max_gen_toks={options.tokens}"]
    command = [
        sys.executable,
        "-m",
        "lm_eval",
        "--include_path",
        str(TASKS),
        "--tasks",
        tasks,
        *asked,
        *limits,
        *greedy,
        *data,
    ]
    seconds = _run([*command, "--log_samples", "--output_path", str(out)])
    replies: Replies = {}
    for task, name in names.items():
        (path,) = out.rglob(f"samples_{name}_*.jsonl")
        replies |= {(task, row["doc"]["id"]): (row["resps"][0][0], row["acc"]) for row in _lines(path)}
    return replies, seconds


def _name(task: str) -> str:
    """Return lm-eval's name of a task: those of benchmarks have a prefix, so that they are not taken for lm-eval's own."""
    sources = (path.read_text(encoding="utf-8") for path in TASKS.rglob(f"{task}.yaml"))
    return PREFIX + task if any(f"task: {PREFIX}{task}\n" in source for source in sources) else task


def _run(command: Sequence[str]) -> float:
    """Run a command and return its CPU seconds.

    Raises:
        CalledProcessError: it failed.
    """
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", default="models/smollm2", help="a model's folder; examples/get_smollm2.py makes the default"
    )
    parser.add_argument("--tasks", default="lab_chain,lab_prints")
    parser.add_argument("--limit", type=int, default=8, help="items of each task")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=64, help="the longest reply")
    parser.add_argument("--data-dir", help="where the data of benchmarks lies that bring none")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
