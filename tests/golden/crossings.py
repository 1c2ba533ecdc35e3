"""What the stages that run a model hand to the libraries, and what they make of given replies: the same on every machine.

Weights and replies differ between processors, so a golden file cannot hold them. It holds digests of what crosses into the
library instead: token ids and masks in order, arguments, prompts and seeds. Nothing is trained and nothing is generated: the
library's replies are given ones (complete, unclosed, without markers, cut off), and the digests cover the rows made of them.

    python tests/golden/crossings.py        # write tests/golden/stages.json anew
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from harness.stages import stage_kinds
from harness.stages.shared_rows import IDS
from traceinv.digests import digest_json
from traceinv.engines.base import Completion
from traceinv.engines.openai import OpenAIEngine
from traceinv.lab.questions import as_question, draw
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.policies import disclose
from traceinv.policies.every_kth_step import EveryKthStep
from traceinv.progress import silent
from traceinv.reasoning import wrap_reply
from traceinv.records import Example, Observed, Transcript
from traceinv.rows import write_rows

GOLDEN = Path(__file__).with_name("stages.json")
TRAINING = {"epochs": 2, "learning_rate": 1e-3, "batch_size": 4, "max_tokens": 512}
SAMPLING = {"temperature": 0.7, "top_p": 0.9, "max_new_tokens": 16, "seed": 3}
GREEDY = {"temperature": 0.0, "max_new_tokens": 16, "stop": [" 4"]}
COMPRESSING = {
    "kind": "length_ratio",
    "model": SHIPPED_MODEL,
    "prompt": "Shorten to {words}: {trace}",
    "sampling": SAMPLING,
}
BENCHMARK = {"tasks": ["lab_chain", "lab_compose"], "limit": 3, "max_tokens": 16, "batch_size": 4}
REPLIES = ("<think>\na=1\nb=2\n</think>\n\n3 4", "<think>\na=1", "a=1", None)
"""Given replies; None is one that the token limit cuts off."""
LAB_MODEL = {"kind": "lab", "examples_per_family": 2, "steps": [2, 3], "training": TRAINING}
ENDPOINT = {
    "kind": "endpoint",
    "base_url": "http://localhost:1/v1",
    "model": "m",
    "concurrency": 1,
    "body": {"top_k": 0},
}
Crossings = list[Any]


def golden() -> dict[str, dict[str, Any]]:
    """Return version and digest of every kind of stage that runs a model."""
    with tempfile.TemporaryDirectory() as folder:
        inputs = _make_inputs(Path(folder))
        return {name: _entry(name, inputs, Path(folder)) for name in sorted(CASES)}


def crossings(name: str, folder: Path) -> Crossings:
    """Run every case of a stage on the tiny inputs and return what it handed to the libraries and wrote."""
    return _record_all(name, _make_inputs(folder), folder)


def _entry(name: str, inputs: Mapping[str, Path], folder: Path) -> dict[str, Any]:
    recorded = _record_all(name, inputs, folder)
    return {"version": stage_kinds()[name].version, "digest": digest_json(recorded)[:16]}


def _record_all(name: str, inputs: Mapping[str, Path], folder: Path) -> Crossings:
    cases = [case(inputs) for case in CASES[name]]
    return [_record(name, params, given, folder / f"out-{name}-{n}") for n, (params, given) in enumerate(cases)]


def _record(name: str, params: Mapping[str, Any], inputs: Mapping[str, Path], out: Path) -> Crossings:
    kind = stage_kinds()[name]
    out.mkdir()
    with recording() as recorded:
        kind.run(kind.params.model_validate(params), inputs, out, silent)
    if not recorded:
        raise AssertionError(f"{name} handed nothing to a library")
    written = {path.relative_to(out).as_posix(): path.read_text() for path in sorted(out.rglob("*.jsonl"))}
    return [*recorded, ["write", written]]


def _make_inputs(folder: Path) -> dict[str, Path]:
    """Write what earlier stages would have written, from the lab's true traces."""
    problems = draw("target", 2, (2, 3), seed=0)
    questions = [as_question(identifier, problem) for identifier, problem in problems.items()]
    transcripts = [
        Transcript(id=q.id, question=q, trace=p.trace, answer=p.answer, finish_reason="stop", tokens=9)
        for q, p in zip(questions, problems.values(), strict=True)
    ]
    disclosures = disclose(transcripts, EveryKthStep(k=2))
    examples = [
        Example(id=t.id, prompt=t.question.text, completion=wrap_reply(t.trace or "", t.answer or ""))
        for t in transcripts
    ]
    rows = {"questions": questions, "transcripts": transcripts, "disclosures": disclosures, "examples": examples}
    folders = {name: folder / name for name in (*rows, "rows", "items")}
    for path in folders.values():
        path.mkdir(parents=True)
    for name, records in rows.items():
        write_rows(folders[name] / f"{name}.jsonl", records)
    (folders["rows"] / IDS).write_text(json.dumps(sorted(t.id for t in transcripts)))
    return {**folders, "base": locate(SHIPPED_MODEL)}


