"""A record may come from anyone: no text in it becomes markup, reaches the terminal as a command, or ends a program."""

import io
import json
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pydantic import ValidationError
from sample_records import items_of, record, write

from harness.cli import main
from harness.results.schema import ResultRecord

Place = tuple[str | int, ...]
CONTROLS = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufffe\uffff]"
)
PAYLOADS = [
    "a\x1b[31mred\x1b]0;title\x07",
    "x\ud800y",
    "x\u2028y\u2029z",
    "\u202eevil\u2066",
    "nul\x00",
    "\ufffe\uffff\U0001ffff",
    "x\n# H\n<img src=x onerror=alert(1)> ![i](http://127.0.0.1:9/m)",
    "<script>alert(1)</script>",
    "</script><svg onload=alert(1)>",
    "# heading",
    "- item",
    "> quote",
    "1. one",
    "---",
    "`code` | cell \\| more",
    "a\\",
    "[x](http://evil.example)",
    "![x][y]",
    "[y]: http://evil.example",
    "<http://evil.example>",
    "https://evil.example www.evil.example @someone",
    "**bold** __bold__ ~~gone~~ $x$",
    "&lt;b&gt; &#60;b&#62;",
    "[bold]x[/bold] [/]",
    "{{ 7 * 7 }} {% raw %}",
    "שלום",
    "",
]
SPOILT = st.deferred(lambda: st.lists(st.sampled_from(_free_places()), min_size=1, max_size=40))
HOSTILE = st.one_of(
    st.sampled_from(PAYLOADS),
    st.text(st.characters() | st.sampled_from("<>|`*_#[](){}!&\\\n\x1b\u202e\ud800-~$@:/"), max_size=30),
)


def _content() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(record("hostile-1").model_dump_json())
    return content


def _places(value: Any, path: Place = ()) -> Iterator[Place]:
    """Yield the path of every text of a JSON value."""
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, part in value.items():
            yield from _places(part, (*path, key))
    elif isinstance(value, list):
        for number, part in enumerate(value):
            yield from _places(part, (*path, number))


@cache
def _free_places() -> list[Place]:
    """Return where a record may hold any text; other texts must be of a form, or fit together."""
    free = []
    for place in _places(_content()):
        try:
            ResultRecord.model_validate(_spoilt([place], "any"))
        except ValidationError:
            continue
        free.append(place)
    return free


def _spoilt(places: list[Place], text: str) -> dict[str, Any]:
    content = _content()
    for place in places:
        value: Any = content
        for step in place[:-1]:
            value = value[step]
        value[place[-1]] = text
    return content


