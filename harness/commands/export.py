"""`traceinv export`: write a record, a benchmark run, or a run's traces in a form that other programs read."""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from harness.commands.exits import DONE, say
from harness.commands.options import Commands, add_data, add_include, include_tasks, parameters, place
from harness.commands.outputs import check_file, check_folder
from traceinv.errors import InputError

if TYPE_CHECKING:
    from harness.evaluation.record import BenchRecord
    from harness.export.every_eval_ever import Questions
    from harness.export.models import ExportedModel

FORMATS = ("eee", "csv", "jsonl", "pairs")
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")


def add_export(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "export",
        help="write results in forms that other programs read",
        description="Write a record or a benchmark run in forms that other programs read: eee (Every Eval Ever, schema 0.3.0: "
        "JSON and JSONL of instances), csv (figures), jsonl (the state of every item), pairs (the true and inverted traces of "
        "a run, for traceinv faithfulness).",
    )
    parser.add_argument(
        "source", metavar="RECORD|DIR", help="a record's file or id, the folder of a run, or that of traceinv bench"
    )
    parser.add_argument("--format", required=True, choices=FORMATS, help="what to write")
    parser.add_argument("--out", type=Path, metavar="FILE", help="the file to write (default: print); a folder for eee")
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="where ids are looked up")
    pairs = parser.add_argument_group("pairs")
    pairs.add_argument(
        "--store",
        type=place,
        metavar="DIR|URL",
        help="the run's artifacts (default: store in the record's folder or beside it)",
    )
    pairs.add_argument(
        "--label",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="of the inverter, such as regime=inverted or policy=recap; seeds may stand together",
    )
    eee = parser.add_argument_group("eee")
    eee.add_argument("--organization", default="unknown", metavar="NAME", help="who evaluated (default: unknown)")
    eee.add_argument(
        "--relationship", choices=RELATIONSHIPS, default="other", help="of the evaluator to the models' developer"
    )
    eee.add_argument(
        "--questions", action="store_true", help="put in the questions and their references, from the tasks' data"
    )
    add_data(parser)
    add_include(parser)
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Write the export; 0 when done.

    Raises:
        InputError: the source or an option is wrong, or the format does not apply.
    """
    include_tasks(options)
    bench = _bench_folder(options.source)
    if options.format == "eee":
        return _export_eee(options, bench)
    if options.out:
        check_file("--out", options.out)
    if options.format == "pairs":
        return _export_pairs(options, bench)
    return _export_rows(options, bench)


def _bench_folder(source: str) -> Path | None:
    """Return the folder of a benchmark run that a source names; None where it names none."""
    path = Path(source)
    folder = path.parent if path.name == "bench.json" else path
    return folder if (folder / "bench.json").is_file() else None


def _record_path(options: argparse.Namespace) -> Path:
    """Return the path of the record that the source names: a file, an id, or a folder with one record."""
    from harness.logs.formats import is_record
    from harness.results.compare import find_record
    from harness.results.files import ITEMS_SUFFIX

    path = Path(options.source)
    if not path.is_dir():
        return find_record(options.source, options.results)
    records = [file for file in sorted(path.glob("*.json")) if not file.name.endswith(ITEMS_SUFFIX) and is_record(file)]
    if len(records) != 1:
        raise InputError(f"{path}: expected a folder with one record or with bench.json, got {len(records)} records")
    return records[0]


def _read_bench(folder: Path) -> "BenchRecord":
    from harness.evaluation.record import BenchRecord
    from harness.results.files import read_as

    return read_as(folder / "bench.json", BenchRecord)


def _export_rows(options: argparse.Namespace, bench: Path | None) -> int:
    """Write figures as CSV or items as JSONL."""
    from harness.export.items import bench_items, bench_table, record_items
    from harness.results.files import read_items, read_record
    from harness.results.frame import COLUMNS, records_to_frame

    if options.format == "jsonl":
        record = _read_bench(bench) if bench else None
        rows = bench_items(bench, record) if bench and record else record_items(read_items(_record_path(options)))
        return _write_lines(rows, options.out)
    if bench:
        columns, table = bench_table(_read_bench(bench))
    else:
        frame = records_to_frame([read_record(_record_path(options))])
        columns, table = (
            COLUMNS,
            [dict(zip(COLUMNS, line, strict=True)) for line in frame.itertuples(index=False, name=None)],
        )
    with _output(options.out) as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return DONE


def _export_pairs(options: argparse.Namespace, bench: Path | None) -> int:
    """Write the pairs of one inverter."""
    from harness.export.pairs import as_json, export_pairs
    from harness.pipeline.artifacts import find_artifacts, store_of
    from harness.results.files import read_record

    if bench:
        raise InputError(f"{bench}: a benchmark run has no inverted traces; name a record of `traceinv run`")
    path = _record_path(options)
    artifacts = find_artifacts(read_record(path), options.store or store_of(path.parent))
    if isinstance(artifacts, str):
        raise InputError(f"{path}: {artifacts}; --store names it")
    for line in artifacts.damaged:
        say(f"traceinv: {line}", error=True)
    exported = export_pairs(artifacts, _labels(options.label))
    _write_lines(map(as_json, exported.pairs), options.out)
    counts = f"{len(exported.pairs)} pairs; left out: {exported.unfinished} unfinished inversions"
    print(f"{counts}, {exported.without_truth} without a finished true trace", file=sys.stderr)
    return DONE


def _labels(texts: Iterable[str]) -> dict[str, str]:
    labels = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InputError(f"--label {text}: expected NAME=VALUE, such as regime=inverted")
        labels[name] = value
    return labels


def _export_eee(options: argparse.Namespace, bench: Path | None) -> int:
    """Write an aggregate and its instances for each model."""
    from harness.export.every_eval_ever import Evaluator, write_model
    from harness.export.models import model_of_bench, models_of_record
    from harness.results.files import read_items, read_record

    if options.out is None:
        raise InputError("--out: expected a folder for --format eee, which writes two files for each model")
    check_folder("--out", options.out)
    models: list[ExportedModel]
    if bench:
        models = [model_of_bench(bench, _read_bench(bench))]
    else:
        path = _record_path(options)
        models = list(models_of_record(read_record(path), read_items(path)))
    if not any(model.responses for model in models):
        raise InputError(f"{options.source}: no row has items to export")
    evaluator = Evaluator(options.organization, options.relationship, int(time.time()))
    questions = _questions(models, options) if options.questions else {}
    for model in models:
        print(f"wrote {write_model(model, evaluator, questions, options.out)}")
    return DONE


def _questions(models: "Iterable[ExportedModel]", options: argparse.Namespace) -> "Questions":
    """Return the questions and references of all tasks of the models, from the tasks' data."""
    from harness.benchmarks.catalog import find
    from harness.benchmarks.loading import load
    from harness.export.every_eval_ever import questions_of

    names = dict.fromkeys(score.task for model in models for score in model.scores)
    loaded = [load(find(name), options.data_dir, parameters(options.param)) for name in names]
    return questions_of(
        [(task.benchmark.name, item, task.text_of(item)) for task in loaded for item in task.by_id.values()]
    )


def _write_lines(rows: Iterable[Mapping[str, Any]], out: Path | None) -> int:
    with _output(out) as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)
    return DONE


@contextmanager
def _output(out: Path | None) -> Iterator[TextIO]:
    """Open the file to write, or yield the standard output."""
    from harness.files import open_atomic

    if out is None:
        yield sys.stdout
    else:
        with open_atomic(out) as file:
            yield file