Case = Callable[[Mapping[str, Path]], tuple[dict[str, Any], dict[str, Path]]]
CASES: dict[str, list[Case]] = {
    "reasoning_model": [
        lambda at: ({"model": LAB_MODEL, "role": "target"}, {"base": at["base"]}),
        lambda at: ({"model": LAB_MODEL, "role": "surrogate"}, {"base": at["base"]}),
    ],
    "transcripts": [
        lambda at: (
            {"engine": "transformers", "sampling": SAMPLING},
            {"model": at["base"], "questions": at["questions"]},
        ),
        lambda at: (
            {"engine": "transformers", "sampling": GREEDY},
            {"model": at["base"], "questions": at["questions"]},
        ),
    ],
    "endpoint": [
        lambda at: ({"model": ENDPOINT | {"traces": "known"}, "sampling": SAMPLING}, {"questions": at["questions"]}),
        lambda at: ({"model": ENDPOINT | {"traces": "hidden"}, "sampling": SAMPLING}, {"questions": at["questions"]}),
    ],
    "compressions": [
        lambda at: (
            {"engine": "transformers", "policy": COMPRESSING},
            {"model": at["base"], "transcripts": at["transcripts"]},
        ),
    ],
    "inverter": [
        lambda at: (
            {"with_summary": True, "training": TRAINING, "max_dropped": 0.5, "seed": 1},
            {"base": at["base"], "transcripts": at["transcripts"], "disclosures": at["disclosures"]},
        ),
        lambda at: (
            {"with_summary": False, "training": TRAINING, "max_dropped": 0.5, "seed": 1},
            {"base": at["base"], "transcripts": at["transcripts"], "disclosures": at["disclosures"]},
        ),
    ],
    "inversions": [
        lambda at: (
            {"engine": "transformers", "with_summary": True, "sampling": SAMPLING, "trained": True},
            {"model": at["base"], "disclosures": at["disclosures"]},
        ),
        lambda at: (
            {"engine": "transformers", "with_summary": False, "sampling": SAMPLING, "trained": False},
            {"model": at["base"], "disclosures": at["disclosures"]},
        ),
    ],
    "candidates": [
        lambda at: (
            {"engine": "transformers", "asked": "summary", "count": 2, "sampling": SAMPLING},
            {"model": at["base"], "disclosures": at["disclosures"]},
        ),
        lambda at: (
            {"engine": "transformers", "asked": "hint", "count": 1, "sampling": SAMPLING},
            {"model": at["base"], "disclosures": at["disclosures"]},
        ),
        lambda at: (
            {"engine": "transformers", "asked": "question", "count": 1, "sampling": SAMPLING},
            {"model": at["base"], "disclosures": at["disclosures"]},
        ),
    ],
    "student": [
        lambda at: (
            {"training": TRAINING, "seed": 2},
            {"base": at["base"], "examples": at["examples"], "rows": at["rows"]},
        ),
    ],
    "responses": [
        lambda at: ({"benchmark": BENCHMARK}, {"model": at["base"], "items": at["items"]}),
        lambda at: ({"benchmark": BENCHMARK | {"samples": 2, "seed": 4}}, {"model": at["base"], "items": at["items"]}),
    ],
    "likelihood": [
        lambda at: (
            {"shown": ["question", "answer", "summary"], "as_inverter": True, "questions": 4},
            {"model": at["base"], "disclosures": at["disclosures"], "transcripts": at["transcripts"]},
        ),
        lambda at: (
            {"shown": ["question"], "as_inverter": False, "questions": 2},
            {"model": at["base"], "disclosures": at["disclosures"], "transcripts": at["transcripts"]},
        ),
    ],
}
"""Parameters and inputs of each stage that runs a model: what the branches of its code depend on."""


