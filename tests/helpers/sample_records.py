"""Records for tests, as a finished run would leave them, and the parts that they are made of."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.leaderboard.folder import RecordFolder
from harness.results.files import write_record
from harness.results.items import ItemFile, RunStates
from harness.results.schema import (
    Cell,
    Comparability,
    Contrast,
    FaithfulnessRow,
    Interval,
    LeakRow,
    Ledger,
    LikelihoodRow,
    PolicyRow,
    Provenance,
    ReadingRow,
    RecoveryRow,
    ResultRecord,
    Row,
    Score,
    StageEntry,
    StyleRow,
    StyleStats,
    ThreatModel,
    UtilityFigures,
)
from harness.results.verdict import verdict

CELL = Cell(target="r1", surrogate="small", policy="recap", student="qwen")
COMPARABILITY = Comparability(
    target="t",
    student="s",
    questions="d",
    tasks={"lab_chain": "1.0", "lab_compose": "1.0"},
    prompts="p",
    sampling={"lab_chain": {"temperature": 0}, "lab_compose": {"temperature": 0}},
    stages={"student": 1},
)
REACHED = {
    "base": 0.12,
    "answer_only": 0.19,
    "summary": 0.27,
    "surrogate_trace": 0.46,
    "inverted": 0.61,
    "inverted_without_summary": 0.41,
    "zero_shot_inverted": 0.2,
    "inverted_mismatched": 0.16,
    "oracle": 0.74,
    "target": 0.91,
    "surrogate": 0.52,
}
"""Accuracy on all tasks; a record's rows have these names unless a test says otherwise."""
REFERENCES = ("target", "surrogate")
SHIFTS = {"lab_chain": 0.04, "lab_compose": -0.04, "math": 0.04, "code": -0.04, "all": 0.0}
"""How far the accuracy on a task or group is from the one on all tasks."""
FIGURES = {"length_ratio": 1.02, "token_f1": 0.62, "rouge1": 0.7, "rougeL": 0.66, "step_f1": 0.48, "step_order": 0.3}
"""Faithfulness of the inverted traces."""

_STATS = StyleStats(texts=12, median_words=20, headings=0.25, first_person=0.5, latex=0)
STYLE = StyleRow(
    cell=CELL,
    taught=_STATS,
    used=_STATS.model_copy(update={"median_words": 7.5}),
    auc=Interval(mean=0.6, low=0.45, high=0.75, spread=None),
)


def interval(mean: float, half: float = 0.05) -> Interval:
    return Interval(mean=mean, low=mean - half, high=mean + half, spread=None)


def score(mean: float, seeds: int = 1, finished: float = 0.9) -> Score:
    """Each further seed reaches 2 points more, around the mean."""
    return Score(
        accuracy=Interval(mean=mean, low=max(0, mean - 0.05), high=mean + 0.06, spread=0.04 if seeds > 1 else None),
        by_seed=[mean + 0.02 * (seed - (seeds - 1) / 2) for seed in range(seeds)],
        finished=finished,
        no_answer=0.0,
        unfinished=1 - finished,
        bad_format=0.0,
        if_unfinished_right=min(1.0, mean + 1 - finished),
        if_unfinished_wrong=mean,
        mean_tokens=50.0,
        items=200,
    )


def row(
    name: str,
    mean: float | None = None,
    *,
    cell: Cell = CELL,
    seeds: Sequence[int] = (0,),
    runs: Sequence[str] | None = None,
    groups: Sequence[str] = tuple(SHIFTS),
    comparability: Comparability = COMPARABILITY,
) -> Row:
    """A row that finishes more often the more it answers correctly; base and references have no seeds."""
    reached = REACHED[name] if mean is None else mean
    own = [] if name in (*REFERENCES, "base") else list(seeds)
    scores = {group: score(reached + SHIFTS[group], max(1, len(own)), min(1.0, 0.55 + reached / 2)) for group in groups}
    return Row(
        name=name,
        kind="reference" if name in REFERENCES else "regime",
        cell=cell,
        seeds=own,
        scores=scores,
        comparability=comparability,
        runs=[f"{name} of {cell.policy}"] if runs is None else list(runs),
    )


