"""From the artifacts of a cell to what its record says of faithfulness, bits and style."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from harness import stats
from harness.faithfulness.likelihood import TraceBits
from harness.faithfulness.reading import Reading
from harness.pipeline.plan import CellPlan
from harness.pipeline.scheduler import Artifacts
from harness.results.intervals import DIGITS, to_interval
from harness.results.schema import (
    Cell,
    FaithfulnessFigures,
    FaithfulnessRow,
    Interval,
    LikelihoodRow,
    ReadingRow,
    StyleDistance,
    StyleRow,
)
from harness.stages.calibration import FIGURES
from harness.stages.exact_bits import EXACT
from harness.stages.likelihood import LIKELIHOOD
from harness.stages.reading import READING
from harness.stages.style import STYLE
from traceinv.inversion import SHOWN, Shown
from traceinv.regimes import REGIMES

AS_TAUGHT = "each as taught"


@dataclass(frozen=True)
class _Bits:
    """Bits of each trace by the last part shown, (seeds x traces), and the traces' lengths in tokens.

    Attributes:
        skipped: number of traces that one of the models had no room for.
    """

    bits: dict[Shown, NDArray[np.float64]]
    tokens: NDArray[np.float64]
    skipped: int


def faithfulness_rows(planned: CellPlan, artifacts: Artifacts) -> list[FaithfulnessRow]:
    """Return the figures of each inverter of a cell, in the order of the regimes."""
    cell = without_student(planned.cell)
    rows = []
    for regime in (name for name in REGIMES if name in planned.faithfulness):
        text = _read(artifacts[planned.faithfulness[regime].id].path / FIGURES)
        figures = FaithfulnessFigures.model_validate_json(text)
        rows.append(FaithfulnessRow(cell=cell, regime=regime, **figures.model_dump()))
    return rows


def likelihood_rows(planned: CellPlan, artifacts: Artifacts) -> list[LikelihoodRow]:
    """Return the bits of a cell's hidden traces, each condition under the model that was taught with it.

    Another prompt would cost bits by itself, so no model is asked with one.
    """
    taught = [part for part in SHOWN if part in planned.likelihood]
    if not taught:
        return []
    paths = {part: [artifacts[node.id].path / LIKELIHOOD for node in planned.likelihood[part]] for part in taught}
    measured = _shared_bits(
        {part: [TraceBits.model_validate_json(_read(path)) for path in rows] for part, rows in paths.items()}
    )
    row = _row(without_student(planned.cell), AS_TAUGHT, taught, measured)
    exact = {} if planned.exact is None else json.loads(_read(artifacts[planned.exact.id].path / EXACT))
    known = {part: round(float(np.mean(exact[part])), DIGITS) for part in taught if part in exact}
    return [row.model_copy(update={"exact": known, "exact_traces": len(next(iter(exact.values()), []))})]


def reading_rows(planned: CellPlan, artifacts: Artifacts) -> list[ReadingRow]:
    """Return the reading tests of a cell's inverters, without those that left no pair of finished traces."""
    cell = without_student(planned.cell)
    rows = []
    for regime in (name for name in REGIMES if name in planned.reading):
        for part, nodes in planned.reading[regime].items():
            seeds = [Reading.model_validate_json(_read(artifacts[node.id].path / READING)) for node in nodes]
            if shared := sorted(set.intersection(*(set(seed.ids) for seed in seeds))):
                rows.append(_reading_row(cell, regime, part, seeds, shared))
    return rows


def style_row(planned: CellPlan, artifacts: Artifacts) -> StyleRow | None:
    """Return how different the summaries that inverters are trained on are from those that they are used on."""
    if planned.style is None:
        return None
    content = json.loads(_read(artifacts[planned.style.id].path / STYLE))
    if content is None:
        return None
    return StyleRow(cell=without_student(planned.cell), **StyleDistance.model_validate(content).model_dump())


def without_student(cell: Cell) -> Cell:
    """Return the cell for figures that do not depend on a student."""
    return cell.model_copy(update={"student": None})


def _reading_row(cell: Cell, regime: str, part: str, seeds: Sequence[Reading], ids: Sequence[str]) -> ReadingRow:
    places = [{name: place for place, name in enumerate(seed.ids)} for seed in seeds]

    def table(values: Sequence[Sequence[float | None]]) -> NDArray[np.float64]:
        """Return (seeds x questions) of a figure, NaN where it is undefined."""
        picked = [[row[place[name]] for name in ids] for row, place in zip(values, places, strict=True)]
        return np.array(picked, dtype=float)

    own, exchanged, fall = {}, {}, {}
    for figure in seeds[0].own:
        both = [table([getattr(seed, side)[figure] for seed in seeds]) for side in ("own", "exchanged")]
        known = np.isfinite(both).all(axis=(0, 1))
        if known.any():
            first, second = (rows[:, known] for rows in both)
            own[figure], exchanged[figure] = _estimate(first), _estimate(second)
            fall[figure] = to_interval(stats.difference(first, second))
    same = np.mean([[seed.unchanged[place[name]] for name in ids] for seed, place in zip(seeds, places, strict=True)])
    return ReadingRow(
        cell=cell,
        inverter=regime,
        part=part,
        asked=seeds[0].asked,
        pairs=len(ids),
        unchanged=round(float(same), DIGITS),
        own=own,
        exchanged=exchanged,
        fall=fall,
    )


def _row(cell: Cell, inverter: str, taught: Sequence[Shown], measured: _Bits) -> LikelihoodRow:
    shown = [part for part in SHOWN if part in measured.bits] if measured.tokens.size else []
    leaked = {part: measured.bits[before] - measured.bits[part] for before, part in pairwise(shown)}
    tokens = measured.tokens
    return LikelihoodRow(
        cell=cell,
        inverter=inverter,
        taught=list(taught),
        traces=len(tokens),
        tokens=round(float(tokens.mean()), 2) if tokens.size else 0.0,
        bits={part: _estimate(measured.bits[part]) for part in shown},
        bits_per_token={part: _estimate(measured.bits[part] / tokens) for part in shown},
        leaked={part: _estimate(bits) for part, bits in leaked.items()},
        leaked_per_token={part: _estimate(bits / tokens) for part, bits in leaked.items()},
        skipped=measured.skipped,
    )


def _estimate(rows: NDArray[np.float64]) -> Interval:
    return to_interval(stats.estimate(rows))


def _shared_bits(by_part: Mapping[Shown, Sequence[TraceBits]]) -> _Bits:
    """Return the bits of the traces that every model had room for; a model without seeds stands beside each seed of the others.

    Lengths are those in the tokens of the last part's model.
    """
    everyone = [seed for seeds in by_part.values() for seed in seeds]
    ids = [name for name in everyone[0].ids if all(name in seed.ids for seed in everyone)]
    most = max(len(seeds) for seeds in by_part.values())
    bits = {}
    for part, seeds in by_part.items():
        table = np.array([_pick(seed.bits[part], seed.ids, ids) for seed in seeds])
        bits[part] = np.repeat(table, most // len(seeds), axis=0)
    tokens = _pick(everyone[-1].tokens, everyone[-1].ids, ids)
    return _Bits(bits, np.array(tokens, dtype=float), len(everyone[0].ids) + everyone[0].skipped - len(ids))


def _pick(values: Sequence[float], ids: Sequence[str], wanted: Sequence[str]) -> list[float]:
    known = dict(zip(ids, values, strict=True))
    return [known[name] for name in wanted]


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")
