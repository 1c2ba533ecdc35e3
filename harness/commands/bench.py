"""The commands `traceinv bench` and `traceinv grade`."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.commands.exits import say
from harness.commands.options import (
    Commands,
    add_data,
    add_include,
    add_log_format,
    include_tasks,
    names,
    pairs,
    parameters,
    positive,
    real,
    whole,
)
from harness.commands.outputs import check_file, check_folder
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.evaluation.record import Figures
    from harness.evaluation.settings import BenchSettings
    from traceinv.reasoning import Markers

SEED = 1234
"""lm-eval's default."""
BATCH_SIZES = {"transformers": 8, "vllm": 256, "openai": 1, "mock": 8}
"""Prompts that an engine gets at a time; their responses are stored together."""


def add_bench(commands: Commands) -> None:
    """Add the parser of `traceinv bench`."""
    bench = commands.add_parser(
        "bench",
        help="run a model on benchmarks",
        description="Run a model on benchmarks. After a kill the same command asks only for the missing responses.",
    )
    bench.add_argument(
        "--model", required=True, metavar="PATH_OR_ID", help="a folder, a hub id, or a server's name for the model"
    )
    bench.add_argument("--suite", metavar="NAME", help="a suite of tasks; `traceinv tasks list` shows them")
    bench.add_argument("--tasks", type=names, default=(), metavar="A,B", help="tasks by name; `traceinv tasks list`")
    bench.add_argument("--engine", choices=tuple(BATCH_SIZES), default="transformers", help="default: transformers")
    bench.add_argument("--base-url", metavar="URL", help="of an OpenAI-compatible server; OPENAI_API_KEY holds its key")
    bench.add_argument("--concurrency", type=positive, default=8, metavar="N", help="requests to a server at a time")
    bench.add_argument(
        "--form",
        choices=("auto", "chat", "completion"),
        default="auto",
        help="of the prompts (default: chat where the model has a chat template)",
    )
    bench.add_argument(
        "--limit", type=positive, metavar="N", help="use the first N items of each task only; may be raised later"
    )
    bench.add_argument(
        "--samples",
        type=positive,
        metavar="N",
        help="responses to each item (default: the task's); may be raised later",
    )
    bench.add_argument("--seed", type=whole, default=SEED, metavar="N", help=f"of all sampling (default: {SEED})")
    bench.add_argument("--temperature", type=real, metavar="T", help="instead of the task's; 0 is greedy")
    bench.add_argument("--top-p", type=real, metavar="P", help="instead of the task's")
    bench.add_argument("--max-tokens", type=positive, metavar="N", help="of a response, instead of the task's limit")
    bench.add_argument("--batch-size", type=positive, metavar="N", help="prompts at a time (default: 8; vllm: 256)")
    bench.add_argument(
        "--model-args",
        type=pairs,
        default={},
        metavar="A=B,C=D",
        help="arguments of the engine, such as dtype=float32: of lm-eval's hf model, of vllm.LLM, or fields of each request",
    )
    bench.add_argument(
        "--template-arg",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="set a variable of the chat template, such as enable_thinking=true; may be given more than once",
    )
    add_include(bench)
    add_data(bench)
    bench.add_argument("--out", type=Path, metavar="DIR", help="default: runs/bench/MODEL-SUITE")
    bench.add_argument("--json", action="store_true", help="print the record instead of a table")
    bench.set_defaults(command=_bench)


def add_grade(commands: Commands) -> None:
    """Add the parser of `traceinv grade`."""
    grade = commands.add_parser(
        "grade",
        help="grade responses that were recorded elsewhere",
        description='Grade recorded responses, {"id": ..., "response": ...} a line; equal ids are samples of one item.',
    )
    grade.add_argument("task", metavar="TASK")
    grade.add_argument(
        "responses",
        type=Path,
        metavar="RESPONSES.jsonl",
        help="one JSON object a line: id, response; optional: finish_reason, tokens. Also a file of lm-eval --log_samples, a log "
        "of inspect_ai, or the instances of Every Eval Ever",
    )
    add_log_format(grade)
    add_include(grade)
    add_data(grade)
    grade.add_argument(
        "--think",
        nargs=2,
        metavar=("OPEN", "CLOSE"),
        help="markers of the reasoning (default: those of any known model)",
    )
    grade.add_argument(
        "--think-opened", action="store_true", help="the prompt opened the reasoning, so a response begins inside it"
    )
    grade.add_argument(
        "--out", type=Path, metavar="FILE.jsonl", help="write a verdict for each line, in the same order"
    )
    grade.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    grade.set_defaults(command=_grade)