@contextmanager
def recording() -> Iterator[Crossings]:
    """Replace training and generation, and record what they are given; forward passes run and are recorded."""
    import torch
    from transformers import AutoTokenizer, LlamaModel
    from transformers.generation.utils import GenerationMixin

    from traceinv import training

    recorded: Crossings = []
    tokenizer = AutoTokenizer.from_pretrained(locate(SHIPPED_MODEL))
    given = [tokenizer.encode(reply, add_special_tokens=False) if reply else None for reply in REPLIES]

    def replies(prompts: list[list[int]], limit: int) -> list[list[int]]:
        """Return a given reply for each prompt, chosen by the prompt's tokens; all are padded to the limit."""
        chosen = [given[sum(prompt) % len(given)] for prompt in prompts]
        whole = [given[0][1:2] * limit if reply is None else [*reply, tokenizer.eos_token_id] for reply in chosen]
        return [[*reply, *[tokenizer.pad_token_id] * (limit - len(reply))] for reply in whole]

    def run_sft(model: Any, tokenizer: Any, rows: Any, arguments: Any, *rest: Any) -> training.TrainingLog:
        recorded.append(["train", str(model.dtype), training.digest_rows(rows), dict(arguments)])
        return training.TrainingLog(steps=0, losses=[], resumed=0)

    def generate(self: Any, *positional: Any, **arguments: Any) -> Any:
        ids = positional[0] if positional else arguments["input_ids"]
        own = self.generation_config.to_diff_dict()
        settings = {key: own[key] for key in sorted(own) if key not in ("transformers_version", "_from_model_config")}
        recorded.append(["generate", torch.initial_seed(), settings, _plain(arguments), ids.tolist()])
        limit = arguments.get("max_new_tokens") or arguments["max_length"] - ids.shape[1]
        return torch.cat([ids, torch.tensor(replies(ids.tolist(), limit))], dim=1)

    def ask(self: Any, request: Any, arguments: Any) -> Any:
        recorded.append(["ask", self.model, request.prompt, dict(arguments)])
        return Completion("<think>\na=1\n</think>\n\n3", "stop", 9, Observed(mode="reasoning")), (1, 9)

    forward = LlamaModel.forward

    def recorded_forward(self: Any, *positional: Any, **arguments: Any) -> Any:
        recorded.append(["forward", _plain(positional), _plain(arguments)])
        return forward(self, *positional, **arguments)

    with (
        patch.object(training, "run_sft", run_sft),
        patch.object(GenerationMixin, "generate", generate),
        patch.object(OpenAIEngine, "_ask", ask),
        patch.object(LlamaModel, "forward", recorded_forward),
    ):
        yield recorded


def _plain(value: Any) -> Any:
    """Return a value as JSON; tensors as lists, objects of the libraries by their class."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(entry) for key, entry in sorted(value.items())}
    if isinstance(value, list | tuple):
        return [_plain(entry) for entry in value]
    return value if value is None or isinstance(value, str | int | float | bool) else type(value).__name__


def main() -> int:
    """Write the golden file anew."""
    GOLDEN.write_text(json.dumps(golden(), indent=1) + "\n")
    print(f"wrote {GOLDEN}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
