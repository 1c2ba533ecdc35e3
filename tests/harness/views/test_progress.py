"""The progress of a run on a terminal and in a log."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from stub_stages import add, make

from harness.pipeline.descriptions import Artifact, Description
from harness.pipeline.executors.base import Report
from harness.pipeline.graph import Graph, Node
from harness.views.progress import RunDisplay, elapsed, working

MOVE = re.compile(r"\x1b\[(\d*)([A-Za-z])|\x1b\[\?\d+[hl]|\r|\n|[^\x1b\r\n]+")


def _graph() -> tuple[Graph, list[Node]]:
    """Two stages whose names are told by long labels, and one that needs both."""
    graph = Graph()
    regimes = ("surrogate_trace_where_hinted", "answer_only_where_self_verified")
    made = [graph.add(make, {"number": n}, {}, {"regime": regime, "seed": n}) for n, regime in enumerate(regimes)]
    total = graph.add(add, {"number": 2}, {"a": made[0], "b": made[1]}, {}, cost=2.0)
    return graph, [*made, total]


def _artifact(node: Node) -> Artifact:
    description = Description(
        kind=node.kind.name, key="k", version=1, digest="d", files={}, params={}, inputs={}, seconds=2.0, log={},
        fingerprint="f", seal=None,
    )  # fmt: skip
    return Artifact(Path("x"), description)


def _run(console: Console) -> None:
    graph, nodes = _graph()
    with RunDisplay(console, graph) as display:
        for node in nodes:
            display.started(node)
            for share in (0.1, 0.5):
                display.advanced(Report(node.id, share, "here"))
            display.told("a process is stopped")
            display.finished(node, _artifact(node))
    with working(console, "making the record"):
        pass


def _screen(output: str) -> list[str]:
    """Return the lines that stay on a terminal which was sent some output."""
    lines, row = [""], 0
    for match in MOVE.finditer(output):
        if match[0] == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif match[2] == "A":
            row -= int(match[1] or 1)
        elif match[2] == "K":
            lines[row] = ""
        elif match[0] != "\r" and not match[0].startswith("\x1b"):
            lines[row] += match[0]
    return [line for line in lines if line.strip()]


def test_a_log_has_one_line_a_stage_with_count_share_and_elapsed_time() -> None:
    console = Console(file=io.StringIO(), width=120)
    _run(console)
    assert isinstance(console.file, io.StringIO)
    lines = [line for line in console.file.getvalue().splitlines() if line.startswith("[")]
    assert len(lines) == 3
    assert re.match(r"\[1/3\]  25%  0:00:\d\d  make \(regime surrogate_trace_where_hinted.*\)  \(2 s\)$", lines[0])
    assert re.match(r"\[3/3\] 100%  0:00:\d\d  add  \(2 s\)$", lines[2])


@pytest.mark.parametrize("width", [60, 80, 160])
def test_a_terminal_keeps_the_finished_lines_and_no_half_drawn_bar(width: int) -> None:
    console = Console(file=io.StringIO(), width=width, height=24, force_terminal=True, color_system=None)
    _run(console)
    assert isinstance(console.file, io.StringIO)
    output = console.file.getvalue()
    assert "making the record" in output
    kept = _screen(output)
    assert [line for line in kept if "\u2501" in line or "all stages" in line or "making" in line] == []
    assert [line[:5] for line in kept] == ["trace", "[1/3]", "trace", "[2/3]", "trace", "[3/3]"]


def test_a_terminal_with_a_log_has_no_bar_that_the_log_would_break(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "harness")
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    graph, nodes = _graph()
    with RunDisplay(console, graph) as display:
        for node in nodes:
            display.started(node)
            display.advanced(Report(node.id, 0.5, "here"))
            display.finished(node, _artifact(node))
    assert isinstance(console.file, io.StringIO)
    assert "\x1b" not in console.file.getvalue()
    assert console.file.getvalue().count("0:00:0") == 3
    assert "started add" in caplog.text


def test_elapsed_time_has_hours() -> None:
    assert [elapsed(seconds) for seconds in (0, 83.9, 3600 * 26 + 61)] == ["0:00:00", "0:01:23", "26:01:01"]
