"""A run as `traceinv run` leaves it, made without training: a record, and a store with traces of the lab."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random

import pytest

from harness.pipeline.plan import Experiment, External, plan
from harness.pipeline.recipe import Recipe, load_recipe
from harness.pipeline.store import Store, digest_json
from harness.results.schema import (
    Conditions,
    FaithfulnessRow,
    Interval,
    Ledger,
    LikelihoodRow,
    Provenance,
    RecoveryRow,
    ResultRecord,
    Row,
    Score,
    StageTime,
)
from traceinv.disclosure import disclose
from traceinv.lab.questions import as_question, draw
from traceinv.records import Disclosure, Inversion, Record, Transcript
from traceinv.rows import write_rows

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
FIGURES = {"length_ratio": 1.02, "token_f1": 0.62, "rouge1": 0.7, "rougeL": 0.66, "step_f1": 0.48, "step_order": 0.3}

Invert = Callable[[Transcript, Random], str | None]
MakeRun = Callable[..., Path]


@pytest.fixture(scope="session")
def make_run(small_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> MakeRun:
    """Write a run to a new folder, its store inside: what the target wrote, and what the inverters make of it."""

    def make(
        overrides: Sequence[str] = (),
        transcripts: Sequence[Transcript] | None = None,
        invert: Invert | None = None,
    ) -> Path:
        folder = tmp_path_factory.mktemp("run")
        recipe = load_recipe(str(small_recipe), overrides)
        experiment = plan(recipe, External(Path(), ""))
        hidden = lab_transcripts(recipe) if transcripts is None else transcripts
        fill_store(experiment, Store(folder / "store"), hidden, invert or with_mistakes)
        record = make_record(experiment)
        (folder / f"{record.id}.json").write_text(record.model_dump_json())
        return folder

    return make


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Plots are left blank, for tests that look at what stands around them."""
    monkeypatch.setattr("harness.report.charts.draw_both", lambda draw: ("<svg></svg>", "<svg></svg>"))


def lab_transcripts(recipe: Recipe) -> list[Transcript]:
    """Right traces for the recipe's own questions."""
    problems = draw("target", recipe.questions.per_family, recipe.questions.steps, 0)
    return [
        Transcript(id=i, question=as_question(i, p), trace=p.trace, answer=p.answer, finish_reason="stop")
        for i, p in problems.items()
    ]


def with_mistakes(transcript: Transcript, rng: Random) -> str | None:
    """An inverted trace: every third is right, every third has a false line, every third is none at all."""
    lines = (transcript.trace or "").splitlines()
    kind = rng.randrange(3)
    if kind == 0:
        lines[rng.randrange(len(lines))] = "b=a+1 0+1=1, or so"
    return None if kind == 1 else "\n".join(lines)


def fill_store(experiment: Experiment, store: Store, hidden: Sequence[Transcript], invert: Invert) -> None:
    """An artifact for every stage, with files where the report reads them, and losses that fall."""
    shown = disclose(hidden, experiment.recipe.policy)
    for number, stage in enumerate(experiment.stages):
        draft = store.open_draft()
        rows: Sequence[Record] = []
        if stage.kind == "transcripts":
            rows = hidden
        elif stage.kind == "disclosures":
            rows = shown
        elif stage.kind == "inversions":
            rows = inversions(hidden, shown, stage.params["with_summary"], invert, number)
        write_rows(draft / "rows.jsonl", rows)
        losses = [(step, 2.5 * 0.9 ** (step / 10) + 0.02 * (number % 5)) for step in range(10, 300, 10)]
        trains = stage.kind in ("lab_model", "inverter", "student")
        store.publish(draft, stage.kind, key_of(stage.name), 1.0, {"losses": losses} if trains else {})


def inversions(
    hidden: Sequence[Transcript], shown: Sequence[Disclosure], with_summary: bool, invert: Invert, seed: int
) -> list[Inversion]:
    rng = Random(seed)
    traces = {row.id: invert(row, rng) for row in hidden}
    return [
        Inversion(
            id=d.id,
            disclosure=d,
            with_summary=with_summary,
            trace=traces[d.id],
            finish_reason="stop" if traces[d.id] else "length",
        )
        for d in shown
    ]


