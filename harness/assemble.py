"""From the artifacts of a finished run to its result record."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from harness import results, stats
from harness.bench import GROUPS, Item
from harness.experiment import Experiment
from harness.faithfulness import Faithfulness
from harness.provenance import provenance
from harness.stats import Scores
from harness.store import Artifact, digest_json
from harness.verdict import verdict
from traceinv.errors import GateError

CONTRASTS = (
    ("oracle", "answer_only"),
    ("inverted", "answer_only"),
    ("inverted", "summary"),
    ("inverted", "surrogate_trace"),
    ("inverted", "inverted_mismatched"),
    ("inverted_without_summary", "answer_only"),
    ("inverted_without_summary", "surrogate_trace"),
    ("oracle", "inverted"),
)

Runs = Mapping[str, Sequence[Sequence[Item]]]
"""By regime or model: one list of items for each seed."""


def assemble(
    experiment: Experiment, artifacts: Mapping[str, Artifact], command: str
) -> tuple[results.ResultRecord, dict[str, list[str]], dict[str, dict[str, str]]]:
    """The record of a finished run, the item ids of each task, and each run's item states."""
    recipe = experiment.recipe
    runs = _read_runs(experiment, artifacts)
    contrasts = _contrasts(runs)
    rows = [_row(name, items, recipe.seeds) for name, items in runs.items()]
    stages = [
        results.StageTime(name=stage.name, key=artifacts[stage.name].key, seconds=artifacts[stage.name].seconds)
        for stage in experiment.stages
    ]
    identity = digest_json([recipe.model_dump(mode="json"), [stage.key for stage in stages]])[:10]
    record = results.ResultRecord(
        id=f"{recipe.name}-{len(recipe.seeds)}-seeds-{identity}",
        recipe=recipe.model_dump(mode="json"),
        seeds=recipe.seeds,
        rows=rows,
        contrasts=contrasts,
        faithfulness=_faithfulness(experiment, artifacts),
        ledger=[_ledger(experiment, artifacts, seed) for seed in recipe.seeds],
        gates=_gates(experiment, artifacts, len(next(iter(runs.values()))[0])),
        verdict=verdict(rows, contrasts),
        provenance=provenance(command, stages),
    )
    return record, _item_ids(runs), _states(experiment, runs)


