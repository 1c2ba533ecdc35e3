"""Write models in the form of Every Eval Ever, schema 0.3.0: an aggregate JSON and its instances in JSONL.

The files stand where its datastore has them, `data/COLLECTION/DEVELOPER/MODEL/UUID.json` and `UUID_samples.jsonl`, so that a
folder can be copied into a checkout of it. The same figures get the same names and bytes, but for the time of the export.

Schema: `every_eval_ever/schemas` of the package `every_eval_ever` 0.3.0 (arXiv 2606.14516).
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from harness.benchmarks.catalog import discover
from harness.export.models import ExportedModel, ItemResponse, TaskScore, as_text, slug
from harness.files import write_atomic
from traceinv.digests import digest_json

SCHEMA_VERSION = "0.3.0"
METRIC = "accuracy"
EXTRACTION = "traceinv"
CONFIDENCE = 0.95
RELATIONSHIPS = ("first_party", "third_party", "collaborative", "other")


@dataclass(frozen=True)
class Evaluator:
    """Who evaluated.

    Attributes:
        relationship: to the developer of the model, one of `RELATIONSHIPS`.
        retrieved: when the export is made, in seconds since 1970.
    """

    organization: str
    relationship: str
    retrieved: int


@dataclass(frozen=True)
class Question:
    """What an item asks, and its right answer; None where the task has none as text."""

    text: str
    reference: str | None


Questions = Mapping[tuple[str, str], Question]
"""By task and id."""


def write_model(model: ExportedModel, evaluator: Evaluator, questions: Questions, out: Path) -> Path:
    """Write the two files of a model below `out`, and return the path of the aggregate."""
    evaluation = evaluation_id(model)
    lines = [json.dumps(row, ensure_ascii=False) for row in instances(model, evaluation, questions)]
    text = "".join(f"{line}\n" for line in lines)
    name = _uuid4(digest_json([evaluation, hashlib.sha256(text.encode()).hexdigest()]))
    developer, _, model_name = model.id.partition("/")
    folder = Path("data") / slug(model.collection) / developer / model_name
    samples = folder / f"{name}_samples.jsonl"
    content = aggregate(model, evaluation, evaluator) | {
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": samples.as_posix(),
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(text.encode()).hexdigest(),
            "total_rows": len(lines),
        }
    }
    (out / folder).mkdir(parents=True, exist_ok=True)
    write_atomic(out / samples, text)
    path = out / folder / f"{name}.json"
    write_atomic(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
    return path


def evaluation_id(model: ExportedModel) -> str:
    """Return the name of the evaluation: it depends on the run, not on the export."""
    return f"{slug(model.collection)}/{model.id.replace('/', '_')}/{_epoch(model)}"


def aggregate(model: ExportedModel, evaluation: str, evaluator: Evaluator) -> dict[str, Any]:
    """Return the content of the aggregate JSON, without the reference to its instances."""
    provenance = model.provenance
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation,
        "evaluation_timestamp": str(_epoch(model)),
        "retrieved_timestamp": str(evaluator.retrieved),
        "source_metadata": {
            "source_name": "traceinv",
            "source_type": "evaluation_run",
            "source_organization_name": evaluator.organization,
            "evaluator_relationship": evaluator.relationship,
        },
        "eval_library": {
            "name": "traceinv",
            "version": provenance.packages.get("traceinv", "unknown"),
            "additional_details": _texts({"commit": provenance.commit, "command": provenance.command}),
        },
        "model_info": {
            "name": model.name,
            "id": model.id,
            "developer": model.id.partition("/")[0],
            "additional_details": {
                **_texts(model.details),
                "deployment_type": "unknown",
                "model_availability": "unknown",
            },
        },
        "evaluation_results": [_result(score) for score in model.scores if score.accuracy is not None],
    }


def instances(model: ExportedModel, evaluation: str, questions: Questions) -> list[dict[str, Any]]:
    """Return the rows of the instances' JSONL."""
    return [_instance(model.id, evaluation, row, questions.get((row.task, row.id))) for row in model.responses]


