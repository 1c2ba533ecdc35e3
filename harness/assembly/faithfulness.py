"""From the artifacts of a finished run to what its record says of faithfulness."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.pipeline.plan import INVERTERS, ZERO_SHOT, Experiment
from harness.pipeline.store import Artifact
from harness.results.intervals import to_interval
from harness.results.schema import FaithfulnessRow, Interval, LikelihoodRow, StyleDistance
from harness.stages.measuring import LIKELIHOOD, ROW, STYLE
from traceinv.inversion import SHOWN, Shown

AS_TAUGHT = "each as taught"


@dataclass(frozen=True)
class _Bits:
    """Bits of each trace by what the model was shown, (seeds x traces), and the traces' lengths in tokens."""

    bits: dict[Shown, NDArray[np.float64]]
    tokens: NDArray[np.float64]


def faithfulness_rows(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> list[FaithfulnessRow]:
    """Each inverter's figures, those that were taught first."""
    texts = [_read(artifacts[stage.name].path / ROW) for stage in experiment.faithfulness.values()]
    rows = [FaithfulnessRow.model_validate_json(text) for text in texts]
    return sorted(rows, key=lambda row: row.regime == ZERO_SHOT)


def likelihood_rows(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> list[LikelihoodRow]:
    """Each inverter's bits, and those of the models that were taught each condition."""
    by_regime: dict[str, list[Path]] = {}
    for (regime, _), stage in experiment.likelihood.items():
        by_regime.setdefault(regime, []).append(artifacts[stage.name].path / LIKELIHOOD)
    found = {regime: _bits(paths) for regime, paths in by_regime.items()}
    rows = [_row(regime, _taught(regime), found[regime]) for regime in (*INVERTERS, ZERO_SHOT) if regime in found]
    models: dict[Shown, str] = {"question": "surrogate", "answer": "inverted_without_summary", "summary": "inverted"}
    if all(model in found for model in models.values()):
        bits = {shown: found[model].bits[shown] for shown, model in models.items()}
        seeds = max(len(each) for each in bits.values())
        bits = {shown: np.repeat(each, seeds // len(each), axis=0) for shown, each in bits.items()}
        rows.append(_row(AS_TAUGHT, list(models), _Bits(bits, found["inverted"].tokens)))
    return rows


def style(experiment: Experiment, artifacts: Mapping[str, Artifact]) -> StyleDistance | None:
    """How far the summaries that inverters were taught on are from those that they were used on."""
    if experiment.style is None:
        return None
    found = json.loads(_read(artifacts[experiment.style.name].path / STYLE))
    return None if found is None else StyleDistance.model_validate(found)


def _row(inverter: str, taught: Sequence[Shown], found: _Bits) -> LikelihoodRow:
    shown = [part for part in SHOWN if part in found.bits]
    leaked = {part: found.bits[before] - found.bits[part] for before, part in pairwise(shown)}
    return LikelihoodRow(
        inverter=inverter,
        taught=list(taught),
        traces=len(found.tokens),
        tokens=round(float(found.tokens.mean()), 2),
        bits={part: _estimate(found.bits[part]) for part in shown},
        bits_per_token={part: _estimate(found.bits[part] / found.tokens) for part in shown},
        leaked={part: _estimate(bits) for part, bits in leaked.items()},
        leaked_per_token={part: _estimate(bits / found.tokens) for part, bits in leaked.items()},
    )


def _taught(regime: str) -> list[Shown]:
    if regime not in INVERTERS:
        return []
    return ["summary"] if INVERTERS[regime] else ["answer"]


def _estimate(rows: NDArray[np.float64]) -> Interval:
    return to_interval(stats.estimate(rows))


def _bits(paths: Sequence[Path]) -> _Bits:
    seeds = [json.loads(_read(path)) for path in paths]
    bits = {part: np.array([seed["bits"][part] for seed in seeds]) for part in seeds[0]["bits"]}
    return _Bits(bits, np.array(seeds[0]["tokens"], dtype=float))


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