def contrast(first: str, second: str, low: float, high: float, **changes: Any) -> Contrast:
    figures: dict[str, Any] = {
        "cell": CELL,
        "group": "math",
        "difference": Interval(mean=(low + high) / 2, low=low, high=high, spread=None),
        "p_value": 0.001,
        "p_holm": 0.001,
        "p_permutation": 0.001,
        "p_mcnemar": None,
        "detectable": 0.14,
        "more_questions": 900,
        "more_seeds": 6,
    }
    return Contrast(first=first, second=second, **(figures | changes))


CONTRASTS = [
    contrast("inverted", "answer_only", 0.37, 0.47),
    contrast("inverted", "summary", 0.02, 0.66, p_holm=0.2),
    contrast("inverted", "surrogate_trace", -0.01, 0.31, p_holm=1.0),
    contrast("inverted_without_summary", "surrogate_trace", -0.1, -0.0002, p_holm=0.0004),
]


def recovery_row(regime: str, group: str = "math", *, reported: bool = True, cell: Cell = CELL) -> RecoveryRow:
    share = (REACHED[regime] - REACHED["base"]) / 0.62
    return RecoveryRow(
        cell=cell,
        regime=regime,
        group=group,
        gap=interval(0.62 if reported else 0.02),
        recovered=interval(share, 0.1) if reported else None,
    )


def leak_row(group: str = "math", *, reported: bool = True, cell: Cell = CELL, **changes: Any) -> LeakRow:
    row = LeakRow(
        cell=cell,
        group=group,
        best_disclosed="inverted",
        best_undisclosed="surrogate_trace",
        attacks=["answer_only", "summary", "inverted", "inverted_without_summary"],
        gain=interval(0.14),
        detectable=0.062,
        gap=interval(0.28 if reported else 0.02),
        leak=interval(0.5, 0.2) if reported else None,
        withheld=None if reported else "the oracle's gain over a regime without disclosures is not significant",
        without_summary=interval(0.1, 0.2) if reported else None,
    )
    return row.model_copy(update=changes)


def faithfulness_row(regime: str, scale: float = 1.0, cell: Cell = CELL) -> FaithfulnessRow:
    """Figures between a floor and a ceiling; the length ratio has no normalised value."""

    def intervals(factor: float) -> dict[str, Interval]:
        return {name: interval(factor * mean, 0.04) for name, mean in FIGURES.items()}

    return FaithfulnessRow(
        cell=cell,
        regime=regime,
        asked=100,
        pairs=96,
        inverted=intervals(scale),
        floor=intervals(0.6),
        ceiling=intervals(1.35),
        normalised={name: interval(0.5, 0.1) for name in FIGURES if name != "length_ratio"},
        withheld={"length_ratio": "not a measure of likeness"},
    )


def reading_row(inverter: str = "inverted", part: str = "summary", fall: float = 0.3, cell: Cell = CELL) -> ReadingRow:
    """The reading test of an inverter that loses `fall` of its step F1."""
    return ReadingRow(
        cell=cell.model_copy(update={"student": None}),
        inverter=inverter,
        part=part,
        asked=100,
        pairs=95,
        unchanged=0.04,
        own={"step_f1": interval(0.48), "rougeL": interval(0.66)},
        exchanged={"step_f1": interval(0.48 - fall), "rougeL": interval(0.66 - fall)},
        fall={"step_f1": interval(fall), "rougeL": interval(fall)},
    )


def likelihood_row(inverter: str, cell: Cell = CELL) -> LikelihoodRow:
    bits = {"question": interval(100, 4), "answer": interval(88, 4), "summary": interval(41, 3)}
    leaked = {"answer": interval(12, 2), "summary": interval(47, 3)}
    return LikelihoodRow.model_validate(
        {
            "cell": cell,
            "inverter": inverter,
            "taught": ["summary"],
            "traces": 96,
            "tokens": 61.2,
            "bits": bits,
            "bits_per_token": bits,
            "leaked": leaked,
            "leaked_per_token": leaked,
        }
    )


