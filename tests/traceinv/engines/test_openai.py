"""The openai engine: the protocol, over a server of our own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from traceinv.engines.base import Request, Sampling, user_message
from traceinv.engines.openai import OpenAIEngine
from traceinv.errors import GateError, InputError

SAMPLED = Sampling(temperature=0.6, top_p=0.95, max_new_tokens=99, seed=1)


class Handler(BaseHTTPRequestHandler):
    requests: ClassVar[list[dict[str, Any]]] = []
    statuses: ClassVar[list[int]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).requests.append({"path": self.path, **body})
        status = self.statuses.pop(0) if self.statuses else 200
        if status != 200:
            return self.answer(status, {"error": {"message": "no such model"}})
        if self.path.endswith("/chat/completions"):
            cut = "cut" in body["messages"][0]["content"]
            message = {"role": "assistant", "content": None if cut else "5", "reasoning": "hm"}
            choice = {"index": 0, "message": message, "finish_reason": "length" if cut else "stop"}
        else:
            choice = {"index": 0, "text": " 5", "finish_reason": "stop"}
        return self.answer(200, {"id": "x", "object": "o", "created": 0, "model": "m", "choices": [choice],
                                 "usage": {"completion_tokens": 3, "prompt_tokens": 1, "total_tokens": 4}})  # fmt: skip

    def answer(self, status: int, content: dict[str, Any]) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Retry-After", "0")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(Handler, "requests", [])
    monkeypatch.setattr(Handler, "statuses", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def ask(engine: OpenAIEngine, *questions: str, sampling: Sampling = SAMPLED) -> dict[str, Any]:
    render = (lambda text: engine.render(user_message(text))) if engine.chat else str
    requests = [Request(f"q{number}", render(text), sampling) for number, text in enumerate(questions)]
    return {request.id: completion for replies in engine.generate(requests) for request, completion in replies}


def test_the_request_says_all_that_decides_the_reply(url: str) -> None:
    replies = ask(OpenAIEngine("m", url, concurrency=2, extra_body={"top_k": 0}), "one", "two")
    assert [(r.text, r.finish_reason, r.tokens) for r in replies.values()] == 2 * [
        ("<think>\nhm\n</think>\n\n5", "stop", 3)
    ]
    first, second = Handler.requests
    assert (first["temperature"], first["top_p"], first["max_tokens"], first["top_k"]) == (0.6, 0.95, 99, 0)
    assert first["seed"] != second["seed"]


def test_reasoning_that_was_cut_off_stays_open(url: str) -> None:
    replies = ask(OpenAIEngine("m", url), "cut")
    assert (replies["q0"].text, replies["q0"].finish_reason) == ("<think>\nhm", "length")


def test_greedy_is_asked_for_as_temperature_zero(url: str) -> None:
    greedy = Sampling(top_p=0.5, max_new_tokens=9, stop=("\n",))
    replies = ask(OpenAIEngine("m", url, chat=False), "q", sampling=greedy)
    assert replies["q0"].text == " 5"
    (request,) = Handler.requests
    assert (request["temperature"], request["top_p"], request["stop"]) == (0.0, 1.0, ["\n"])
    assert request["path"] == "/v1/completions"


def test_what_is_done_is_not_asked(url: str) -> None:
    engine = OpenAIEngine("m", url)
    requests = [Request(f"q{number}", engine.render(user_message("q")), SAMPLED) for number in range(3)]
    replies = list(engine.generate(requests, lambda request: request.id != "q1"))
    assert [request.id for batch in replies for request, _ in batch] == ["q1"]
    assert len(Handler.requests) == 1


def test_more_stops_than_the_protocol_takes_are_refused_and_not_dropped(url: str) -> None:
    with pytest.raises(GateError, match="q0: 5 stop texts; a server takes at most 4"):
        ask(OpenAIEngine("m", url), "q", sampling=Sampling(max_new_tokens=9, stop=tuple("abcde")))


def test_what_is_refused_is_raised_after_all_other_replies(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "statuses", [200, 400, 200])
    engine = OpenAIEngine("m", url, concurrency=1)
    requests = [Request(f"q{number}", engine.render(user_message("q")), SAMPLED) for number in range(50)]
    arrived: list[str] = []

    def answer_all() -> None:
        for replies in engine.generate(requests):
            arrived.extend(request.id for request, _ in replies)

    with pytest.raises(GateError, match=r"1 of 50 requests have no answer: q\d+: HTTP 400: no such model"):
        answer_all()
    assert len(arrived) == len(Handler.requests) - 1 == 49


def test_a_busy_server_is_asked_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "statuses", [429])
    assert ask(OpenAIEngine("m", url), "q")["q0"].finish_reason == "stop"
    assert len(Handler.requests) == 2


def test_a_reply_cannot_be_begun_for_a_chat_server(url: str) -> None:
    with pytest.raises(InputError, match="begins the model's reply itself"):
        OpenAIEngine("m", url).render([], add_generation_prompt=False)


def test_a_chat_server_applies_its_own_template(url: str) -> None:
    assert OpenAIEngine("m", url).chat_template == ""
    assert OpenAIEngine("m", url, chat=False).chat_template is None
