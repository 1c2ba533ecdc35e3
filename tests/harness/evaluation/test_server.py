"""A model behind an OpenAI-compatible server: the protocol, over a server of our own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness.cli import main
from harness.evaluation.requests import Ask
from harness.evaluation.server import Server
from traceinv.errors import GateError, InputError


class Handler(BaseHTTPRequestHandler):
    requests: ClassVar[list[dict[str, Any]]] = []
    failing = False

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).requests.append({"path": self.path, **body})
        if self.failing:
            return self.answer(400, {"error": {"message": "no such model"}})
        if self.path.endswith("/chat/completions"):
            cut = "dial" in body["messages"][0]["content"]
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
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def url(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setattr(Handler, "requests", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    server.server_close()


def ask(number: int, **arguments: Any) -> Ask:
    given = {"until": [], "do_sample": True, "temperature": 0.6, "top_p": 0.95, "max_gen_toks": 99, **arguments}
    return Ask("t", f"t/{number}", 0, json.dumps([{"role": "user", "content": "q"}]), given)


def test_the_request_says_all_that_decides_the_sample(url: str) -> None:
    server = Server("m", url, chat=True, concurrency=2, seed=1)
    replies = [reply for batch in server.ask([ask(0), ask(1)], lambda _: False) for _, reply in batch]
    assert [(reply.text, reply.finish_reason, reply.tokens) for reply in replies] == 2 * [
        ("<think>\nhm\n</think>\n\n5", "stop", 3)
    ]
    first, second = Handler.requests
    assert (first["temperature"], first["top_p"], first["max_tokens"]) == (0.6, 0.95, 99)
    assert first["seed"] != second["seed"]


def test_greedy_is_asked_for_as_temperature_zero(url: str) -> None:
    server = Server("m", url, chat=False, concurrency=1, seed=1)
    [[(_, reply)]] = server.ask([ask(0, do_sample=False, until=["\n"])], lambda _: False)
    assert reply.text == " 5"
    assert (Handler.requests[0]["temperature"], Handler.requests[0]["stop"]) == (0.0, ["\n"])
    assert Handler.requests[0]["path"] == "/v1/completions"


def test_more_stops_than_the_protocol_takes_are_refused_and_not_dropped(url: str) -> None:
    server = Server("m", url, chat=False, concurrency=1, seed=1)
    with pytest.raises(GateError, match="5 stop sequences"):
        list(server.ask([ask(0, until=list("abcde"))], lambda _: False))


def test_a_refusal_ends_the_run_and_is_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Handler, "failing", True)
    with pytest.raises(GateError, match=r"t t/0: BadRequestError: .*no such model"):
        list(Server("m", url, chat=True, concurrency=1, seed=1).ask([ask(0)], lambda _: False))


def test_a_reply_cannot_be_begun_for_a_chat_server(url: str) -> None:
    with pytest.raises(InputError, match="begins the model's reply itself"):
        Server("m", url, chat=True, concurrency=1, seed=1).render([], add_generation_prompt=False)


def test_a_bench_over_a_server_counts_what_was_cut_off(url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["bench", "--model", "m", "--engine", "openai", "--base-url", url, "--tasks", "lab_chain,lab_dials"]
    assert main([*command, "--limit", "4", "--out", str(out)]) == 0
    record = json.loads((out / "bench.json").read_text())
    figures = {task["name"]: task["figures"] for task in record["tasks"]}
    assert record["chat_template"] == "server's own"
    assert (figures["lab_chain"]["finished"], figures["lab_chain"]["unfinished"]) == (1.0, 0.0)
    assert (figures["lab_dials"]["finished"], figures["lab_dials"]["unfinished"]) == (0.0, 1.0)
    asked = len(Handler.requests)
    assert main([*command, "--limit", "4", "--out", str(out)]) == 0
    assert len(Handler.requests) == asked == 8
