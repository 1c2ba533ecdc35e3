"""A chat server on this machine that misbehaves as it is told, one behaviour a request."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Content = dict[str, Any] | bytes
Behaviour = Callable[["Handler"], None]


@dataclass
class Script:
    """What the server does and saw.

    Attributes:
        behaviours: for the first requests; later ones are answered.
        seen: the bodies of all requests.
        hang: seconds that a hanging request takes.
    """

    behaviours: list[Behaviour] = field(default_factory=list)
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    reply: Callable[[dict[str, Any]], Content] = lambda body: reply()
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    """Answers by the script of its server."""

    def do_POST(self) -> None:
        script: Script = self.server.script  # type: ignore[attr-defined]
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        script.seen.append(body)
        script.headers.append({name.lower(): value for name, value in self.headers.items()})
        if script.behaviours:
            script.behaviours.pop(0)(self)
        else:
            self.answer(200, script.reply(body))

    def answer(self, status: int, content: Content, **headers: str) -> None:
        """Send a response."""
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: Any) -> None:
        """Write nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that have hung up."""


@contextmanager
def serving() -> Iterator[Script]:
    """Run a server; its script may be changed while it runs."""
    script = Script()
    server = _Server(("127.0.0.1", 0), Handler)
    server.script = script  # type: ignore[attr-defined]
    script.url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()


def reply(content: str | None = "5", finish: str = "stop", tokens: int = 3, model: str = "m-1", **more: Any) -> Content:
    """Return a chat completion; `more` are further fields of its message."""
    message = {"role": "assistant", "content": content, **more}
    usage = {"completion_tokens": tokens, "prompt_tokens": 1, "total_tokens": tokens + 1}
    choices = [{"index": 0, "message": message, "finish_reason": finish}]
    return {"id": "x", "object": "chat.completion", "created": 0, "model": model, "choices": choices, "usage": usage}


def status(code: int, message: str = "busy", **headers: str) -> Behaviour:
    """Refuse with a status."""
    return lambda handler: handler.answer(code, {"error": {"message": message}}, **headers)


def raw(data: bytes) -> Behaviour:
    """Answer with bytes that need not be JSON."""
    return lambda handler: handler.answer(200, data)


def endless(code: int = 200, **headers: str) -> Behaviour:
    """Answer without an end, in parts of 1 MiB, until the client hangs up."""

    def behave(handler: Handler) -> None:
        handler.close_connection = True
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        with suppress(OSError):
            while True:
                handler.wfile.write(b" " * 2**20)

    return behave


def packed(data: bytes) -> Behaviour:
    """Answer with bytes packed by gzip, which nobody asked for."""
    return lambda handler: handler.answer(200, gzip.compress(data), Content_Encoding="gzip")


def reset(handler: Handler) -> None:
    """Hang up in the middle of an answer."""
    handler.send_response(200)
    handler.send_header("Content-Length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"id": ')
    handler.wfile.flush()
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    handler.connection.close()


def hang(handler: Handler) -> None:
    """Answer nothing for longer than the client waits."""
    time.sleep(3)
    handler.close_connection = True
