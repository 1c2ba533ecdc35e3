"""The commands `traceinv bench`, `traceinv grade` and `traceinv tasks`."""

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.benchmarks.record import Figures
    from harness.benchmarks.run import Settings

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"
SEED = 1234
"""lm-eval's own default."""
BATCH_SIZES = {"transformers": 8, "vllm": 256, "openai": 1}
"""Of vLLM as many are handed over at a time, and recorded together."""


def add_bench(commands: Commands) -> None:
    bench = commands.add_parser(
        "bench",
        help="run a model on benchmarks",
        description="Run a model on benchmarks. Killed and started again, it asks only for what is missing.",
    )
    bench.add_argument("--model", required=True, metavar="PATH_OR_ID", help="a folder, a hub id, or a server's name for it")
    bench.add_argument("--suite", metavar="NAME", help="math, code, paper or lab")
    bench.add_argument("--tasks", type=_names, default=(), metavar="A,B", help="tasks by name; `traceinv tasks list`")
    bench.add_argument("--engine", choices=tuple(BATCH_SIZES), default="transformers")
    bench.add_argument("--base-url", metavar="URL", help="of an OpenAI-compatible server; its key is in OPENAI_API_KEY")
    bench.add_argument("--concurrency", type=_positive, default=8, metavar="N", help="requests to a server at a time")
    bench.add_argument("--form", choices=("auto", "chat", "completion"), default="auto", help="of the prompts (default: chat where the model has a template)")
    bench.add_argument("--limit", type=_positive, metavar="N", help="the first N items of each task alone")
    bench.add_argument("--samples", type=_positive, metavar="N", help="of each item (default: what the task says)")
    bench.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"of all sampling (default: {SEED})")
    bench.add_argument("--temperature", type=float, metavar="T", help="instead of the task's; 0 is greedy")
    bench.add_argument("--top-p", type=float, metavar="P", help="instead of the task's")
    bench.add_argument("--max-tokens", type=_positive, metavar="N", help="a reply, instead of the task's")
    bench.add_argument("--batch-size", type=_positive, metavar="N", help="prompts at a time (default: 8; vllm 256)")
    bench.add_argument("--model-args", type=_pairs, default={}, metavar="A=B,C=D", help="lm-eval's arguments of the engine, such as dtype=float32")
    _add_data(bench)
    bench.add_argument("--out", type=Path, metavar="DIR", help="default: runs/bench/MODEL-SUITE")
    bench.add_argument("--json", action="store_true", help="print the record instead of a table")
    bench.set_defaults(command=_bench)


def add_grade(commands: Commands) -> None:
    grade = commands.add_parser(
        "grade",
        help="score answers recorded elsewhere",
        description='Score recorded answers, {"id": ..., "response": ...} a line; lines with one id are its samples.',
    )
    grade.add_argument("task", metavar="TASK")
    grade.add_argument("responses", type=Path, metavar="RESPONSES.jsonl")
    _add_data(grade)
    grade.add_argument("--out", type=Path, metavar="FILE.jsonl", help="where each line's verdict goes, in the same order")
    grade.add_argument("--json", action="store_true", help="print the figures as JSON instead of a table")
    grade.set_defaults(command=_grade)


def add_tasks(commands: Commands) -> None:
    tasks = commands.add_parser("tasks", help="the tasks that there are").add_subparsers(required=True, metavar="COMMAND")
    listing = tasks.add_parser("list", help="every task, its version, its data and the suites it is in")
    listing.add_argument("--json", action="store_true")
    listing.set_defaults(command=_list_tasks)
    check = tasks.add_parser(
        "check",
        help="whether tasks load, and their graders tell right from wrong",
        description="Load tasks, render their first prompts, and grade a right, a wrong, a cut-off and an empty answer.",
    )
    check.add_argument("names", nargs="*", metavar="TASK", help="default: all whose data can be had")
    _add_data(check)
    check.add_argument("--show", action="store_true", help="print the first prompts")
    check.set_defaults(command=_check_tasks)
    new = tasks.add_parser("new", help="write a new task that works, with its test, to be changed to what you need")
    new.add_argument("name", metavar="NAME")
    new.set_defaults(command=_new_task)


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data-dir", metavar="DIR", help="a folder with a mirror of the data, instead of the hub")
    parser.add_argument("--param", action="append", default=[], metavar="KEY=VALUE", help="a task's parameter, such as LiveCodeBench's release=release_v5")


