"""The stages of an experiment: each reads the folders of its inputs and writes one folder, and knows of nothing else.

When the source of a stage's modules changes, or of anything of ours that they import, the stage is computed anew.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from harness.pipeline.keys import code_version, package_modules, read_code_version
from harness.stages.measuring import calibration, ceiling, faithfulness, likelihood, style
from traceinv.disclosure import Policy, disclose
from traceinv.engines import Sampling
from traceinv.errors import GateError
from traceinv.inversion import invert, inverter_examples
from traceinv.progress import Progress
from traceinv.records import Disclosure, Example, Inversion, Question, Transcript
from traceinv.regimes import REGIMES
from traceinv.rows import RowFile, read_rows, write_rows
from traceinv.training import TrainingConfig, fine_tune

Params = Mapping[str, Any]
Inputs = Mapping[str, Path]
StageFunction = Callable[[Params, Inputs, Path, Progress], dict[str, Any]]


@dataclass(frozen=True)
class StageKind:
    """A stage's function `(params, inputs, out, progress) -> log`, the module that it stands in, and those that it uses."""

    run: StageFunction
    own: str
    modules: tuple[str, ...]

    @property
    def code_version(self) -> str:
        """A hash of the code that decides what it computes, as it was when this process first asked."""
        return code_version(self.own, self.modules)

    def check_code(self, expected: str) -> None:
        """See that the code on the disk is still what it was.

        Raises:
            GateError: it changed, so what was computed has no key.
        """
        if read_code_version(self.own, self.modules) != expected:
            raise GateError(
                "the source changed while the stage ran, so its result has no key; run the same command again"
            )


def lab_questions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Questions of one split, as anyone may see them."""
    from traceinv.lab.questions import as_question, draw

    problems = draw(params["split"], params["per_family"], tuple(params["steps"]), params["seed"])
    write_rows(out / "questions.jsonl", (as_question(i, problem) for i, problem in problems.items()))
    return {"questions": len(problems)}


def lab_model(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A reasoning model of the lab, fine-tuned from the base on true traces of its own split."""
    from traceinv.lab.models import true_examples

    examples = true_examples(params["split"], params["examples_per_family"], tuple(params["steps"]), params["seed"])
    config = TrainingConfig.model_validate(params["training"])
    return fine_tune(inputs["base"], examples, config, params["seed"], out, progress)


