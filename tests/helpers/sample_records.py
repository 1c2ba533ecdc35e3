"""Records for tests, as a finished run would leave them."""

from pathlib import Path
from typing import Any

from harness.leaderboard.folder import Shelf
from harness.results.files import write_record
from harness.results.items import ItemFile
from harness.results.schema import (
    Conditions,
    Contrast,
    FaithfulnessRow,
    Interval,
    Ledger,
    Manner,
    Provenance,
    RecoveryRow,
    ResultRecord,
    Row,
    Score,
    StageTime,
    StyleDistance,
)
from harness.results.verdict import verdict

CONDITIONS = Conditions(
    target="t",
    student="s",
    data="d",
    tasks={"lab_chain": "1.0"},
    prompts="p",
    sampling={"lab_chain": {"temperature": 0}},
)
FIGURES = ("token_f1", "rougeL", "step_f1")


def interval(mean: float) -> Interval:
    return Interval(mean=mean, low=mean - 0.05, high=mean + 0.05, spread=0.02)


def score(mean: float, seeds: int = 1) -> Score:
    return Score(
        accuracy=interval(mean),
        by_seed=[mean] * seeds,
        finished=0.9,
        no_answer=0.0,
        unfinished=0.1,
        bad_format=0.0,
        if_unfinished_right=mean + 0.1,
        if_unfinished_wrong=mean,
        mean_tokens=50.0,
        items=200,
    )


def contrast(second: str, low: float, high: float, **changes: Any) -> Contrast:
    figures: dict[str, Any] = {
        "difference": Interval(mean=(low + high) / 2, low=low, high=high, spread=None),
        "p_value": 0.001,
        "p_holm": 0.001,
        "p_permutation": 0.001,
        "p_mcnemar": None,
        "detectable": 0.14,
        "more_questions": 900,
        "more_seeds": 6,
    }
    return Contrast(first="inverted", second=second, group="math", **(figures | changes))


CONTRASTS = [
    contrast("answer_only", 0.1, 0.2),
    contrast("summary", -0.2, -0.1),
    contrast("surrogate_trace", -0.08, 0.1, p_holm=1.0),
]
RECOVERY = [
    RecoveryRow(regime="inverted", group="math", gap=interval(0.4), recovered=interval(0.5)),
    RecoveryRow(regime="summary", group="math", gap=interval(0.02), recovered=None),
]
ACCURACIES = {"answer_only": 0.2, "summary": 0.55, "surrogate_trace": 0.39, "inverted": 0.4}

MANNER = Manner(texts=12, median_words=20, headings=0.25, first_person=0.5, latex=0)
STYLE = StyleDistance(
    taught=MANNER,
    used=MANNER.model_copy(update={"median_words": 7.5}),
    auc=Interval(mean=0.6, low=0.45, high=0.75, spread=None),
)


def rows() -> list[Row]:
    taught = [
        Row(name=name, kind="regime", seeds=[0], scores={"math": score(mean), "all": score(mean)})
        for name, mean in ACCURACIES.items()
    ]
    return [
        Row(name="target", kind="reference", seeds=[], scores={"math": score(0.9), "all": score(0.9)}),
        *taught,
    ]


def record(identifier: str = "lab-1", **changes: Any) -> ResultRecord:
    figures = {name: interval(0.5) for name in FIGURES}
    stages = [
        StageTime(name=f"scores of {row.name}, seed 0", key=f"{identifier} {row.name}", seconds=1) for row in rows()
    ]
    content: dict[str, Any] = {
        "id": identifier,
        "recipe": {"name": "lab", "policy": {"kind": "every_kth_step", "k": 2}},
        "seeds": [0],
        "conditions": CONDITIONS,
        "rows": rows(),
        "contrasts": CONTRASTS,
        "recovery": RECOVERY,
        "faithfulness": [
            FaithfulnessRow(
                regime="inverted",
                asked=12,
                pairs=10,
                inverted=figures,
                floor=figures,
                ceiling=figures,
                normalised={"rougeL": interval(0.25)},
                withheld={"step_f1": "floor and ceiling cannot be told apart: they differ by 0.010 [-0.010, 0.030]"},
            )
        ],
        "likelihood": [],
        "style": STYLE,
        "ledger": [Ledger(seed=0, asked=10, rows={"inverted": 9}, too_long={"inverted": 0}, shared=9)],
        "gates": [],
        "verdict": verdict(rows(), CONTRASTS, RECOVERY),
        "provenance": Provenance(
            command="traceinv run lab",
            created="2026-11-23T00:00:00+00:00",
            commit="abc",
            packages={},
            hardware={"cores": 2, "processor": "P"},
            stages=stages,
        ),
    }
    return ResultRecord(**(content | changes))


def shelf(*records: ResultRecord) -> Shelf:
    return Shelf({Path(f"{each.id}.json"): each for each in records}, [], [])


def write(folder: Path, found: ResultRecord, states: dict[str, str], ids: list[str], repeats: int = 1) -> Path:
    """A record with one task, and so many letters for each item of each run."""
    letters = {run: {"lab_chain": s} for run, s in states.items()}
    return write_record(found, ItemFile(ids={"lab_chain": ids}, repeats={"lab_chain": repeats}, states=letters), folder)