def _run(*arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and all that it wrote to the terminal."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue() + err.getvalue()


def _shape(markdown: str) -> list[str]:
    """Return the markup of a page, without its texts; links by whether they stay in the folder or on the page."""
    shape = []
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        shape.append(token.type if token.type != "html_block" else " ".join(re.findall("<[^>]*>?", token.content)))
        for child in token.children or []:
            if child.type == "link_open":
                address = str(child.attrs["href"])
                inside = address.startswith("records/") or re.fullmatch("#[a-z0-9_-]+", address)
                shape.append("link inside" if inside else f"link to {address}")
            elif child.type not in ("text", "link_close", "text_special"):
                shape.append(child.type)
    return shape


def _markup(shape: list[str]) -> set[str]:
    """Return the kinds of markup of a page that its texts alone can bring in."""
    return set(shape) - {"strong_open", "strong_close", "softbreak", "code_inline"}


class _Elements(HTMLParser):
    """Counts elements, and collects attributes that could run or load something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.counts: dict[str, int] = {}
        self.active: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        self.active += [
            name for name, value in attrs if name.startswith("on") or (value or "").startswith("javascript")
        ]


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(places=SPOILT, text=HOSTILE)
def test_the_leaderboard_shows_any_text_of_a_record_as_text(places: list[Place], text: str) -> None:
    with TemporaryDirectory() as name:
        folder, page = Path(name) / "records", Path(name) / "page.md"
        folder.mkdir()
        (folder / "plain.json").write_text(record("plain-1").model_dump_json())
        assert _run("leaderboard", "--results", str(folder), "--out", str(page))[0] == 0
        benign = _shape(page.read_text())
        (folder / "hostile.json").write_text(json.dumps(_spoilt(places, text)))
        code, printed = _run("leaderboard", "--results", str(folder), "--out", str(page))
        assert code in (0, 2)
        written = page.read_text()
        assert not CONTROLS.search(printed + written)
        shape = _shape(written)
        refused = "Left out" in written
        assert _markup(shape) <= _markup(benign) | ({"bullet_list_open", "bullet_list_close"} if refused else set()) | (
            {"list_item_open", "list_item_close"} if refused else set()
        )


@settings(max_examples=30, deadline=None, derandomize=True, database=None)
@given(places=SPOILT, text=HOSTILE)
def test_a_comparison_sends_no_command_to_the_terminal(places: list[Place], text: str) -> None:
    with TemporaryDirectory() as name:
        items = items_of({("inverted", 0): "cw"}, ["lab_chain/0", "lab_chain/1"])
        first, second = (write(Path(name), record(identifier), items) for identifier in ("plain-1", "hostile-1"))
        second.write_text(json.dumps(_spoilt(places, text)))
        code, printed = _run("compare", str(first), str(second))
        assert code in (0, 2)
        assert not CONTROLS.search(printed)


@settings(max_examples=20, deadline=None, derandomize=True, database=None)
@given(places=SPOILT, text=HOSTILE)
def test_a_gate_sends_no_command_to_the_terminal(places: list[Place], text: str) -> None:
    with TemporaryDirectory() as name:
        items = items_of({("inverted", 0): "cw"}, ["lab_chain/0", "lab_chain/1"])
        first, second = (write(Path(name), record(identifier), items) for identifier in ("plain-1", "hostile-1"))
        second.write_text(json.dumps(_spoilt(places, text)))
        for arguments in ([str(first), str(second)], [str(second), str(first), "--json"]):
            code, printed = _run("gate", *arguments)
            assert code in (0, 1, 2, 3)
            assert not CONTROLS.search(printed)


@pytest.mark.slow
@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(places=SPOILT, text=HOSTILE)
def test_the_report_shows_any_text_of_a_record_as_text(places: list[Place], text: str) -> None:
    with TemporaryDirectory() as name:
        folder, page = Path(name) / "records", Path(name) / "page.html"
        folder.mkdir()
        (folder / "plain.json").write_text(record("plain-1").model_dump_json())
        (folder / "hostile.json").write_text(json.dumps(_spoilt(places, text)))
        code, printed = _run("report", "--results", str(folder), "--out", str(page))
        assert code in (0, 2)
        written = page.read_text()
        assert not CONTROLS.search(printed)
        assert not CONTROLS.search(written.replace("\t", ""))
        elements = _Elements(written)
        assert not elements.active
        assert elements.counts.get("script", 0) <= 2
        assert "img" not in elements.counts


def test_a_text_that_must_be_of_a_form_is_refused_and_the_others_are_shown() -> None:
    with TemporaryDirectory() as name:
        folder, page = Path(name) / "records", Path(name) / "page.md"
        folder.mkdir()
        (folder / "plain.json").write_text(record("plain-1").model_dump_json())
        (folder / "hostile.json").write_text(json.dumps(_spoilt([("id",)], "x\x1b\n# H")))
        code, printed = _run("leaderboard", "--results", str(folder), "--out", str(page))
        assert code == 2
        assert "hostile.json: id" in printed
        assert "## plain-1" in page.read_text()
        assert not CONTROLS.search(printed + page.read_text())


def test_file_names_are_text_too() -> None:
    with TemporaryDirectory() as name:
        folder, page = Path(name) / "records", Path(name) / "page.md"
        folder.mkdir()
        (folder / "a\x1b[31mred\n# line.json").write_text("{")
        (folder / "b\udcff.json").write_text("{")
        (folder / "c\udcff\u202e.json").write_text(record("plain-1").model_dump_json())
        code, printed = _run("leaderboard", "--results", str(folder), "--out", str(page))
        assert code == 2
        assert not CONTROLS.search(printed + page.read_text())
        assert "\\x1b[31mred\\x0a# line.json" in printed
        assert printed.count("\n") == 3
        assert "c%FF%E2%80%AE.json" in page.read_text()
