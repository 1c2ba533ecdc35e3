"""The stages of an experiment: each reads the folders of its inputs and writes one folder, and knows of nothing else.

A stage's module list is its code version: when the source of one of them changes, the stage is computed anew.
"""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

from pydantic import TypeAdapter

from harness.faithfulness.stages import calibration, ceiling, faithfulness, likelihood, style
from traceinv.disclosure import Policy, disclose
from traceinv.engines import Sampling
from traceinv.engines.base import Progress
from traceinv.errors import GateError
from traceinv.inversion import invert, inverter_examples
from traceinv.records import Disclosure, Example, Question, Transcript, read_jsonl, write_jsonl
from traceinv.regimes import REGIMES
from traceinv.training import TrainingConfig, fine_tune

Params = Mapping[str, Any]
Inputs = Mapping[str, Path]
StageFunction = Callable[[Params, Inputs, Path, Progress], dict[str, Any]]

PACKAGES = (
    *("torch", "transformers", "trl", "accelerate", "datasets", "tokenizers", "numpy", "scipy"),
    *("lm_eval", "math-verify", "sympy", "rouge_score", "rapidfuzz", "nltk", "sacrebleu", "scikit-learn"),
)


@dataclass(frozen=True)
class StageKind:
    """A stage's function `(params, inputs, out, progress) -> log`, and the modules that decide what it computes."""

    run: StageFunction
    modules: tuple[str, ...]


def lab_questions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """Questions of one split, as anyone may see them."""
    from traceinv.lab.questions import as_question, draw

    problems = draw(params["split"], params["per_family"], tuple(params["steps"]), params["seed"])
    write_jsonl(out / "questions.jsonl", (as_question(i, problem) for i, problem in problems.items()))
    return {"questions": len(problems)}


