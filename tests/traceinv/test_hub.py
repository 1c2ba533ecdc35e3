"""A hub that does not answer is given up on quickly, and the hub's libraries then read their cache alone."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from types import ModuleType
from typing import Any

import pytest

from traceinv import hub


@pytest.fixture(autouse=True)
def _fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(hub.OFFLINE_VARIABLE, "")
    monkeypatch.delenv(hub.OFFLINE_VARIABLE)
    for proxy in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(proxy, raising=False)
        monkeypatch.delenv(proxy.upper(), raising=False)
    monkeypatch.setitem(sys.modules, "huggingface_hub.constants", ModuleType("constants"))
    hub._answers.cache_clear()
    yield
    hub._answers.cache_clear()


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a server that refuses what it is asked, as the hub may."""

    class Refuse(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_error(403)

        def log_message(self, *_: Any) -> None:
            pass

    running = HTTPServer(("127.0.0.1", 0), Refuse)
    Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_hub_that_answers_whatever_it_says_is_online(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", server)
    assert not hub.is_offline()
    assert hub.OFFLINE_VARIABLE not in os.environ


def test_a_hub_that_does_not_answer_is_given_up_on_and_the_libraries_are_told(
    silent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", silent)
    monkeypatch.setattr(hub, "SECONDS", 0.2)
    assert hub.is_offline()
    assert os.environ[hub.OFFLINE_VARIABLE] == "1"
    assert sys.modules["huggingface_hub.constants"].HF_HUB_OFFLINE is True


def test_a_name_that_takes_long_to_look_up_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "SECONDS", 0.2)
    monkeypatch.setattr(hub, "_ask", lambda _: time.sleep(30))
    start = time.monotonic()
    assert hub.is_offline()
    assert time.monotonic() - start < 20


@pytest.mark.parametrize(("value", "offline"), [("1", True), ("true", True), ("0", False)])
def test_the_user_decides_without_a_question(value: str, offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(hub.OFFLINE_VARIABLE, value)
    monkeypatch.setattr(hub, "_ask", lambda _: pytest.fail("the hub was asked"))
    assert hub.is_offline() is offline


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["tasks", "check", "gsm8k"],
        ["tasks", "check", "livecodebench"],
        ["bench", "--model", "nope/nope", "--tasks", "lab_chain", "--out", "o"],
        ["faithfulness", "pairs.jsonl", "--tokenizer", "nope"],
    ],
    ids=lambda arguments: " ".join(arguments[:3]),
)
def test_without_a_hub_what_is_missing_is_one_line_and_nothing_is_tried_again(
    arguments: list[str], tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pairs.jsonl").write_text('{"question": "q", "answer": "1", "truth": "a b", "inverted": "a c"}\n')
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    command = [sys.executable, "-c", "import sys; from harness.cli import main; sys.exit(main())", *arguments]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr.startswith("traceinv: ")
    assert done.stderr.count("\n") == 1
    assert "Retrying" not in done.stderr
