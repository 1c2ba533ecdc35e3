"""Faults of a server: each is met over a real connection, and nothing that arrived is lost or paid for twice."""

import json
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faulty_server import Script, endless, hang, packed, raw, reply, reset, serving, status

from traceinv.engines import bounded
from traceinv.engines.asking import NO_KEY, Pace, read_key, retry_after
from traceinv.engines.base import Request, Sampling, user_message
from traceinv.engines.budget import Budget, BudgetSpent, Ledger
from traceinv.engines.openai import FAILURES_IN_A_ROW, OpenAIEngine
from traceinv.errors import GateError, InputError
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile, read_rows
from traceinv.targets.asked import ask_endpoint
from traceinv.targets.endpoint import EndpointModel

SAMPLING = Sampling(max_new_tokens=10)
KEY = "sk-test-0123456789abcdef"


class Clock:
    """A clock that waiting moves on, and what was waited for."""

    def __init__(self) -> None:
        self.time, self.waits = 0.0, list[float]()

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.time += seconds

    def pace(self) -> Pace:
        return Pace(self.sleep, lambda: self.time)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Script]:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serving() as script:
        yield script


def engine(script: Script, clock: Clock | None = None, **options: Any) -> OpenAIEngine:
    pace = (clock or Clock()).pace()
    return OpenAIEngine("m", script.url, pace=pace, **({"concurrency": 1, "retries": 2, "timeout": 20.0} | options))


def ask(asked: OpenAIEngine, count: int = 1, arrived: list[str] | None = None) -> dict[str, str]:
    requests = [Request(f"q{n}", asked.render(user_message(f"{n}?")), SAMPLING) for n in range(count)]
    texts = {}
    for replies in asked.generate(requests):
        for request, completion in replies:
            texts[request.id] = completion.text
            if arrived is not None:
                arrived.append(request.id)
    return texts


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (reset, r"the connection failed|not JSON"),
        (status(429), "HTTP 429: busy"),
        (status(500, "oops"), "HTTP 500: oops"),
        (status(503), "HTTP 503: busy"),
        (raw(b'{"id": '), "the reply is not JSON"),
        (raw(b"[]"), "not the form of the protocol|no choice"),
        (raw(b'"text"'), "not the form of the protocol|no choice"),
        (raw(b"{}"), "not the form of the protocol|no choice"),
        (raw(json.dumps({"choices": []}).encode()), "the reply has no choice"),
        (raw(json.dumps({"choices": [{"finish_reason": "stop"}]}).encode()), "the reply has no message"),
        (
            raw(json.dumps({"choices": [{"finish_reason": "stop", "message": ["5"]}]}).encode()),
            "the reply has no message",
        ),
        (raw(json.dumps({"choices": ["5"]}).encode()), "the reply has no message"),
        (
            raw(json.dumps({"choices": [{"finish_reason": "stop", "message": {"role": "assistant"}}]}).encode()),
            "no content",
        ),
        (raw(json.dumps(reply(None, reasoning_details=5)).encode()), "the reply has no content"),
        (raw(json.dumps(reply(None)).encode()), "the reply has no content"),
        (raw(json.dumps(reply("")).encode()), "the reply has no content"),
        (raw(json.dumps(reply("5", reasoning={"a": 1})).encode()), "dict where text is expected"),
        (endless(), "the reply has more than 1 MB"),
        (endless(500), "the reply has more than 1 MB"),
        (packed(b" " * 2**20), "the reply is packed, which was not asked for"),
    ],
)
def test_a_fault_is_met_by_asking_again_and_listed_where_it_stays(
    server: Script, fault: Any, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounded, "MAX_REPLY_BYTES", 10**6)
    server.behaviours = [fault]
    assert ask(engine(server)) == {"q0": "5"}
    server.behaviours = [fault] * 3
    arrived: list[str] = []
    with pytest.raises(GateError, match=rf"1 of 3 requests have no answer: q0: .*({reason}).* \(3 times\)"):
        ask(engine(server), 3, arrived)
    assert arrived == ["q1", "q2"], "the others are answered all the same"


def test_a_hang_past_the_timeout_is_met_likewise(server: Script) -> None:
    server.behaviours = [hang]
    assert ask(engine(server, timeout=0.5)) == {"q0": "5"}
    server.behaviours = [hang, hang]
    with pytest.raises(GateError, match=r"q0: no answer within the timeout \(2 times\)"):
        ask(engine(server, timeout=0.3, retries=1))