def transcripts(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """What a reasoning model writes for each question, trace included."""
    from traceinv.engines.transformers import TransformersEngine
    from traceinv.targets import answer_questions

    questions = read_rows(rows_file(inputs["questions"]), Question)
    engine = TransformersEngine.load(inputs["model"])
    file = RowFile(out / "transcripts.jsonl", Transcript, lambda row: row.id)
    rows = answer_questions(engine, questions, Sampling.model_validate(params["sampling"]), file, progress)
    return {"questions": len(rows), "complete": sum(row.complete for row in rows)}


def disclosures(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """What a policy shows of transcripts: the one door from the hidden side to the tester's."""
    policy = TypeAdapter[Policy](Policy).validate_python(params["policy"])
    rows = disclose(read_rows(rows_file(inputs["transcripts"]), Transcript), policy)
    write_rows(out / "disclosures.jsonl", rows)
    return {"disclosures": len(rows)}


def inverter(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A model that writes traces, taught by the surrogate's.

    Raises:
        GateError: too few of the surrogate's transcripts are complete and short enough.
    """
    rows = read_rows(rows_file(inputs["transcripts"]), Transcript)
    shown = read_rows(rows_file(inputs["disclosures"]), Disclosure)
    config = TrainingConfig.model_validate(params["training"])
    examples = inverter_examples(rows, shown, params["with_summary"])
    kept = _within(examples, inputs["base"], config.max_tokens)
    _refuse_losses("the inverter's rows", len(kept), len(rows), params["max_dropped"])
    log = fine_tune(inputs["base"], kept, config, params["seed"], out, progress)
    return {**log, "too_long": len(examples) - len(kept)}


def inversions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """The traces that an inverter writes for the target's disclosures."""
    from traceinv.engines.transformers import TransformersEngine

    shown = read_rows(rows_file(inputs["disclosures"]), Disclosure)
    engine = TransformersEngine.load(inputs["model"])
    sampling = Sampling.model_validate(params["sampling"])
    file = RowFile(out / "inversions.jsonl", Inversion, lambda row: row.id)
    rows = invert(engine, shown, params["with_summary"], sampling, file, progress, params["taught"])
    return {"inversions": len(rows), "finished": sum(row.finish_reason == "stop" for row in rows)}


def lesson(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """What one regime can teach: its rows, those over the length limit left out and counted."""
    regime = REGIMES[params["regime"]]
    examples = regime.teach(read_rows(rows_file(inputs["source"]), regime.source.reads), params["seed"])
    kept = _within(examples, inputs["base"], params["max_tokens"])
    write_rows(out / "examples.jsonl", kept)
    return {"rows": len(kept), "too_long": len(examples) - len(kept)}


def rows_file(folder: Path) -> Path:
    """The one JSONL file of a stage that writes records."""
    (path,) = folder.glob("*.jsonl")
    return path


def _within(examples: list[Example], base: Path, max_tokens: int) -> list[Example]:
    """The examples that are not over the length limit."""
    from transformers import AutoTokenizer

    from traceinv.formatting import encode_example

    tokenizer = AutoTokenizer.from_pretrained(base)
    return [e for e in examples if len(encode_example(tokenizer, e).input_ids) <= max_tokens]


def _refuse_losses(what: str, left: int, asked: int, max_dropped: float) -> None:
    if not left or left < asked * (1 - max_dropped):
        raise GateError(f"{what}: {left} of {asked} are left, which is a loss of more than {max_dropped:.0%}")


def shared_rows(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """The questions that every regime on the tester's side can teach; all students learn from exactly these.

    The oracle's lesson has no say here, since what the tester's students learn may not depend on hidden traces; a question that
    it lacks stops its student instead.

    Raises:
        GateError: more than the recipe's `max_dropped` of the questions asked are lost.
    """
    taught = {name: {e.id for e in read_rows(rows_file(path), Example)} for name, path in inputs.items()}
    shared = sorted(set.intersection(*taught.values()))
    counts = ", ".join(f"{name} {len(ids)}" for name, ids in taught.items())
    _refuse_losses(f"shared rows ({counts})", len(shared), params["questions"], params["max_dropped"])
    (out / "ids.json").write_text(json.dumps(shared))
    return {"shared": len(shared)}


def student(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A student of one regime, taught on the shared rows.

    Raises:
        GateError: the regime has no row for one of them.
    """
    examples = {e.id: e for e in read_rows(rows_file(inputs["lesson"]), Example)}
    ids = json.loads((inputs["rows"] / "ids.json").read_text())
    missing = [i for i in ids if i not in examples]
    if missing:
        raise GateError(f"equal rows: the lesson lacks {len(missing)} of {len(ids)} shared rows, {missing[0]} first")
    config = TrainingConfig.model_validate(params["training"])
    return fine_tune(inputs["base"], [examples[i] for i in ids], config, params["seed"], out, progress)


def scores(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A model's answers to the benchmark, asked and graded as `traceinv bench` does: samples, and what each task was."""
    from harness.evaluation.students import score_student

    return score_student(params, inputs["model"], inputs.get("data"), out, progress)


def _kind(function: StageFunction, *modules: str) -> StageKind:
    return StageKind(function, function.__module__, modules)


STAGES: dict[str, StageKind] = {
    "lab_questions": _kind(lab_questions, "traceinv.lab.questions"),
    "lab_model": _kind(lab_model, "traceinv.lab.models", "traceinv.training"),
    "transcripts": _kind(transcripts, "traceinv.engines.transformers", "traceinv.targets"),
    "disclosures": _kind(disclosures, "traceinv.disclosure"),
    "inverter": _kind(inverter, "traceinv.inversion", "traceinv.training"),
    "inversions": _kind(inversions, "traceinv.engines.transformers", "traceinv.inversion"),
    "lesson": _kind(lesson, "traceinv.formatting", "traceinv.regimes"),
    "shared_rows": _kind(shared_rows, "traceinv.records"),
    "student": _kind(student, "traceinv.training"),
    "scores": _kind(
        scores,
        "harness.evaluation.students",
        # what tasks import and what runs in the sandbox is found by name, which no import shows
        *package_modules("harness.grading"),
        *package_modules("harness.sandbox"),
        *package_modules("harness.sandbox.inside"),
        *("traceinv.lab.questions", "traceinv.lab.families"),
    ),
    "faithfulness": _kind(faithfulness, "harness.faithfulness.measure"),
    "ceiling": _kind(ceiling, "harness.faithfulness.measure"),
    "calibration": _kind(
        calibration, "harness.faithfulness.calibration", "harness.faithfulness.measure", "harness.results.schema"
    ),
    "likelihood": _kind(
        likelihood, "harness.faithfulness.likelihood", "traceinv.engines.transformers", "traceinv.inversion"
    ),
    "style": _kind(style, "harness.faithfulness.style"),
}
