"""`traceinv faithfulness`: compare the inverted traces of a file with the true ones."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from harness.commands.options import Commands, add_log_format, check_at_least, names, real, whole
from harness.commands.outputs import check_file
from harness.files import open_atomic
from traceinv.errors import InputError, nearest

if TYPE_CHECKING:
    from harness.faithfulness.pairs import PairFile

PAIRS_PER_WORKER = 16
"""Fewer pairs than this take less time than to start a worker for them."""


def add_faithfulness(commands: Commands) -> None:
    """Add the command and its options."""
    parser = commands.add_parser(
        "faithfulness",
        help="compare inverted traces with the true ones",
        description="Compare inverted traces with the true ones, between a floor (the inverted trace of another question) and "
        "a ceiling (the target's second trace for the same question, where the file has one).",
    )
    parser.add_argument(
        "pairs",
        type=Path,
        metavar="PAIRS.jsonl",
        help="one JSON object a line: truth, inverted; optional: second, id, kind, question, answer. With --truth: recorded "
        "samples whose responses hold the inverted traces",
    )
    parser.add_argument(
        "--truth",
        type=Path,
        metavar="LOG",
        help="recorded samples whose responses hold the true traces: a file of lm-eval --log_samples, a log of inspect_ai, the "
        "instances of Every Eval Ever, or our own; traces are paired by item",
    )
    add_log_format(parser)
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE.jsonl",
        help="write each pair's figures, in the file's order, and FILE.overall.json",
    )
    parser.add_argument(
        "--json", action="store_true", help="print the figures of each pair and overall instead of a table"
    )
    parser.add_argument(
        "--figures",
        type=names,
        metavar="NAME,...",
        help="compute these figures alone, such as rougeL,step_f1 (default: all)",
    )
    parser.add_argument(
        "--tokenizer", metavar="NAME", help="Hugging Face tokenizer to count tokens with (default: words)"
    )
    parser.add_argument(
        "--draws", type=whole, default=3, metavar="N", help="traces of other questions for each pair's floor"
    )
    parser.add_argument("--floor-pairs", type=whole, default=1000, metavar="N", help="pairs that get a floor, at most")
    parser.add_argument(
        "--seconds", type=real, default=10.0, metavar="S", help="time limit for the equations of a trace"
    )
    parser.add_argument(
        "--seed", type=whole, default=0, metavar="N", help="seed of the floor's draws and the bootstrap"
    )
    parser.add_argument("--workers", type=whole, metavar="N", help="processes (default: one a core)")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Score the pairs and return 0.

    Raises:
        InputError: the pairs or an option are wrong.
        GateError: a worker died, or an output file cannot be finished.
    """
    _check(options)
    with _pairs_file(options) as path:
        return _run(options, path)