def _read_runs(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> dict[str, list[list[Item]]]:
    """Items by model, each list in the order of its ids, so that position means the same question everywhere.

    Raises:
        ValueError: two runs did not answer the same items.
    """
    runs: dict[str, list[list[Item]]] = {}
    for (name, _), stage in experiment.scores.items():
        lines = (artifacts[stage.name].path / "items.jsonl").read_text(encoding="utf-8").splitlines()
        items = sorted((Item.model_validate_json(line) for line in lines), key=lambda item: (item.task, item.id))
        runs.setdefault(name, []).append(items)
    if len({tuple(item.id for item in items) for each in runs.values() for items in each}) > 1:
        raise ValueError("the runs did not answer the same items")
    order = [*(r for r in experiment.recipe.regimes if r in runs), "target", "surrogate"]
    return {name: runs[name] for name in order}


def _scores(runs: Sequence[Sequence[Item]], tasks: Sequence[str]) -> Scores:
    """(seeds x questions) correctness on these tasks."""
    return np.array([[float(item.correct) for item in items if item.task in tasks] for items in runs])


def _groups(runs: Runs) -> dict[str, list[str]]:
    """The tasks of each column: every task by itself, then the groups that have any of them, then all."""
    tasks = list(dict.fromkeys(item.task for item in next(iter(runs.values()))[0]))
    groups = {name: [task for task in members if task in tasks] for name, members in GROUPS.items()}
    return {task: [task] for task in tasks} | {name: found for name, found in groups.items() if found} | {"all": tasks}


def _row(name: str, runs: Sequence[Sequence[Item]], seeds: Sequence[int]) -> results.Row:
    reference = name in ("target", "surrogate")
    return results.Row(
        name=name,
        kind="reference" if reference else "regime",
        seeds=[] if reference or name == "base" else list(seeds),
        scores={group: _score(runs, tasks) for group, tasks in _groups({name: runs}).items()},
    )


def _score(runs: Sequence[Sequence[Item]], tasks: Sequence[str]) -> results.Score:
    scores = _scores(runs, tasks)
    items = [item for run in runs for item in run if item.task in tasks]
    stopped = [item.finish_reason == "stop" for item in items]
    cut_off = [not ended or item.state == "unfinished" for item, ended in zip(items, stopped, strict=True)]

    def share(flags: Sequence[bool]) -> float:
        return round(sum(flags) / len(items), 6)

    return results.Score(
        accuracy=_interval(stats.estimate(scores)),
        by_seed=[round(float(mean), 6) for mean in scores.mean(axis=1)],
        finished=share(stopped),
        no_answer=share([item.state == "no_answer" for item in items]),
        unfinished=share([item.state == "unfinished" for item in items]),
        bad_format=share([item.state == "bad_format" for item in items]),
        if_unfinished_right=share([item.correct or cut for item, cut in zip(items, cut_off, strict=True)]),
        if_unfinished_wrong=share([item.correct and not cut for item, cut in zip(items, cut_off, strict=True)]),
        mean_tokens=round(sum(item.tokens for item in items) / len(items), 2),
        items=scores.shape[1],
    )


def _contrasts(runs: Runs) -> list[results.Contrast]:
    contrasts = []
    for first, second in CONTRASTS:
        for group in ("math", "code", "all"):
            if first in runs and second in runs and group in (groups := _groups(runs)):
                better, worse = (_scores(runs[name], groups[group]) for name in (first, second))
                found = _interval(stats.difference(better, worse))
                contrasts.append(results.Contrast(first=first, second=second, group=group, difference=found))
    return contrasts


def _interval(found: stats.Estimate) -> results.Interval:
    return results.Interval(**{k: None if v is None else round(v, 6) for k, v in asdict(found).items()})


def _faithfulness(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> list[results.FaithfulnessRow]:
    by_regime: dict[str, list[Faithfulness]] = {}
    for (regime, _), stage in experiment.faithfulness.items():
        text = (artifacts[stage.name].path / "faithfulness.json").read_text(encoding="utf-8")
        by_regime.setdefault(regime, []).append(Faithfulness.model_validate_json(text))
    return [_faithfulness_row(regime, seeds) for regime, seeds in by_regime.items()]


def _faithfulness_row(regime: str, seeds: Sequence[Faithfulness]) -> results.FaithfulnessRow:
    """Figures over the pairs that every seed has."""
    shared = sorted(set.intersection(*(set(found.ids) for found in seeds)))

    def intervals(tables: Sequence[Mapping[str, Sequence[float]]]) -> dict[str, results.Interval]:
        found = {}
        for figure in tables[0]:
            rows = [dict(zip(s.ids, t[figure], strict=True)) for s, t in zip(seeds, tables, strict=True)]
            scores = np.array([[row[i] for i in shared] for row in rows])
            found[figure] = _interval(stats.estimate(scores))
        return found

    return results.FaithfulnessRow(
        regime=regime,
        pairs=len(shared),
        inverted=intervals([found.by_pair for found in seeds]),
        floor=intervals([found.floor_by_pair for found in seeds]),
    )


def _ledger(experiment: Experiment, artifacts: Mapping[str, Artifact], seed: int) -> results.Ledger:
    logs = {name: artifacts[stage.name].log for (name, s), stage in experiment.lessons.items() if s == seed}
    rows = experiment.rows[seed]
    return results.Ledger(
        seed=seed,
        asked=rows.params["questions"],
        rows={name: log["rows"] for name, log in logs.items()},
        too_long={name: log["too_long"] for name, log in logs.items()},
        shared=artifacts[rows.name].log["shared"],
    )


def _gates(experiment: Experiment, artifacts: Mapping[str, Artifact], items: int) -> list[results.Gate]:
    """The gates' figures.

    Raises:
        GateError: two models were asked an item in different words.
    """
    logs = {stage.name: artifacts[stage.name].log for stage in experiment.models.values()}
    prompts = {
        item.prompt_hash
        for stage in experiment.scores.values()
        for item in map(Item.model_validate_json, (artifacts[stage.name].path / "items.jsonl").read_text().splitlines())
    }
    if len(prompts) != items:
        raise GateError(f"one prompt an item: {len(prompts)} prompts for {items} items; models were not asked the same")
    writing = [stage for stage in experiment.stages if stage.kind in ("transcripts", "inversions")]
    trained = ("examples", "loss_tokens", "steps", "too_long")
    return [
        results.Gate(name="render", figures={"checked": len(logs), "first_rows": _first_rows(experiment, logs)}),
        results.Gate(name="one prompt an item", figures={"prompts": len(prompts), "items": items}),
        results.Gate(
            name="nothing cut in silence", figures={stage.name: artifacts[stage.name].log for stage in writing}
        ),
        results.Gate(
            name="training",
            figures={name: {key: log[key] for key in trained if key in log} for name, log in logs.items()},
        ),
    ]


def _first_rows(experiment: Experiment, logs: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """One rendered row of each kind of training, as the model saw it."""
    first: dict[str, str] = {}
    for (name, _), stage in experiment.models.items():
        first.setdefault(name, logs[stage.name]["first_row"])
    return first


def _item_ids(runs: Runs) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for item in next(iter(runs.values()))[0]:
        ids.setdefault(item.task, []).append(item.id)
    return ids


def _states(experiment: Experiment, runs: Runs) -> dict[str, dict[str, str]]:
    keys = iter([(name, seed) for name in runs for n, seed in experiment.scores if n == name])
    states: dict[str, dict[str, str]] = {}
    for items in (items for each in runs.values() for items in each):
        name, seed = next(keys)
        found = states.setdefault(name if seed is None else f"{name}/{seed}", {})
        for item in items:
            found[item.task] = found.get(item.task, "") + results.STATE_LETTERS[item.state]
    return states