def lab_model(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A reasoning model of the lab, fine-tuned from the base on true traces of its own split."""
    from traceinv.lab.models import true_examples

    examples = true_examples(params["split"], params["examples_per_family"], tuple(params["steps"]), params["seed"])
    config = TrainingConfig.model_validate(params["training"])
    return fine_tune(inputs["base"], examples, config, params["seed"], out, progress)


def transcripts(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """What a reasoning model writes for each question, trace included."""
    from traceinv.engines.local import TransformersEngine
    from traceinv.targets import answer_questions

    questions = read_jsonl(rows_file(inputs["questions"]), Question)
    engine = TransformersEngine.load(inputs["model"])
    rows = answer_questions(engine, questions, Sampling.model_validate(params["sampling"]), progress)
    write_jsonl(out / "transcripts.jsonl", rows)
    return {"questions": len(rows), "complete": sum(row.complete for row in rows)}


def disclosures(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """What a policy shows of transcripts: the one door from the hidden side to the tester's."""
    policy = TypeAdapter[Policy](Policy).validate_python(params["policy"])
    rows = disclose(read_jsonl(rows_file(inputs["transcripts"]), Transcript), policy)
    write_jsonl(out / "disclosures.jsonl", rows)
    return {"disclosures": len(rows)}


def inverter(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A model that writes traces, taught by the surrogate's.

    Raises:
        GateError: too few of the surrogate's transcripts are complete and short enough.
    """
    rows = read_jsonl(rows_file(inputs["transcripts"]), Transcript)
    shown = read_jsonl(rows_file(inputs["disclosures"]), Disclosure)
    config = TrainingConfig.model_validate(params["training"])
    examples = inverter_examples(rows, shown, params["with_summary"])
    kept = _within(examples, inputs["base"], config.max_tokens)
    _refuse_losses("the inverter's rows", len(kept), len(rows), params["max_dropped"])
    log = fine_tune(inputs["base"], kept, config, params["seed"], out, progress)
    return {**log, "too_long": len(examples) - len(kept)}


def inversions(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """The traces that an inverter writes for the target's disclosures."""
    from traceinv.engines.local import TransformersEngine

    shown = read_jsonl(rows_file(inputs["disclosures"]), Disclosure)
    engine = TransformersEngine.load(inputs["model"])
    sampling = Sampling.model_validate(params["sampling"])
    rows = invert(engine, shown, params["with_summary"], sampling, progress, params["taught"])
    write_jsonl(out / "inversions.jsonl", rows)
    return {"inversions": len(rows), "finished": sum(row.finish_reason == "stop" for row in rows)}


def lesson(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """What one regime can teach: its rows, those over the length limit left out and counted."""
    regime = REGIMES[params["regime"]]
    examples = regime.teach(read_jsonl(rows_file(inputs["source"]), regime.reads), params["seed"])
    kept = _within(examples, inputs["base"], params["max_tokens"])
    write_jsonl(out / "examples.jsonl", kept)
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
    taught = {name: {e.id for e in read_jsonl(rows_file(path), Example)} for name, path in inputs.items()}
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
    examples = {e.id: e for e in read_jsonl(rows_file(inputs["lesson"]), Example)}
    ids = json.loads((inputs["rows"] / "ids.json").read_text())
    missing = [i for i in ids if i not in examples]
    if missing:
        raise GateError(f"equal rows: the lesson lacks {len(missing)} of {len(ids)} shared rows, {missing[0]} first")
    config = TrainingConfig.model_validate(params["training"])
    return fine_tune(inputs["base"], [examples[i] for i in ids], config, params["seed"], out, progress)


def scores(params: Params, inputs: Inputs, out: Path, progress: Progress) -> dict[str, Any]:
    """A model's answers to the benchmark, asked and graded as `traceinv bench` does: samples, and what each task was."""
    from harness.benchmarks.students import score_student

    return score_student(params, inputs["model"], inputs.get("data"), out, progress)


def _package(name: str) -> tuple[str, ...]:
    """A module, and those inside it where it is a package."""
    spec = find_spec(name)
    assert spec is not None
    inside = iter_modules(spec.submodule_search_locations or [])
    return (name, *(f"{name}.{module.name}" for module in inside))


_WRITING = ("traceinv.engines.base", "traceinv.engines.local", "traceinv.formatting", "traceinv.records")
_TRAINING = ("traceinv.training", "traceinv.formatting", "traceinv.records", "traceinv.lab.models")
_FAMILIES = _package("traceinv.lab.families")
_PROBLEMS = ("traceinv.lab.questions", *_FAMILIES)
_GRADING = ("harness.sandbox.errors", "harness.sandbox.limited", "harness.grading.base", "harness.grading.lab")
_ASKING = ("students", "answering", "settings", "loading", "data", "models", "backends", "backends_vllm", "scoring")
_MEASURING = (
    *(f"harness.faithfulness.{name}" for name in ("stages", "measure", "overlap", "rouge", "text", "words")),
    *(f"harness.faithfulness.{name}" for name in ("prose", "align", "lab", "calibration")),
    *_GRADING,
    *_FAMILIES,
    "traceinv.formatting",
    "traceinv.records",
)

STAGES: dict[str, StageKind] = {
    "lab_questions": StageKind(lab_questions, (*_PROBLEMS, "traceinv.records")),
    "lab_model": StageKind(lab_model, (*_TRAINING, *_PROBLEMS)),
    "transcripts": StageKind(transcripts, (*_WRITING, "traceinv.targets")),
    "disclosures": StageKind(disclosures, ("traceinv.disclosure", "traceinv.records")),
    "inverter": StageKind(inverter, (*_TRAINING, "traceinv.inversion")),
    "inversions": StageKind(inversions, (*_WRITING, "traceinv.inversion")),
    "lesson": StageKind(lesson, ("traceinv.regimes", "traceinv.formatting", "traceinv.records")),
    "shared_rows": StageKind(shared_rows, ("traceinv.records",)),
    "student": StageKind(student, _TRAINING),
    "scores": StageKind(
        scores,
        (
            *(f"harness.benchmarks.{name}" for name in _ASKING),
            "harness.responses",
            *_package("harness.grading"),
            *_package("harness.sandbox"),
            *_package("harness.sandbox.inside"),
            *_PROBLEMS,
            "traceinv.formatting",
        ),
    ),
    "faithfulness": StageKind(faithfulness, _MEASURING),
    "ceiling": StageKind(ceiling, _MEASURING),
    "calibration": StageKind(calibration, ("harness.results", *_package("harness.stats"), *_MEASURING)),
    "likelihood": StageKind(
        likelihood, (*_WRITING, "traceinv.inversion", "harness.faithfulness.likelihood", "harness.faithfulness.stages")
    ),
    "style": StageKind(
        style,
        (
            *("harness.faithfulness.style", "harness.faithfulness.stages", "harness.results"),
            *("harness.stats.intervals", "traceinv.records"),
        ),
    ),
}


@cache
def code_version(kind: str) -> str:
    """The code version of a stage as it was when this process first asked."""
    return read_code_version(kind)


def read_code_version(kind: str) -> str:
    """A hash of the source that decides what a stage computes, and of the versions of the packages under it."""
    total = hashlib.sha256()
    for module in (__name__, *STAGES[kind].modules):
        spec = find_spec(module)
        assert spec is not None
        assert spec.origin is not None
        total.update(Path(spec.origin).read_bytes())
    for package in PACKAGES:
        total.update(f"{package}=={package_version(package)}\n".encode())
    total.update(platform.python_version().encode())
    return total.hexdigest()[:16]


def package_version(package: str) -> str:
    """A package's version, or `absent`."""
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"
