"""`traceinv faithfulness`: how close are the inverted traces of a file to the true ones?"""

import argparse
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from traceinv.errors import GateError, InputError

PAIRS_A_WORKER = 16
"""Starting a worker takes as long as about so many pairs."""


def add_faithfulness(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """The command's arguments."""
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
        help="a line of JSON a pair: truth, inverted; optional: second, id, kind, question, answer",
    )
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
        "--tokenizer", metavar="NAME", help="Hugging Face tokenizer to count tokens with (default: words)"
    )
    parser.add_argument("--draws", type=int, default=3, metavar="N", help="others a truth is paired with for the floor")
    parser.add_argument("--floor-pairs", type=int, default=1000, metavar="N", help="pairs that get a floor, at most")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S", help="time limit of a trace's equations")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="of the floor's draws and the bootstrap")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one a core)")
    parser.set_defaults(command=run)


def run(options: argparse.Namespace) -> int:
    """Score the pairs; 0 when done.

    Raises:
        InputError: the pairs or an option are wrong.
    """
    from harness.faithfulness.file import Settings, load_tokenizer, score_pairs
    from harness.faithfulness.pairs import index_pairs
    from harness.faithfulness.summary import Summary, as_line

    _check(options)
    pairs = index_pairs(options.pairs)
    if options.tokenizer:
        try:
            load_tokenizer(options.tokenizer)
        except (OSError, ValueError) as error:
            raise InputError(f"--tokenizer {options.tokenizer}: {str(error).splitlines()[0]}") from None
    settings = Settings(options.draws, options.floor_pairs, options.seconds, options.tokenizer, options.seed)
    workers = options.workers or min(os.cpu_count() or 1, 1 + len(pairs) // PAIRS_A_WORKER)
    summary = Summary()
    with _writing(options.out) as out, _progress(len(pairs)) as advance:
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
        with _writing(_overall_file(options.out)) as out:
            print(json.dumps(overall, indent=1), file=out)
    _print_overall(overall, options)
    return 0


def _overall_file(out: Path) -> Path:
    return out.with_name(f"{out.name.removesuffix('.jsonl')}.overall.json")


def _print_overall(overall: dict[str, object], options: argparse.Namespace) -> None:
    if options.json:
        print(f'], "overall": {json.dumps(overall)}}}')
        return
    from rich.console import Console

    from harness.faithfulness.summary import print_overall

    console = Console()
    print_overall(console, overall)
    if options.out:
        console.print(
            f"of each pair: {options.out}; overall: {_overall_file(options.out)}", highlight=False, markup=False
        )


def _check(options: argparse.Namespace) -> None:
    for name, least in (("draws", 1), ("floor_pairs", 0), ("seconds", 0), ("seed", 0), ("workers", 1)):
        value = getattr(options, name)
        if value is not None and not value >= least:
            raise InputError(f"--{name.replace('_', '-')} {value}: expected {least} or more")
    for out in (options.out, _overall_file(options.out)) if options.out else ():
        if not out.parent.is_dir() or (out.exists() and not out.is_file()):
            raise InputError(f"--out {out}: expected a file in a folder that exists")
        if out.exists() and options.pairs.exists() and out.samefile(options.pairs):
            raise InputError(f"--out {out}: the pairs are read from there")


@contextmanager
def _writing(out: Path | None) -> Iterator[TextIO | None]:
    """A file that appears under its name when it is whole.

    Raises:
        InputError: it cannot be begun.
        GateError: it cannot be finished, such as on a full disk.
    """
    if out is None:
        yield None
        return
    whole = Path(os.path.realpath(out))  # a link stays a link
    draft = whole.with_name(f".{whole.name}.{os.getpid()}.draft")
    try:
        file = draft.open("w", encoding="utf-8")
    except OSError as error:
        raise InputError(f"--out {out}: cannot be written: {error.strerror}") from None
    try:
        with file:
            yield file
        draft.replace(whole)
    except OSError as error:
        raise GateError(f"{out} is not written: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task("pairs", total=total)
        yield lambda: display.advance(task)