def test_a_server_that_is_not_there_is_given_up_after_a_few_requests() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    nobody = OpenAIEngine("m", url, concurrency=1, retries=0, pace=Clock().pace())
    with pytest.raises(GateError, match=r"(\d+) of 40 requests .*: the connection failed \(ConnectError\)") as raised:
        ask(nobody, 40)
    message = str(raised.value)
    assert FAILURES_IN_A_ROW <= int(message.split(": ")[1].split(" of ")[0]) < 40
    assert len(message) < 2000


@pytest.mark.parametrize("code", [401, 403, 404])
def test_a_wrong_key_stops_the_run_at_the_first_refusal(server: Script, code: int) -> None:
    server.behaviours = [status(code, "invalid key")] * 50
    with pytest.raises(GateError, match=rf"HTTP {code}: invalid key"):
        ask(engine(server), 50)
    assert len(server.seen) <= 2


def test_waits_grow_where_the_server_names_none(server: Script) -> None:
    clock, server.behaviours = Clock(), [status(429)] * 3
    ask(engine(server, clock, retries=3))
    assert clock.waits == [1.0, 2.0, 4.0]


def test_retry_after_is_obeyed_however_long_up_to_an_hour(server: Script) -> None:
    clock, server.behaviours = Clock(), [status(429, Retry_After="600"), status(503, Retry_After="0")]
    ask(engine(server, clock))
    assert clock.waits == [600.0]
    server.behaviours = [status(429, Retry_After="86400")]
    with pytest.raises(GateError, match="q0: HTTP 429: busy, and the server asks to wait 86400 s"):
        ask(engine(server))
    assert len(server.seen) == 4


def test_retry_after_may_be_a_date() -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert retry_after("Thu, 01 Jan 2026 12:02:30 GMT", lambda: now) == 150
    assert retry_after("Thu, 01 Jan 2026 11:00:00 GMT", lambda: now) == 0
    assert retry_after("soon", lambda: now) is None
    assert retry_after(None) is None


# Budgets


def test_a_budget_of_queries_counts_repetitions_and_is_never_exceeded(server: Script) -> None:
    server.behaviours = [status(500), status(500)]
    arrived: list[str] = []
    with pytest.raises(GateError, match=r"the budget is spent: 5 queries, .* exceed its queries; .*answers that"):
        ask(engine(server, ledger=Ledger(Budget(queries=5)), concurrency=4), 20, arrived)
    assert len(server.seen) == 5
    assert len(arrived) == 3


def test_a_budget_of_tokens_waits_for_what_is_under_way(server: Script) -> None:
    ledger = Ledger(Budget(tokens=600))  # a request may need some 240, and needs 4
    assert len(ask(engine(server, ledger=ledger, concurrency=8), 20)) == 20
    assert (ledger.queries, ledger.tokens) == (20, 80)
    with pytest.raises(GateError, match="exceed its tokens"):
        ask(engine(server, ledger=Ledger(Budget(tokens=100))))


def test_a_budget_of_money_needs_prices_and_counts_them(server: Script) -> None:
    ledger = Ledger(Budget(money=0.001, prompt_price=1.0, reply_price=2.0))
    ask(engine(server, ledger=ledger), 2)
    assert ledger.money == pytest.approx(2 * (1 + 3 * 2) / 1e6)
    with pytest.raises(ValueError, match="expected prompt_price and reply_price too"):
        Budget(money=1.0)


