"""The mock engine and the loader of engines."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from traceinv.engines import Completion, Request, Sampling, load_engine
from traceinv.engines.base import user_message
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.errors import InputError

SAMPLING = Sampling(max_new_tokens=10)


def requests(count: int, sampling: Sampling = SAMPLING) -> list[Request]:
    return [Request(f"q{number}", f"prompt {number}", sampling) for number in range(count)]


def texts(engine: MockEngine, asked: list[Request]) -> list[str]:
    return [completion.text for replies in engine.generate(asked) for _, completion in replies]


def test_replies_come_from_a_function_or_a_mapping() -> None:
    assert texts(MockEngine(lambda request: f"{request.id}!"), requests(2)) == ["q0!", "q1!"]
    assert texts(MockEngine({"q1": "one", "*": "other"}), requests(2)) == ["other", "one"]


def test_batches_depend_on_all_requests_and_what_is_done_is_not_answered_again() -> None:
    engine = MockEngine({"*": "x"}, batch_size=2)
    batches = [
        [request.id for request, _ in r] for r in engine.generate(requests(6), lambda r: r.id in ("q1", "q2", "q3"))
    ]
    assert batches == [["q0"], ["q4", "q5"]]


def test_a_reply_ends_at_the_limit_or_at_a_stop_text() -> None:
    engine = MockEngine({"*": "a b c d"})
    [[(_, full)]] = engine.generate(requests(1))
    [[(_, cut)]] = engine.generate(requests(1, Sampling(max_new_tokens=3)))
    [[(_, stopped)]] = engine.generate(requests(1, Sampling(max_new_tokens=9, stop=(" c",))))
    assert full == Completion("a b c d", "stop", 5)
    assert (cut.finish_reason, cut.tokens, cut.text.split()) == ("length", 3, ["a", "b", "c"])
    assert stopped == Completion("a b", "stop", 3)


def test_it_fails_when_it_is_told_to() -> None:
    engine = MockEngine({"*": "x"}, batch_size=2, fail_after=4)
    batches = engine.generate(requests(6))
    assert [request.id for _ in range(2) for request, _ in next(batches)] == ["q0", "q1", "q2", "q3"]
    with pytest.raises(MockFailure):
        next(batches)


def test_a_prompt_that_does_not_fit_is_refused() -> None:
    with pytest.raises(
        InputError, match=r"q0: the prompt has 2 tokens; with max_new_tokens=10 .* context of 11 tokens"
    ):
        next(MockEngine({"*": "x"}, context=11).generate(requests(1)))


def test_a_conversation_is_rendered() -> None:
    assert MockEngine({}).render(user_message("Hi")) == "<|user|>Hi<|assistant|>"


def test_the_loader_reads_replies_from_a_file_or_a_folder(tmp_path: Path) -> None:
    (tmp_path / "replies.json").write_text(json.dumps({"*": "x"}))
    for path in (tmp_path, tmp_path / "replies.json"):
        engine = load_engine("mock", path, batch_size=1)
        assert [len(replies) for replies in engine.generate(requests(2))] == [1, 1]


def test_the_loader_names_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown engine 'vlm' \(did you mean 'vllm'\?\)"):
        load_engine("vlm", tmp_path)
    with pytest.raises(InputError, match=r"engine mock: unknown option 'batchsize' \(did you mean 'batch_size'\?\)"):
        load_engine("mock", tmp_path, batchsize=1)
    with pytest.raises(InputError, match=f"{tmp_path}: cannot be loaded: .*No such file"):
        load_engine("mock", tmp_path)
    with pytest.raises(InputError, match="/no/model: cannot be loaded: no such file or folder"):
        load_engine("transformers", "/no/model")


def test_the_mock_engine_needs_no_torch() -> None:
    code = "import sys, traceinv.engines.mock, traceinv.engines.collect; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