def _bench(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import expand
    from harness.benchmarks.display import LiveReport, print_record, wide_console
    from harness.benchmarks.run import RECORD, run

    names = expand(options.suite, options.tasks)
    settings = _settings(options, names)
    label = Path(options.model).name or "model"
    out = options.out or Path("runs/bench") / f"{label}-{options.suite or '-'.join(names)}"
    if out.exists() and not out.is_dir():
        raise InputError(f"--out {out}: there is a file of this name; expected a folder")
    with LiveReport() as report:
        record = run(settings, out, options.data_dir, shlex.join(["traceinv", *sys.argv[1:]]), report)
    if options.json:
        print(record.model_dump_json(indent=1))
    else:
        console = wide_console()
        print_record(console, record)
        console.print(f"record: {out / RECORD}", highlight=False, soft_wrap=True)
    return 0


def _settings(options: argparse.Namespace, names: Sequence[str]) -> "Settings":
    from pydantic import ValidationError

    from harness.benchmarks.run import Settings
    from traceinv.records import describe

    try:
        return Settings(
            model=options.model,
            engine=options.engine,
            form=options.form,
            tasks=tuple(names),
            samples=options.samples,
            limit=options.limit,
            seed=options.seed,
            batch_size=options.batch_size or BATCH_SIZES[options.engine],
            model_args=options.model_args,
            generation=_generation(options),
            parameters=_parameters(options.param),
            base_url=options.base_url,
            concurrency=options.concurrency,
        )
    except ValidationError as error:
        raise InputError(describe(error, Settings)) from None


def _generation(options: argparse.Namespace) -> dict[str, Any]:
    """lm-eval's generation arguments that the command line overrides.

    Raises:
        InputError: a temperature below 0, or a top-p that is no share.
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
            raise InputError(f"--top-p {options.top_p}: expected more than 0, at most 1")
        arguments["top_p"] = options.top_p
    if options.max_tokens is not None:
        arguments["max_gen_toks"] = options.max_tokens
    return arguments


def _grade(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import find
    from harness.benchmarks.grade import grade_file
    from harness.benchmarks.record import by_subject, figures

    benchmark = find(options.task)
    if options.out and not options.out.parent.is_dir():
        raise InputError(f"--out {options.out}: no such folder")
    loaded, verdicts = grade_file(benchmark, options.responses, options.data_dir, _parameters(options.param))
    if options.out:
        lines = (json.dumps(verdict.model_dump() | {"id": identifier}) + "\n" for identifier, verdict in verdicts)
        options.out.write_text("".join(lines), encoding="utf-8")
    found = [verdict for _, verdict in verdicts]
    estimator = benchmark.metadata.get("estimator", "avg")
    overall = figures(found, estimator)
    subjects = by_subject(found, loaded.subjects, estimator) if loaded.subjects else {}
    _print_grades(options.json, benchmark.name, overall, subjects, len(loaded.items))
    return 0


def _print_grades(
    as_json: bool, name: str, overall: "Figures", subjects: "dict[str, Figures]", items: int
) -> None:
    if as_json:
        figures = {"task": name, "items_of_the_task": items, "figures": overall.model_dump(mode="json")}
        print(json.dumps(figures | {"subjects": {key: row.model_dump(mode="json") for key, row in subjects.items()}}, indent=1))
        return
    from harness.benchmarks.display import print_figures, wide_console

    console = wide_console()
    print_figures(console, {name: overall} | subjects, "task")
    if overall.items < items:
        console.print(f"{overall.items} of the task's {items} items were answered; the others are left out", highlight=False)


def _list_tasks(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import SUITES, discover

    rows: dict[str, dict[str, Any]] = {}
    for benchmark in discover():
        row = rows.setdefault(benchmark.name, {"name": benchmark.name, "version": benchmark.version, "forms": []})
        row["forms"].append(benchmark.form)
        row["suites"] = [suite for suite, names in SUITES.items() if benchmark.name in names]
        row["data"] = (benchmark.metadata.get("data") or {}).get("hub")
    if options.json:
        print(json.dumps(list(rows.values()), indent=1))
        return 0
    width = max(map(len, rows))
    for name, row in rows.items():
        places = f"{row['data'] or 'in the package'}; suites: {', '.join(row['suites']) or 'none'}"
        print(f"{name:{width}}  {row['version']:4} {'+'.join(row['forms']):16} {places}")
    return 0


def _check_tasks(options: argparse.Namespace) -> int:
    from harness.benchmarks.catalog import discover, find
    from harness.benchmarks.check import check

    names = options.names or sorted({benchmark.name for benchmark in discover()})
    parameters = _parameters(options.param)
    failed = 0
    for name in names:
        try:
            findings, prompts = check(find(name), options.data_dir, parameters)
        except InputError as error:
            if options.names:
                raise
            print(f"{name}: not checked: {error}")
            continue
        for prompt in prompts if options.show else ():
            print(f"--- {name}\n{prompt}")
        for finding in findings:
            failed += not finding.passed
            print(f"{name}: {'ok' if finding.passed else 'FAILED'}: {finding.name} ({finding.detail})")
    return 1 if failed else 0


def _new_task(options: argparse.Namespace) -> int:
    from harness.benchmarks.scaffold import write_task

    for path in write_task(options.name):
        print(f"wrote {path}")
    print(f"next: change them, then `traceinv tasks check {options.name}`")
    return 0


def _names(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(",") if name)


def _pairs(text: str) -> dict[str, Any]:
    return dict(_pair(part) for part in text.split(",") if part)


def _parameters(pairs: Sequence[str]) -> dict[str, Any]:
    try:
        return dict(_pair(part) for part in pairs)
    except argparse.ArgumentTypeError as error:
        raise InputError(f"--param: {error}") from None


def _pair(text: str) -> tuple[str, Any]:
    """`KEY=VALUE`; a value that is JSON (a number, true, null) is taken as such."""
    key, equals, value = text.partition("=")
    if not equals or not key:
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, got {text!r}")
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"expected a number from 1 on, got {text}")
    return number