def utility(gain: float | None = 0.1, conveyed: float = 0.5) -> UtilityFigures:
    return UtilityFigures(
        answers=200,
        wrong=40 if gain is not None else 4,
        auc=None if gain is None else interval(0.6 + gain),
        gain=None if gain is None else interval(gain),
        withheld="4 wrong answers of 200; expected 50 right and wrong ones" if gain is None else None,
        conveyed=interval(conveyed, 0.02),
        length=interval(conveyed, 0.01),
    )


def policy_row(policy: str = "recap", leak: float | None = 0.5, **changes: Any) -> PolicyRow:
    """The line of an audit; a policy without a leak has it withheld."""
    row = PolicyRow(
        cell=CELL.model_copy(update={"policy": policy}),
        shown=f"answer and summary ({policy})",
        group="math",
        attack="inverted",
        gain=interval(0.3 * (leak or 0.0)),
        leak=None if leak is None else interval(leak, 0.1),
        withheld="the oracle gains nothing" if leak is None else None,
        planted=None if leak is None else interval(min(leak + 0.2, 1.0)),
        bits=3.1,
        exact_bits=4.2,
        faithfulness=interval(0.8),
        utility=utility(),
    )
    return row.model_copy(update=changes)


def threat(policy: str = "recap", cell: Cell = CELL) -> ThreatModel:
    return ThreatModel(
        cell=cell.model_copy(update={"policy": policy}),
        queries=1200,
        data=1100,
        surrogate_data=1200,
        interface=f"answer and summary ({policy})",
        permission="the target is trained by this run",
    )


def provenance(stages: Sequence[StageEntry] = ()) -> Provenance:
    return Provenance(
        command="traceinv run lab",
        created="2026-11-23T00:00:00+00:00",
        commit="abc",
        packages={"torch": "2.13.0"},
        hardware={"cores": 2, "processor": "P"},
        stages=list(stages),
    )


def record(identifier: str = "lab-1", **changes: Any) -> ResultRecord:
    """A record of one cell with every kind of figure; its verdict follows from its rows."""
    content: dict[str, Any] = {
        "id": identifier,
        "recipe": {"name": "lab", "policy": {"kind": "every_kth_step", "k": 2}},
        "seeds": [0],
        "rows": [row(name, runs=[f"{name} of {identifier}"]) for name in REACHED],
        "contrasts": CONTRASTS,
        "recovery": [recovery_row("inverted"), recovery_row("inverted", "code", reported=False)],
        "leak": [leak_row()],
        "faithfulness": [faithfulness_row("inverted")],
        "likelihood": [likelihood_row("inverted")],
        "reading": [reading_row()],
        "policies": [policy_row()],
        "threats": [threat()],
        "style": [STYLE],
        "ledger": [
            Ledger(cell=CELL, seed=0, asked=10, rows={"inverted": 9}, too_long={"inverted": 0}, shared=9),
        ],
        "gates": [],
        "provenance": provenance(),
    } | changes
    found = verdict(content["rows"], content["contrasts"], content["recovery"], content["leak"], content["reading"])
    return ResultRecord(**({"verdict": found} | content))


def folder_of(*records: ResultRecord) -> RecordFolder:
    """Records as `load_records` returns them."""
    return RecordFolder({Path(f"{record.id}.json"): record for record in records}, [], [])


def items_of(
    states: Mapping[tuple[str, int | None], str],
    ids: Sequence[str],
    *,
    cell: Cell = CELL,
    repeats: int = 1,
    task: str = "lab_chain",
) -> ItemFile:
    """Items of one task: by row and seed a letter for each sample of each item."""
    runs = [
        RunStates(row=name, cell=cell, seed=seed, states={task: letters}) for (name, seed), letters in states.items()
    ]
    return ItemFile(ids={task: list(ids)}, repeats={task: repeats}, runs=runs)


NO_ITEMS = ItemFile(ids={}, runs=[])


def write(folder: Path, record: ResultRecord, items: ItemFile = NO_ITEMS) -> Path:
    """Write a record with its items and return its path."""
    return write_record(record, items, folder)