def key_of(name: str) -> str:
    return digest_json(name)[:24]


def make_record(experiment: Experiment, reached: Mapping[str, float] = REACHED) -> ResultRecord:
    recipe = experiment.recipe
    content = recipe.model_dump(mode="json")
    return ResultRecord(
        id=f"{recipe.name}-{len(recipe.seeds)}-seeds-{digest_json(content)[:10]}",
        recipe=content,
        seeds=recipe.seeds,
        conditions=Conditions(target="t", student="s", data="d", tasks={}, prompts="p", sampling={}),
        rows=[make_row(name, reached[name], recipe) for name in [*recipe.regimes, "target", "surrogate"]],
        contrasts=[],
        recovery=[make_recovery(name, group) for name in recipe.regimes for group in ("math", "code")],
        faithfulness=[make_faithfulness(name) for name in experiment.faithfulness],
        likelihood=[make_likelihood(name) for name in experiment.faithfulness],
        ledger=[
            Ledger(seed=s, asked=4 * recipe.questions.per_family, rows={}, too_long={}, shared=9) for s in recipe.seeds
        ],
        gates=[],
        verdict="On math, students taught inverted traces reach 61.0%.",
        provenance=Provenance(
            command="traceinv run small",
            created="2026-11-23T00:00:00+00:00",
            commit="abc",
            packages={"torch": "2.13.0"},
            hardware={"cores": 2, "processor": "P"},
            stages=[StageTime(name=stage.name, key=key_of(stage.name), seconds=1.0) for stage in experiment.stages],
        ),
    )


def make_row(name: str, mean: float, recipe: Recipe) -> Row:
    reference = name in ("target", "surrogate")
    seeds = [] if reference or name == "base" else recipe.seeds
    finished = min(1.0, 0.55 + mean / 2)
    groups = {"lab_chain": 0.04, "lab_compose": -0.04, "math": 0.04, "code": -0.04, "all": 0.0}
    return Row(
        name=name,
        kind="reference" if reference else "regime",
        seeds=seeds,
        scores={group: make_score(mean + shift, finished, max(1, len(seeds))) for group, shift in groups.items()},
    )


def make_score(mean: float, finished: float, seeds: int) -> Score:
    return Score(
        accuracy=Interval(mean=mean, low=max(0, mean - 0.05), high=mean + 0.06, spread=0.04),
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


def make_recovery(regime: str, group: str) -> RecoveryRow:
    """Withheld on code."""
    gap = Interval(mean=0.62, low=0.55, high=0.68, spread=None)
    share = (REACHED[regime] - REACHED["base"]) / gap.mean
    recovered = Interval(mean=share, low=share - 0.1, high=share + 0.1, spread=None)
    return RecoveryRow(regime=regime, group=group, gap=gap, recovered=recovered if group == "math" else None)


def make_faithfulness(regime: str) -> FaithfulnessRow:
    """Calibrated but for the length ratio."""

    def intervals(scale: float) -> dict[str, Interval]:
        return {name: _around(scale * mean, 0.04) for name, mean in FIGURES.items()}

    calibrated = {name: _around(0.5, 0.1) for name in FIGURES if name != "length_ratio"}
    return FaithfulnessRow(
        regime=regime,
        asked=100,
        pairs=96,
        inverted=intervals(1.0 if regime == "inverted" else 0.8),
        floor=intervals(0.6),
        ceiling=intervals(1.35),
        normalised=calibrated,
        withheld={"length_ratio": "not a measure of likeness"},
    )


def make_likelihood(regime: str) -> LikelihoodRow:
    bits = {"question": _around(100, 4), "answer": _around(88, 4), "summary": _around(41, 3)}
    leaked = {"answer": _around(12, 2), "summary": _around(47, 3)}
    return LikelihoodRow(
        inverter=regime,
        taught=["summary"],
        traces=96,
        tokens=61.2,
        bits=bits,
        bits_per_token=bits,
        leaked=leaked,
        leaked_per_token=leaked,
    )


def _around(mean: float, half: float) -> Interval:
    return Interval(mean=mean, low=mean - half, high=mean + half, spread=None)
