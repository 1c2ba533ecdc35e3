"""Show what each figure of faithfulness notices: DeepSeek-R1's traces, damaged in known ways, beside the whole ones.

    python perf/damage.py [FOLDER] [--traces 20] [--json FILE]

FOLDER has the files `r1_aime24.transcripts.jsonl`, `r1_mmlu_pro.transcripts.jsonl` and
`r1distill14b_aime24.trace_summary_pairs.jsonl`; without it, `traces` in the folder that TRACEINV_DATA names, else in
../shared/data.
The table goes into docs/damage.md. It takes some minutes on one core.
"""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from statistics import fmean, pstdev
from typing import Any

from harness.faithfulness.compare import Figures, compare_pair, mean_figures
from harness.faithfulness.damage import damages
from traceinv.records import Question

SHOWN = ("length_ratio", "token_f1", "bleu_sacrebleu", "rouge1", "rouge2", "rougeL", "step_f1", "step_precision", "step_order",
         "true_equations", "concludes")  # fmt: skip
LENGTHS = {"r1_aime24": (0, 16_000), "r1_mmlu_pro": (3_000, 9_000)}
"""Of which length traces are taken, in characters."""
LONGEST = 50_000
"""Second samples beyond this number of characters are cut there, which keeps the run to minutes."""


def main() -> int:
    """Print the table; return 0 also where the traces are absent, after saying so."""
    options = _options()
    if not options.folder.is_dir():
        print(f"skipped: needs {options.folder}")
        return 0
    rows = _traces(options.folder, options.traces)
    table: dict[str, list[Figures]] = {}
    for name, damage in damages().items():
        table[name] = [_figures(row, damage(row["trace"], Random(number))) for number, row in enumerate(rows)]
        _print(name, table)
    others = [
        min((r for r in rows if r is not row), key=lambda r: abs(len(r["trace"]) - len(row["trace"]))) for row in rows
    ]
    table["its answer in place of the trace"] = [_figures(row, row["answer"]) for row in rows]
    _print("its answer in place of the trace", table)
    table["another question's trace"] = [_figures(row, other["trace"]) for row, other in zip(rows, others, strict=True)]
    _print("another question's trace", table)
    for name, pairs in _samples(options.folder).items():
        table[name] = [_figures({"trace": truth, "answer": None}, other) for truth, other in pairs]
        _print(name, table)
    _print_separation(table["second sample"], table["second sample's floor"])
    if options.json:
        means = {name: mean_figures(figures) for name, figures in table.items()}
        options.json.write_text(json.dumps(means, indent=1) + "\n", encoding="utf-8")
    return 0


def _figures(row: Mapping[str, Any], inverted: str) -> Figures:
    question = Question(id="", kind="prose", text="")
    return compare_pair(question, row["answer"], row["trace"], inverted).figures


def _print(name: str, table: Mapping[str, Sequence[Figures]]) -> None:
    if len(table) == 1:
        print("| against the whole trace | " + " | ".join(SHOWN) + " |")
        print("|---" * (len(SHOWN) + 1) + "|")
    means = mean_figures(table[name])
    cells = (means.get(figure) for figure in SHOWN)
    print(f"| {name} | " + " | ".join("" if cell is None else f"{cell:.3f}" for cell in cells) + " |", flush=True)


def _print_separation(samples: Sequence[Figures], floor: Sequence[Figures]) -> None:
    """Print by how many standard deviations second samples lie above traces of other questions."""
    cells = []
    for figure in SHOWN:
        above, below = ([value for row in rows if (value := row.get(figure)) is not None] for rows in (samples, floor))
        spread = ((pstdev(above) ** 2 + pstdev(below) ** 2) / 2) ** 0.5 if len(above) > 1 < len(below) else 0
        cells.append(f"{(fmean(above) - fmean(below)) / spread:.1f}" if spread else "")
    print("| d' of second samples | " + " | ".join(cells) + " |")


def _traces(folder: Path, count: int) -> list[dict[str, Any]]:
    """Take traces of both kinds, evenly by their length."""
    rows = []
    for name, share in (("r1_aime24", count * 9 // 20), ("r1_mmlu_pro", count - count * 9 // 20)):
        least, most = LENGTHS[name]
        all_rows = _read(folder / f"{name}.transcripts.jsonl")
        found = sorted(
            (row for row in all_rows if least <= len(row["trace"]) <= most), key=lambda row: len(row["trace"])
        )
        rows += [found[len(found) * number // share] for number in range(share)]
    return rows


def _samples(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Pair samples of one question, samples of different questions, and R1's trace with the distilled model's."""
    by_question: dict[str, list[str]] = {}
    for row in _read(folder / "r1distill14b_aime24.trace_summary_pairs.jsonl"):
        by_question.setdefault(row["question"].strip(), []).append(row["trace"][:LONGEST])
    first = {row["question"]["text"].strip(): row["trace"] for row in _read(folder / "r1_aime24.transcripts.jsonl")}
    groups = list(by_question.values())
    return {
        "second sample": [pair for group in groups for pair in zip(group, group[1:] + group[:1], strict=True)],
        "second sample's floor": [pair for a, b in _turns(groups) for pair in zip(a, b, strict=True)],
        "R1 beside the distilled one's sample": [
            (first[question], group[0]) for question, group in by_question.items() if question in first
        ],
    }


def _turns(groups: Sequence[list[str]]) -> Iterator[tuple[list[str], list[str]]]:
    return zip(groups, [*groups[1:], *groups[:1]], strict=True)


def _read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    data = Path(os.environ.get("TRACEINV_DATA") or Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("folder", type=Path, nargs="?", default=data / "traces", help="the folder of the traces")
    parser.add_argument("--traces", type=int, default=20, help="how many traces are damaged")
    parser.add_argument("--json", type=Path, help="write the means as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