def _instance(model: str, evaluation: str, row: ItemResponse, question: Question | None) -> dict[str, Any]:
    metadata = {
        "sample": row.sample,
        "state": row.state,
        "explanation": row.explanation,
        "finish_reason": row.finish_reason,
        "seed": row.seed,
    }
    asked = _input(question)
    return {
        "schema_version": SCHEMA_VERSION,
        "evaluation_id": evaluation,
        "model_id": model,
        "evaluation_name": row.task,
        "evaluation_result_id": _result_id(row.task),
        "sample_id": row.id,
        "sample_hash": digest_json(asked) if question else None,
        "interaction_type": "single_turn",
        "input": asked,
        "output": {"raw": [] if row.text is None else [row.text]},
        "answer_attribution": _attribution(row.extracted),
        "evaluation": {"score": row.score or 0.0, "is_correct": row.state == "correct"},
        "error": f"ungradable: {row.explanation or 'the item cannot be graded'}" if row.score is None else None,
        "metadata": _texts({key: value for key, value in metadata.items() if value is not None}),
    }


def _input(question: Question | None) -> dict[str, Any]:
    if question is None:
        return {"raw": "", "reference": []}
    return {"raw": question.text, "reference": [] if question.reference is None else [question.reference]}


def _attribution(extracted: str | None) -> list[dict[str, Any]]:
    if extracted is None:
        return []
    return [
        {
            "turn_idx": 0,
            "source": "output.raw",
            "extracted_value": extracted,
            "extraction_method": EXTRACTION,
            "is_terminal": True,
        }
    ]


def _result(score: TaskScore) -> dict[str, Any]:
    """Return a task's entry of `evaluation_results`; the score must have an accuracy."""
    accuracy = score.accuracy
    if accuracy is None:
        raise ValueError(f"{score.task} has no accuracy")
    return {
        "evaluation_result_id": _result_id(score.task),
        "evaluation_name": score.task,
        "source_data": _source(score.task),
        "metric_config": {
            "metric_id": METRIC,
            "metric_name": METRIC,
            "metric_kind": METRIC,
            "metric_unit": "proportion",
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
            "additional_details": {"task_version": score.version},
        },
        "score_details": {
            "score": accuracy.mean,
            "uncertainty": {
                "confidence_interval": {
                    "lower": accuracy.low,
                    "upper": accuracy.high,
                    "confidence_level": CONFIDENCE,
                    "method": "over items and training seeds, docs/statistics.md of traceinv",
                },
                "num_samples": score.items,
            },
            "details": _texts(score.details),
        },
        "generation_config": {
            "generation_args": _generation(score.sampling),
            "additional_details": _texts(score.sampling),
        },
    }


def _generation(sampling: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sampling under the schema's names; what it has no name for is in the additional details."""
    limit = sampling.get("max_gen_toks", sampling.get("max_tokens"))
    greedy = sampling.get("do_sample") is False
    arguments = {
        "temperature": 0.0 if greedy else sampling.get("temperature"),
        "top_p": sampling.get("top_p"),
        "top_k": sampling.get("top_k"),
        "max_tokens": limit if isinstance(limit, int) and limit > 0 else None,
    }
    return {name: value for name, value in arguments.items() if isinstance(value, int | float)}


def _source(task: str) -> dict[str, Any]:
    """Return where a task's data is from: the hub's repository, or else only its name."""
    found = next((benchmark for benchmark in discover() if benchmark.name == task), None)
    data: Any = found.metadata.get("data") if found else None
    if not isinstance(data, Mapping) or not data.get("hub"):
        return {"dataset_name": task, "source_type": "other"}
    return {
        "dataset_name": task,
        "source_type": "hf_dataset",
        "hf_repo": str(data["hub"]),
        "hf_split": str(data.get("split", "test")),
        "additional_details": _texts({"revision": data.get("revision", "unknown")}),
    }


def _result_id(task: str) -> str:
    return f"{task}.{METRIC}"


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    """Return values as texts, which is all that the schema's details may hold."""
    return {name: as_text(value) for name, value in values.items() if value is not None}


def _epoch(model: ExportedModel) -> int:
    """Return when the run was made, in seconds since 1970."""
    created = datetime.fromisoformat(model.provenance.created)
    return int((created if created.tzinfo else created.replace(tzinfo=UTC)).timestamp())


def _uuid4(digest: str) -> str:
    """Return a UUID of version 4 whose bits are a digest's."""
    return str(UUID(bytes=bytes.fromhex(digest[:32]), version=4))


def questions_of(items: Sequence[tuple[str, Mapping[str, Any], str]]) -> Questions:
    """Collect the questions of (task, item, text) triples."""
    return {
        (task, str(item["id"])): Question(
            text, reference if isinstance(reference := item.get("reference"), str) else None
        )
        for task, item, text in items
    }
