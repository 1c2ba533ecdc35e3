"""The stages that measure faithfulness. Only they and the oracle's examples read the hidden transcripts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel

from harness.faithfulness.calibration import calibrate
from harness.faithfulness.likelihood import evenly, trace_bits
from harness.faithfulness.measure import Measured, measure, measure_again
from harness.faithfulness.style import summary_style
from traceinv.engines.base import user_message
from traceinv.progress import Progress
from traceinv.records import Disclosure, Inversion, Record, Transcript
from traceinv.rows import read_rows

Params = Mapping[str, Any]
Inputs = Mapping[str, Path]
R = TypeVar("R", bound=Record)
MEASURED, ROW, LIKELIHOOD, STYLE = "measured.json", "row.json", "likelihood.json", "style.json"


def faithfulness(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Measure the inverted traces against the hidden ones, with their floor."""
    inverted, hidden = _records(inputs["inversions"], Inversion), _records(inputs["transcripts"], Transcript)
    return _write_measured(out, measure(inverted, hidden, params["draws"], params["seed"]))


def ceiling(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Measure the target's second traces against its first."""
    second, hidden = _records(inputs["second"], Transcript), _records(inputs["transcripts"], Transcript)
    return _write_measured(out, measure_again(second, hidden))


def calibration(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Normalise the figures of one inverter over all seeds between floor and ceiling."""
    seeds = [_measured(path) for name, path in sorted(inputs.items()) if name != "ceiling"]
    figures = calibrate(seeds, _measured(inputs["ceiling"]), params["seed"])
    _write(out / ROW, figures)
    return {"pairs": figures.pairs, "withheld": len(figures.withheld)}


def likelihood(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Take the NLL of hidden traces under a model that is shown question, answer and summary one after the other."""
    from traceinv.engines.transformers import TransformersEngine

    disclosures = evenly(_records(inputs["disclosures"], Disclosure), params["questions"])
    hidden = _records(inputs["transcripts"], Transcript)
    engine = TransformersEngine.load(inputs["model"])
    bits = trace_bits(
        engine.model,
        engine.tokenizer,
        lambda text: engine.render(user_message(text)),
        hidden,
        disclosures,
        params["shown"],
        params["as_inverter"],
        progress,
    )
    _write(out / LIKELIHOOD, bits)
    return {"traces": len(bits.ids), "tokens": sum(bits.tokens)}


def style(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Compare the summaries that inverters are trained on with those that they are used on; null where there are too few."""
    trained, used = (_records(inputs[side], Disclosure) for side in ("taught", "used"))
    distance = summary_style(trained, used, params["seed"])
    (out / STYLE).write_text((distance.model_dump_json(indent=1) if distance else "null") + "\n")
    return {side: sum(bool(row.summary) for row in rows) for side, rows in (("taught", trained), ("used", used))}


def _records(folder: Path, kind: type[R]) -> list[R]:
    (path,) = folder.glob("*.jsonl")
    return read_rows(path, kind)


def _measured(folder: Path) -> Measured:
    return Measured.model_validate_json((folder / MEASURED).read_text(encoding="utf-8"))


def _write_measured(out: Path, measured: Measured) -> dict[str, Any]:
    _write(out / MEASURED, measured)
    return {"asked": measured.asked, "pairs": len(measured.ids), "timed_out": measured.timed_out}


def _write(path: Path, content: BaseModel) -> None:
    path.write_text(content.model_dump_json(indent=1) + "\n", encoding="utf-8")