def _bench(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import expand
    from harness.evaluation.bench import RECORD, run_bench
    from harness.evaluation.plan import make_plan
    from harness.evaluation.settings import before_raise, check_lock
    from harness.views.benchmarks import SampleBar, print_record
    from harness.views.console import make_console

    include_tasks(options)
    tasks = expand(options.suite, options.tasks)
    settings = _settings(options, tasks)
    label = Path(options.model).name or "model"
    out = options.out or Path("runs/bench") / f"{label}-{options.suite or '-'.join(tasks)}"
    check_folder("--out", out)
    check_lock(
        out, {"settings": before_raise(out, settings).decisive()}
    )  # again with model and tasks once they are loaded
    plan = make_plan(settings, out, options.data_dir)
    for warning in plan.warnings:
        say(f"warning: {warning}", error=True)
    with SampleBar(len(plan.requests)) as bar:
        record = run_bench(
            plan,
            out,
            shlex.join(["traceinv", *sys.argv[1:]]),
            bar,
            lambda note: say(f"note: {note}", error=True),
        )
    if options.json:
        print(record.model_dump_json(indent=1))
    else:
        console = make_console()
        print_record(console, record)
        console.print(f"record: {out / RECORD}", highlight=False, soft_wrap=True)
    return 0


def _settings(options: argparse.Namespace, tasks: Sequence[str]) -> "BenchSettings":
    from pydantic import ValidationError

    from harness.evaluation.settings import BenchSettings
    from traceinv.schema import describe

    if options.template_arg and (options.engine == "mock" or options.form == "completion"):
        raise InputError("--template-arg: there is no chat template that could read it")
    try:
        return BenchSettings(
            model=options.model,
            engine=options.engine,
            form=options.form,
            tasks=tuple(tasks),
            samples=options.samples,
            limit=options.limit,
            seed=options.seed,
            batch_size=options.batch_size or BATCH_SIZES[options.engine],
            model_args=options.model_args,
            template_args=parameters(options.template_arg, "--template-arg"),
            generation=_generation(options),
            parameters=parameters(options.param),
            base_url=options.base_url,
            concurrency=options.concurrency,
        )
    except ValidationError as error:
        raise InputError(describe(error, BenchSettings)) from None


def _generation(options: argparse.Namespace) -> dict[str, Any]:
    """Return the generation arguments that the command line replaces, under lm-eval's names.

    Raises:
        InputError: temperature or top-p is out of range.
    """
    arguments: dict[str, Any] = {}
    if options.temperature is not None:
        if options.temperature < 0:
            raise InputError(f"--temperature {options.temperature}: expected 0 (greedy) or more")
        arguments |= {"temperature": options.temperature, "do_sample": options.temperature > 0}
        if options.temperature == 0:
            arguments["top_p"] = 1.0
    if options.top_p is not None:
        if not 0 < options.top_p <= 1:
            raise InputError(f"--top-p {options.top_p}: expected a number above 0, and at most 1")
        arguments["top_p"] = options.top_p
    if options.max_tokens is not None:
        arguments["max_gen_toks"] = options.max_tokens
    return arguments


def _grade(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import find
    from harness.evaluation.grade import grade_file
    from harness.evaluation.record import by_subject, figures

    include_tasks(options)
    benchmark = find(options.task)
    if options.out:
        check_file("--out", options.out)
    loaded, verdicts = grade_file(
        benchmark,
        options.responses,
        options.data_dir,
        parameters(options.param),
        _markers(options),
        lambda note: say(f"note: {options.responses}: {note}", error=True),
        options.format,
    )
    if options.out:
        named = ({"task": options.task} | verdict.model_dump() | {"id": identifier} for identifier, verdict in verdicts)
        lines = (json.dumps(line) + "\n" for line in named)
        options.out.write_text("".join(lines), encoding="utf-8")
    all_verdicts = [verdict for _, verdict in verdicts]
    estimator = benchmark.metadata.get("estimator", "avg")
    overall = figures(all_verdicts, estimator)
    subjects = by_subject(all_verdicts, loaded.subjects, estimator) if loaded.subjects else {}
    if options.json:
        print(_grades_as_json(benchmark.name, overall, subjects, len(loaded.items)))
    else:
        _print_grades(benchmark.name, overall, subjects, len(loaded.items))
    return 0


def _markers(options: argparse.Namespace) -> "Markers | None":
    """Return the reasoning markers that the options name; None where they name none.

    Raises:
        InputError: a marker is empty.
    """
    from traceinv.reasoning import CLOSE, OPEN, Markers

    if not options.think and not options.think_opened:
        return None
    opening, close = options.think or (OPEN, CLOSE)
    if not opening or not close:
        raise InputError("--think: expected two markers, got an empty text")
    return Markers(opening, close, opened=options.think_opened)


def _grades_as_json(name: str, overall: "Figures", subjects: "dict[str, Figures]", items: int) -> str:
    content = {
        "task": name,
        "items_of_the_task": items,
        "figures": overall.model_dump(mode="json"),
        "subjects": {subject: figures.model_dump(mode="json") for subject, figures in subjects.items()},
    }
    return json.dumps(content, indent=1)


def _print_grades(name: str, overall: "Figures", subjects: "dict[str, Figures]", items: int) -> None:
    from harness.views.benchmarks import print_figures
    from harness.views.console import make_console

    console = make_console()
    print_figures(console, {name: overall} | subjects, "task")
    if overall.items < items:
        console.print(
            f"{overall.items} of the task's {items} items were answered; the others are left out", highlight=False
        )
