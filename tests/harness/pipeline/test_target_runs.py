"""Runs from questions to record with a target of local weights, and with one behind a server that hides its reasoning."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Script, reply, serving
from small_recipe import SMALL_TRAINING, run_to_record

from harness.results.schema import ResultRecord
from traceinv.engines import Sampling, load_engine
from traceinv.engines.base import Request, user_message
from traceinv.models import SHIPPED_MODEL, locate
from traceinv.reasoning import split_reply
from traceinv.targets.lab import LabModel
from traceinv.training import fine_tune

PERMISSION = {"ground": "open_weights", "licence": "Apache-2.0"}
KEY, KEY_VARIABLE = "sk-endpoint-0123456789", "TARGET_RUNS_KEY"
SAMPLING = Sampling(max_new_tokens=160)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train a small model of the lab, which stands for anybody's weights."""
    model = LabModel.model_validate({"examples_per_family": 30, "steps": [2, 4], "training": SMALL_TRAINING})
    folder = tmp_path_factory.mktemp("weights") / "model"
    fine_tune(locate(SHIPPED_MODEL), model.training_examples("target"), model.training, 0, folder)
    return folder


def finished(folder: Path, changes: dict[str, Any]) -> ResultRecord:
    """Run the small recipe with changes, and return its record."""
    record, printed = run_to_record(folder, changes)
    assert KEY not in printed
    return record


def test_local_weights_run_to_a_record(weights: Path, tmp_path: Path) -> None:
    local = {"kind": "local", "model": str(weights)}
    changes = {
        "targets": {"open": local | {"permission": PERMISSION}},
        "surrogates": {"open": local},
        "regimes": ["base", "answer_only", "surrogate_trace", "oracle"],
    }
    record = finished(tmp_path, changes)
    assert [row.name for row in record.rows] == [*changes["regimes"], "target", "surrogate"]
    (target,) = record.targets
    assert (target.kind, target.ground, target.traces_known) == ("local", "open_weights", True)
    assert not [stage for stage in record.provenance.stages if stage.kind == "reasoning_model"], "nothing trains them"


@pytest.fixture
def hosted(weights: Path) -> Iterator[Script]:
    """Serve the model as a provider does that shows answers and counts reasoning."""
    engine, one_at_a_time = load_engine("transformers", weights), threading.Lock()

    def answered(body: dict[str, Any]) -> Any:
        with one_at_a_time:
            request = Request("q", engine.render(user_message(body["messages"][-1]["content"])), SAMPLING)
            ((_, completion),) = next(iter(engine.generate([request])))
        trace, answer = split_reply(completion.text)
        content = dict(reply(answer or "", tokens=completion.tokens or 0))  # type: ignore[call-overload]
        content["usage"]["completion_tokens_details"] = {"reasoning_tokens": len((trace or "").split())}
        return content

    with serving() as script:
        script.reply = answered
        yield script


def test_a_model_behind_a_server_runs_to_a_record_without_its_traces(
    hosted: Script, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    endpoint = {"kind": "endpoint", "base_url": hosted.url, "model": "m", "key_variable": KEY_VARIABLE, "retries": 1}
    changes = {
        "targets": {"api": endpoint | {"permission": {"ground": "own_model"}, "budget": {"queries": 60}}},
        "surrogates": {"open": {"kind": "local", "model": str(weights)}},
        "policies": {"silent": {"kind": "answer_only"}},
        "regimes": ["base", "answer_only", "surrogate_trace", "inverted_without_summary", "oracle"],
    }
    record = finished(tmp_path, changes)
    left_out = {regime for ledger in record.ledger for regime in ledger.left_out}
    taught = [row.name for row in record.rows if row.kind == "regime"]
    assert taught == [name for name in changes["regimes"] if name != "oracle" and name not in left_out]
    (target,) = record.targets
    assert (target.kind, target.traces_known) == ("endpoint", False)
    assert "the regimes oracle, since its traces are hidden" in " ".join(target.left_out)
    assert (record.faithfulness, record.likelihood) == ([], [])
    assert hosted.headers[0]["authorization"] == f"Bearer {KEY}"
    assert 0 < len(hosted.seen) <= 60
    assert KEY not in json.dumps(record.model_dump(mode="json"))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]