def _run(options: argparse.Namespace, path: Path) -> int:
    """Score the pairs of a file and return 0.

    Raises:
        InputError: the pairs or the tokenizer are wrong.
        GateError: a worker died, or an output file cannot be finished.
    """
    from harness.faithfulness.file import Settings, load_tokenizer, score_pairs
    from harness.faithfulness.summary import Summary, as_line

    pairs = _index(path, options)
    if options.tokenizer:
        try:
            load_tokenizer(options.tokenizer)
        except (OSError, ValueError) as error:
            raise InputError(f"--tokenizer {options.tokenizer}: {str(error).splitlines()[0]}") from None
    settings = Settings(
        options.draws, options.floor_pairs, options.seconds, options.tokenizer, options.seed, _figures(options.figures)
    )
    workers = options.workers or min(os.cpu_count() or 1, 1 + len(pairs) // PAIRS_PER_WORKER)
    summary = Summary()
    with open_atomic(options.out) if options.out else nullcontext() as out, _progress(len(pairs)) as advance:
        if options.json:
            print('{"pairs": [')
        for scored in score_pairs(pairs, settings, workers):
            line = as_line(scored)
            if out:
                out.write(line + "\n")
            if options.json:
                print(("," if summary.pairs else "") + line)
            summary.add(scored)
            advance()
    overall = summary.overall(pairs.questions, options.seed)
    if options.out:
        with open_atomic(_overall_file(options.out)) as file:
            print(json.dumps(overall, indent=1), file=file)
    if options.json:
        print(f'], "overall": {json.dumps(overall)}}}')
    else:
        _print(overall, options.out)
    return 0


def _figures(chosen: Sequence[str] | None) -> tuple[str, ...]:
    """Return the figures to compute.

    Raises:
        InputError: there is no figure of a name.
    """
    from harness.faithfulness.compare import FIGURES

    if chosen == ():
        raise InputError(f"--figures: expected names of figures by commas: {', '.join(FIGURES)}")
    if unknown := [name for name in chosen or () if name not in FIGURES]:
        raise InputError(f"--figures: unknown figure {unknown[0]!r}{nearest(unknown[0], FIGURES)}")
    return FIGURES if chosen is None else tuple(chosen)


@contextmanager
def _pairs_file(options: argparse.Namespace) -> Iterator[Path]:
    """Yield the file of pairs; with `--truth`, a temporary one with the traces of two logs.

    Raises:
        InputError: a log cannot be read, or they share no traces.
    """
    if options.truth is None:
        if options.format:
            raise InputError("--format: goes with --truth, which names the log of the true traces")
        yield options.pairs
        return
    from harness.logs.formats import read_log
    from harness.logs.samples import Wanted
    from harness.logs.traces import pair_traces
    from traceinv.rows import write_rows

    truth, inverted = (read_log(log, Wanted(scores=False), options.format) for log in (options.truth, options.pairs))
    found = pair_traces(truth, inverted)
    pairing = found.pairing
    print(
        f"items paired: {pairing.by_id} by id, {pairing.by_text} by the text of the question; without a partner: "
        f"{len(pairing.only_first) + len(pairing.only_second)}; unfinished responses: {found.unfinished}",
        file=sys.stderr,
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.jsonl"
        write_rows(path, found.pairs)
        yield path


def _index(path: Path, options: argparse.Namespace) -> "PairFile":
    """Check the pairs of a file.

    Raises:
        InputError: they are bad, or the file is a log.
    """
    from harness.faithfulness.pairs import index_pairs
    from harness.logs.formats import is_log

    try:
        return index_pairs(path)
    except InputError:
        if options.truth is None and is_log(path):
            raise InputError(
                f"{path}: a log of samples, not pairs; --truth LOG names the one with the true traces"
            ) from None
        raise


def _check(options: argparse.Namespace) -> None:
    check_at_least(options, draws=1, floor_pairs=0, seconds=0, seed=0, workers=1)
    for out in (options.out, _overall_file(options.out)) if options.out else ():
        check_file("--out", out)
        if out.exists() and options.pairs.exists() and out.samefile(options.pairs):
            raise InputError(f"--out {out}: the pairs are read from there")


def _overall_file(out: Path) -> Path:
    return out.with_name(f"{out.name.removesuffix('.jsonl')}.overall.json")


def _print(overall: dict[str, Any], out: Path | None) -> None:
    """Print a table of the figures, and why normalised values were withheld."""
    from harness.views.console import make_console
    from harness.views.faithfulness import FIGURES, length_note
    from harness.views.tables import Column, Table
    from harness.views.terminal import print_table

    console = make_console()
    mean = overall["mean_tokens"]
    rows: list[tuple[str, ...]] = []
    reasons: dict[str, list[str]] = {}
    figures: dict[str, Any] = {name: overall["figures"][name] for name in FIGURES if name in overall["figures"]}
    for name, entry in {**figures, **overall["figures"]}.items():
        floor, ceiling = (_cell(entry[level], interval=False) for level in ("floor", "ceiling"))
        rows.append((name, _cell(entry["value"]), floor, ceiling, _cell(entry["normalised"])))
        if entry["withheld"]:
            reasons.setdefault(entry["withheld"], []).append(name)
    table = Table(
        title=f"{overall['pairs']} pairs of {overall['questions']} questions, "
        f"{mean['truth']:.0f} true and {mean['inverted']:.0f} inverted tokens on average",
        columns=(Column("figure", "name"), *map(Column, ("inverted", "floor", "ceiling", "normalised"))),
        rows=tuple(rows),
        caption="95% bootstrap intervals over questions; normalised: 0 at the floor, 1 at the ceiling",
    )
    print_table(console, table)
    ratio = overall["figures"].get("length_ratio")
    note = length_note("the inverted traces", ratio["value"]["mean"]) if ratio else ""
    lines = [note] if note else []
    lines += [f"no normalised value for {', '.join(names)}: {reason}" for reason, names in reasons.items()]
    if overall["unjudged_equations"]:
        lines.append(
            f"the time limit ended before all equations were judged: {overall['unjudged_equations']} traces; see --seconds"
        )
    if out:
        lines.append(f"figures of each pair: {out}; overall: {_overall_file(out)}")
    for line in lines:
        console.print(line, highlight=False, markup=False)


def _cell(values: dict[str, float | None] | None, interval: bool = True) -> str:
    if values is None:
        return ""
    mean, low, high = (values[name] for name in ("mean", "low", "high"))
    return f"{mean:.3f} [{low:.3f}, {high:.3f}]" if interval and low is not None else f"{mean:.3f}"


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    """Show a bar on a terminal; yield the function that advances it by one pair."""
    from rich.progress import Progress

    from harness.views.console import make_console

    console = make_console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task("pairs", total=total)
        yield lambda: display.advance(task)
