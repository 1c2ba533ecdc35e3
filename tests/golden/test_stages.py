"""A stage that computes something else must say so: its version and what it hands to the libraries change together."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from crossings import CASES, GOLDEN, crossings, golden

from harness.stages import stage_kinds
from traceinv import inversion, training
from traceinv.digests import digest_json
from traceinv.engines import transformers as engine
from traceinv.formatting import EncodedExample
from traceinv.targets import local


def test_every_stage_that_runs_a_model_is_held() -> None:
    versioned = {name for name, kind in stage_kinds().items() if kind.version is not None}
    assert set(CASES) == versioned == set(json.loads(GOLDEN.read_text()))


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_stage_computes_what_its_version_says(name: str, tmp_path: Path) -> None:
    expected = json.loads(GOLDEN.read_text())[name]
    version = stage_kinds()[name].version
    if version != expected["version"]:
        pytest.fail(f"the version of {name} is {version}, the golden file has {expected['version']}: run `make golden`")
    assert digest_json(crossings(name, tmp_path))[:16] == expected["digest"], (
        f"{name} computes something else: raise `version` of the stage {name} and run `make golden`, or undo"
    )


def _returns(change: Callable[[Any], Any], original: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *args, **kwargs: change(original(*args, **kwargs))


def _shift_mask(row: EncodedExample) -> EncodedExample:
    return EncodedExample(row.input_ids, [*row.completion_mask[1:], 1])


def _without_mask_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "check_rendering", lambda *args, **kwargs: None)


MUTATIONS: dict[str, tuple[str, Any, str, Callable[[Any], Any]]] = {
    "a word in the inverter's prompt": (
        "inverter",
        inversion,
        "inverter_prompt",
        lambda text: text.replace("Answer", "Reply"),
    ),
    "a newline in the wrapper": (
        "inverter",
        inversion,
        "wrap_reply",
        lambda text: text.replace("</think>\n\n", "</think>\n"),
    ),
    "the loss mask one token off": ("student", training, "encode_example", _shift_mask),
    "the scheduler": ("student", training, "sft_arguments", lambda a: a | {"lr_scheduler_type": "linear"}),
    "the warm-up": ("student", training, "sft_arguments", lambda a: a | {"warmup_steps": 0.0}),
    "the learning rate": ("student", training, "sft_arguments", lambda a: a | {"learning_rate": 2e-3}),
    "the sampling temperature": ("transcripts", engine, "_sampling_arguments", lambda a: a | {"temperature": 0.6}),
    "the order of rows": ("inversions", engine, "make_batches", lambda batches: [batch[::-1] for batch in batches]),
    "the seed": ("transcripts", engine, "batch_seed", lambda seed: seed + 1),
    "a stop id lost": ("inversions", engine, "stop_token_ids", lambda ids: ids[:-1]),
    "how a reply is split": (
        "transcripts",
        local,
        "split_reply",
        lambda parts: (parts[0] and parts[0] + " ", parts[1]),
    ),
    "the trace of a reply without markers": ("inversions", inversion, "strip_markers", str.upper),
    "where a reply is cut at a stop text": ("transcripts", engine, "cut_at_stop", lambda text: text and text[:-1]),
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_change_of_what_a_stage_computes_is_noticed(
    mutation: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage, module, function, change = MUTATIONS[mutation]
    monkeypatch.setattr(module, function, _returns(change, getattr(module, function)))
    _without_mask_check(monkeypatch)
    assert digest_json(crossings(stage, tmp_path))[:16] != json.loads(GOLDEN.read_text())[stage]["digest"]


@pytest.mark.slow
def test_the_golden_file_is_what_make_golden_writes() -> None:
    assert golden() == json.loads(GOLDEN.read_text())
