"""The stages that measure faithfulness. They and the oracle's lesson are all that reads the hidden transcripts."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from harness import stats
from harness.faithfulness.calibration import Place, places
from harness.faithfulness.measure import Measured, as_arrays, measure, measure_again
from harness.results.schema import FaithfulnessRow, Interval
from traceinv.engines.base import user_message
from traceinv.inversion import inverter_prompt
from traceinv.progress import Progress
from traceinv.records import Disclosure, Inversion, Record, Transcript
from traceinv.rows import read_rows

Params = Mapping[str, Any]
Inputs = Mapping[str, Path]
R = TypeVar("R", bound=Record)
MEASURED, ROW, LIKELIHOOD, STYLE = "measured.json", "row.json", "likelihood.json", "style.json"


def faithfulness(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """How close the inverted traces are to the hidden ones, with the floor of mismatched pairs."""
    inverted, hidden = _records(inputs["inversions"], Inversion), _records(inputs["transcripts"], Transcript)
    return _write(out, measure(inverted, hidden, params["draws"], params["seed"]))


def ceiling(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """How close the target's second traces are to its first."""
    second, hidden = _records(inputs["second"], Transcript), _records(inputs["transcripts"], Transcript)
    return _write(out, measure_again(second, hidden))


def calibration(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """The figures of one inverter over all seeds between floor and ceiling, on the questions that all of these have."""
    again = _measured(inputs["ceiling"])
    seeds = [_measured(path) for name, path in sorted(inputs.items()) if name != "ceiling"]
    ids = sorted(set.intersection(*(set(row.ids) for row in (*seeds, again))))
    value, floor = as_arrays(seeds, ids), as_arrays(seeds, ids, floor=True)
    top = as_arrays([again], ids)
    placed = places(value, floor, {name: rows[0] for name, rows in top.items()}, params["seed"]) if ids else {}
    row = FaithfulnessRow(
        regime=params["regime"],
        asked=seeds[0].asked,
        pairs=len(ids),
        inverted=_intervals(value),
        floor=_intervals(floor),
        ceiling=_intervals(top),
        normalised={name: as_interval(p.normalised) for name, p in placed.items() if p.normalised},
        withheld={name: _reason(p) for name, p in placed.items() if not p.normalised},
    )
    (out / ROW).write_text(row.model_dump_json(indent=1) + "\n")
    return {"pairs": len(ids), "withheld": len(row.withheld)}


def likelihood(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Bits of each hidden trace under a model that was shown question, question and answer, or summary too."""
    from harness.faithfulness.likelihood import surprise
    from traceinv.engines.transformers import TransformersEngine

    hidden = {t.id: t for t in _records(inputs["transcripts"], Transcript)}
    shown = _evenly(_records(inputs["disclosures"], Disclosure), params["questions"])
    engine = TransformersEngine.load(inputs["model"])
    traces = [hidden[d.id].trace or "" for d in shown]
    bits: dict[str, list[float]] = {}
    tokens: list[int] = []
    for number, last in enumerate(params["shown"]):
        texts = [inverter_prompt(d, last) if params["as_inverter"] else d.question.text for d in shown]
        found = surprise(engine.model, engine.tokenizer, [engine.render(user_message(text)) for text in texts], traces)
        bits[last] = [round(s.bits, 4) for s in found]
        tokens = [s.tokens for s in found]
        progress((number + 1) / len(params["shown"]))
    (out / LIKELIHOOD).write_text(json.dumps({"ids": [d.id for d in shown], "tokens": tokens, "bits": bits}, indent=1))
    return {"traces": len(shown), "tokens": sum(tokens)}


def style(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """How far the summaries that inverters are taught on are from those that they are used on; null where there are too few."""
    from harness.faithfulness.style import FOLDS, style_distance

    taught, used = (
        [row.summary for row in _records(inputs[side], Disclosure) if row.summary] for side in ("taught", "used")
    )
    found = style_distance(taught, used, params["seed"]) if min(len(taught), len(used)) >= FOLDS else None
    (out / STYLE).write_text((found.model_dump_json(indent=1) if found else "null") + "\n")
    return {"taught": len(taught), "used": len(used)}


def as_interval(found: stats.Estimate) -> Interval:
    """An estimate as records hold it."""
    spread = None if found.spread is None else round(found.spread, 6)
    return Interval(mean=round(found.mean, 6), low=round(found.low, 6), high=round(found.high, 6), spread=spread)


def _intervals(figures: Mapping[str, Any]) -> dict[str, Interval]:
    """Each figure over the questions for which every row has it; those that no question has are left out."""
    known = {name: rows[:, np.isfinite(rows).all(axis=0)] for name, rows in figures.items()}
    return {name: as_interval(stats.estimate(rows)) for name, rows in known.items() if rows.size}


def _reason(found: Place) -> str:
    assert found.withheld is not None
    return found.withheld


def _evenly(rows: Sequence[R], most: int) -> list[R]:
    """At most so many rows, evenly from the first to the last, so that every kind of question keeps its share."""
    return [rows[len(rows) * i // most] for i in range(most)] if len(rows) > most else list(rows)


def _records(folder: Path, kind: type[R]) -> list[R]:
    (path,) = folder.glob("*.jsonl")
    return read_rows(path, kind)


def _measured(folder: Path) -> Measured:
    return Measured.model_validate_json((folder / MEASURED).read_text(encoding="utf-8"))


def _write(out: Path, found: Measured) -> dict[str, Any]:
    (out / MEASURED).write_text(found.model_dump_json(indent=1) + "\n")
    return {"asked": found.asked, "pairs": len(found.ids)}
