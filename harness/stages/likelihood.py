"""Measure the bits of the hidden traces under a model that was shown a part of the disclosure."""

from pathlib import Path

from pydantic import Field

from harness.stages.base import GENERATION_LIBRARIES, Inputs, Log, Resources, stage
from traceinv.inversion import Shown
from traceinv.progress import Progress
from traceinv.records import Disclosure, Transcript
from traceinv.rows import read_folder
from traceinv.schema import Closed, Trusted

LIKELIHOOD = "likelihood.json"


class Params(Closed):
    """What the model is shown.

    Attributes:
        shown: the last part that it is shown, one measurement for each.
        as_inverter: whether it gets an inverter's prompt; otherwise the question alone, as students do.
        questions: on how many traces the bits are measured.
    """

    shown: list[Shown]
    as_inverter: bool
    questions: int = Field(gt=0)
    trust_remote_code: Trusted = False


@stage(Params, version=2, libraries=GENERATION_LIBRARIES, resources=Resources(gpus=1))
def likelihood(params: Params, inputs: Inputs, out: Path, progress: Progress) -> Log:
    """Write the bits of each trace, by what the model was shown; traces beyond the model's context are counted."""
    from harness.faithfulness.likelihood import evenly, trace_bits
    from traceinv.dialect import read_dialect
    from traceinv.engines.base import user_message
    from traceinv.engines.transformers import TransformersEngine

    hidden = read_folder(inputs["transcripts"], Transcript)
    disclosures = evenly(read_folder(inputs["disclosures"], Disclosure), params.questions)
    engine = TransformersEngine.load(inputs["model"], arguments={"trust_remote_code": params.trust_remote_code})
    bits = trace_bits(
        engine.model,
        engine.tokenizer,
        lambda text: engine.render(user_message(text)),
        hidden,
        disclosures,
        params.shown,
        params.as_inverter,
        progress,
        read_dialect(engine.tokenizer).opening,
    )
    (out / LIKELIHOOD).write_text(bits.model_dump_json(indent=1) + "\n")
    return {"traces": len(bits.ids), "tokens": sum(bits.tokens), "skipped": bits.skipped}
