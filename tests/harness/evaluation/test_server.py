"""`traceinv bench --engine openai`, over a server of our own."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from harness.cli import main


class Handler(BaseHTTPRequestHandler):
    requests: ClassVar[list[dict[str, Any]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        type(self).requests.append({"path": self.path, **body})
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


def test_a_bench_over_a_server_counts_what_was_cut_off(url: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = ["bench", "--model", "m", "--engine", "openai", "--base-url", url, "--tasks", "lab_chain,lab_dials"]
    assert main([*command, "--limit", "4", "--out", str(out)]) == 0
    record = json.loads((out / "bench.json").read_text())
    figures = {task["name"]: task["figures"] for task in record["tasks"]}
    assert {task["template"] for task in record["tasks"]} == {"server's own"}
    assert (figures["lab_chain"]["finished"], figures["lab_chain"]["unfinished"]) == (1.0, 0.0)
    assert (figures["lab_dials"]["finished"], figures["lab_dials"]["unfinished"]) == (0.0, 1.0)
    asked = len(Handler.requests)
    assert main([*command, "--limit", "4", "--out", str(out)]) == 0
    assert len(Handler.requests) == asked == 8


def test_variables_of_the_chat_template_are_sent_with_each_request(url: str, tmp_path: Path) -> None:
    command = ["bench", "--model", "m", "--engine", "openai", "--base-url", url, "--tasks", "lab_chain", "--limit", "1"]
    assert main([*command, "--template-arg", "enable_thinking=false", "--out", str(tmp_path / "out")]) == 0
    assert Handler.requests[0]["chat_template_kwargs"] == {"enable_thinking": False}