def test_what_a_killed_process_had_sent_counts_in_full(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    first = Ledger(Budget(queries=3, tokens=1000), path)
    first.settle(first.reserve(100, 200), 5, 6)
    first.reserve(100, 200)
    with path.open("a") as file:
        file.write('{"request": 2, "pro')  # killed while it wrote
    again = Ledger(Budget(queries=3, tokens=1000), path)
    assert (again.queries, again.tokens) == (2, 311)
    again.reserve(100, 200)
    with pytest.raises(BudgetSpent, match="queries"):
        again.reserve(1, 1)


# Keys


def test_the_key_is_sent_and_stands_in_nothing_that_comes_back(server: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", f" {KEY}\n")
    key = read_key("MY_KEY")
    server.reply = lambda body: reply(f"your key is {KEY}", reasoning=f"hm {KEY}", model=f"m-{KEY}")
    requests = [Request("q0", json.dumps(user_message("?")), SAMPLING)]
    ((_, completion),) = next(iter(engine(server, key=key).generate(requests)))
    assert KEY not in repr(completion)
    assert server.headers[0]["authorization"] == f"Bearer {KEY}"
    for code in (401, 500, 400):
        server.behaviours = [status(code, f"the key {KEY} is not welcome")] * 3
        with pytest.raises(GateError) as raised:
            ask(engine(server, key=key))
        assert "[key]" in str(raised.value)
        chain = [raised.value, raised.value.__cause__]
        assert KEY not in "".join(map(repr, chain))


def test_a_key_that_is_missing_or_cannot_be_sent_is_refused_without_being_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("MY_KEY", raising=False)
    with pytest.raises(InputError, match="the environment variable MY_KEY is not set"):
        read_key("MY_KEY")
    monkeypatch.setenv("MY_KEY", "sk-a b\x00c".replace("\x00", "\x01"))
    with pytest.raises(InputError, match="expected a key of printable ASCII") as raised:
        read_key("MY_KEY")
    assert "sk-a" not in str(raised.value)
    assert read_key(None) == NO_KEY


# What a server discloses, row by row


def target(script: Script, **settings: Any) -> EndpointModel:
    return EndpointModel.model_validate({"base_url": script.url, "model": "m", "concurrency": 1} | settings)


def transcripts(script: Script, folder: Path, count: int = 2, **settings: Any) -> list[Transcript]:
    questions = [Question(id=f"q{n}", kind="k", text=f"{n}?") for n in range(count)]
    rows = RowFile(folder / "rows.jsonl", Transcript, lambda row: row.id)
    return ask_endpoint(target(script, **settings), questions, SAMPLING, rows, Ledger(Budget()), pace=Clock().pace())


def counted(content: str | None, reasoning_tokens: int) -> dict[str, Any]:
    """A reply whose reasoning is hidden and counted."""
    shown: dict[str, Any] = dict(reply(content, model="m-2026"))  # type: ignore[arg-type]
    shown["usage"]["completion_tokens_details"] = {"reasoning_tokens": reasoning_tokens}
    return shown


def test_a_model_that_ends_in_its_hidden_reasoning_has_given_no_answer(server: Script, tmp_path: Path) -> None:
    """Asked again it would do the same, so it is no fault of the server that stops the run."""
    server.reply = lambda body: counted(None if body["messages"][0]["content"] == "1?" else "5", 7)
    (answered, silent) = transcripts(server, tmp_path, retries=0)
    assert (answered.answer, answered.usable) == ("5", True)
    assert (silent.answer, silent.finish_reason, silent.usable) == (None, "stop", False)
    assert silent.observed is not None
    assert (silent.observed.mode, silent.observed.reasoning_tokens) == ("tokens", 7)


def test_what_is_shown_is_kept_row_by_row(server: Script, tmp_path: Path) -> None:
    server.reply = lambda body: counted("5", 7)
    (row, _) = transcripts(server, tmp_path / "tokens")
    assert row.observed is not None
    assert (row.observed.mode, row.observed.model, row.observed.reasoning_tokens) == ("tokens", "m-2026", 7)
    assert (row.trace, row.answer, row.usable) == (None, "5", True)
    server.reply = lambda body: reply("5", reasoning_details=[{"type": "reasoning.summary", "summary": "I added."}])
    (row, _) = transcripts(server, tmp_path / "summary")
    assert row.observed is not None
    assert (row.summary, row.observed.mode) == ("I added.", "summary")
    server.reply = lambda body: reply("5", reasoning="2+3")
    (row, _) = transcripts(server, tmp_path / "known", traces="known")
    assert (row.trace, row.summary, row.complete) == ("2+3", None, True)


@pytest.mark.parametrize(
    ("traces", "shown", "missing"),
    [
        ("hidden", {"content": None, "reasoning": "I thought."}, "answer"),
        ("known", {"content": "5"}, "trace"),
    ],
)
def test_first_replies_that_cannot_be_used_are_shown_and_no_others_are_paid_for(
    traces: str, shown: dict[str, Any], missing: str, server: Script, tmp_path: Path
) -> None:
    server.reply = lambda body: reply(**shown)
    with pytest.raises(
        GateError, match=rf"first 5 replies cannot be used.* that to q0 has no {missing}; it was read as"
    ):
        transcripts(server, tmp_path, 20, traces=traces, concurrency=8)
    assert len(server.seen) == 5
    assert not (tmp_path / "rows.jsonl").exists() or not read_rows(tmp_path / "rows.jsonl", Transcript)
    with pytest.raises(GateError, match="the first 2 replies cannot be used"):
        transcripts(server, tmp_path, 2, traces=traces, concurrency=8)


def test_a_single_first_reply_without_an_answer_does_not_stop_a_run(server: Script, tmp_path: Path) -> None:
    """Some models now and then end in their reasoning; asked one by one until a reply has an answer, then at once."""
    silent = ("0?", "1?", "3?")

    def answer(body: dict[str, Any]) -> Any:
        text = body["messages"][0]["content"]
        return reply(None if text in silent else "5", reasoning="I thought.")

    server.reply = answer
    rows = transcripts(server, tmp_path, 20, concurrency=8)
    assert [row.id for row in rows if not row.usable] == ["q0", "q1", "q3"]
    assert len(server.seen) == 20
    assert [row.id for row in read_rows(tmp_path / "rows.jsonl", Transcript)] == [f"q{n}" for n in range(20)]


def test_first_replies_that_the_token_limit_cut_off_say_nothing_of_the_server(server: Script, tmp_path: Path) -> None:
    server.reply = lambda body: reply(None, reasoning="I thought", finish="length")
    rows = transcripts(server, tmp_path, 12, concurrency=8)
    assert {(row.finish_reason, row.usable) for row in rows} == {("length", False)}


def test_several_requests_are_under_way_only_after_a_first_reply(server: Script) -> None:
    seen_at_first: list[int] = []
    asked = engine(server, concurrency=4)
    requests = [Request(f"q{n}", asked.render(user_message(f"{n}?")), SAMPLING) for n in range(8)]
    for number, _ in enumerate(asked.generate(requests)):
        seen_at_first += [len(server.seen)] if number == 0 else []
    assert (seen_at_first, len(server.seen)) == ([1], 8)


def test_mixed_modes_are_refused_and_what_was_stored_stays(server: Script, tmp_path: Path) -> None:
    def changing(body: dict[str, Any]) -> Any:
        return reply("5", reasoning="I added.") if body["messages"][0]["content"] in ("0?", "1?") else reply("5")

    server.reply = changing
    with pytest.raises(
        GateError, match="'summary' with the reply to q0 and 'answer' with that to q2; mixed disclosure modes"
    ):
        transcripts(server, tmp_path, 5)
    assert [row.id for row in read_rows(tmp_path / "rows.jsonl", Transcript)] == ["q0", "q1"]


KILLED = """
import os, signal, sys
from pathlib import Path
from traceinv.engines.base import Sampling
from traceinv.engines.budget import Budget, Ledger
from traceinv.records import Question, Transcript
from traceinv.rows import RowFile
from traceinv.targets.asked import ask_endpoint
from traceinv.targets.endpoint import EndpointModel

url, folder = sys.argv[1], Path(sys.argv[2])
model = EndpointModel(base_url=url, model="m", concurrency=8)
questions = [Question(id=f"q{n}", kind="k", text=f"{n}?") for n in range(1000)]
rows = RowFile(folder / "rows.jsonl", Transcript, lambda row: row.id)
ledger = Ledger(Budget(queries=1020), folder / "ledger.jsonl")
ask_endpoint(model, questions, Sampling(max_new_tokens=10), rows, ledger)
"""


@pytest.mark.slow
def test_a_run_killed_at_request_741_of_1000_loses_and_doubles_nothing(server: Script, tmp_path: Path) -> None:
    process: list[subprocess.Popen[bytes]] = []

    def kill_at_741(body: dict[str, Any]) -> Any:
        if len(server.seen) == 741 and process[0].poll() is None:
            process[0].send_signal(signal.SIGKILL)
        return reply(body["messages"][0]["content"])

    server.reply = kill_at_741
    command = [sys.executable, "-c", KILLED, server.url, str(tmp_path)]
    process.append(subprocess.Popen(command))
    assert process[0].wait(300) == -signal.SIGKILL
    kept = read_rows_of_a_killed_run(tmp_path)
    assert 700 < len(kept) < 750
    subprocess.run(command, check=True, timeout=300)
    rows = read_rows(tmp_path / "rows.jsonl", Transcript)
    assert [(row.id, row.answer) for row in rows] == [(f"q{n}", f"{n}?") for n in range(1000)]
    asked = Counter(body["messages"][0]["content"] for body in server.seen)
    assert all(asked[f"{name[1:]}?"] == 1 for name in kept), "no stored answer is asked for again"
    assert len(server.seen) <= 1020
    assert set(asked.values()) <= {1, 2}


def read_rows_of_a_killed_run(folder: Path) -> set[str]:
    lines = (folder / "rows.jsonl").read_text().split("\n")[:-1]
    return {json.loads(line)["id"] for line in lines}
