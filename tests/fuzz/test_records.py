"""Whatever a record or a recipe says, it is taken or refused in one line, and what is taken can be shown and planned."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml
from fuzzing import TEXTS, VALUES, Edit, changed, edited, edits, fuzz, refused
from hypothesis import strategies as st
from sample_records import items_of, record, write
from small_recipe import SMALL_RECIPE

from harness.cli import main
from harness.leaderboard.published import read_published
from harness.pipeline.plan import plan
from harness.pipeline.recipe_files import load_recipe
from harness.results.files import items_file, read_items, read_record
from traceinv.errors import GateError, InputError

PUBLISHED = Path(__file__).parents[2] / "results" / "published"
KEYS = st.sampled_from(
    [
        "name",
        "seeds",
        "max_dropped",
        "budgets",
        "questions.count",
        "sampling.temperature",
        "targets.lab.kind",
        "policies.half.k",
        "benchmark.limit",
        "benchmark.parameters.a",
        "students.lab.training.epochs",
        "contrasts",
        "regimes",
        ".",
        "..",
        "a.b",
        "name.x",
    ]
)


@cache
def _record() -> Any:
    return json.loads(record("changed-1").model_dump_json())


@cache
def _items() -> Any:
    return json.loads(items_of({("inverted", 0): "cw"}, ["lab_chain/0", "lab_chain/1"]).model_dump_json())


@fuzz(changes=st.deferred(lambda: edits(_record())), items=st.deferred(lambda: changed(_items())))
def test_a_record_is_refused_or_every_command_shows_it(changes: list[Edit], items: Any) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name) / "records"
        folder.mkdir()
        plain = write(folder, record("plain-1"), items_of({("inverted", 0): "cw"}, ["lab_chain/0", "lab_chain/1"]))
        path = folder / "changed.json"
        path.write_text(json.dumps(edited(_record(), changes)))
        items_file(path).write_text(json.dumps(items))
        refused(lambda: read_items(path))
        readable = not refused(lambda: read_record(path))
        code, printed = _run("leaderboard", "--results", str(folder), "--out", str(Path(name) / "page.md"))
        assert code == 0 if readable else code == 2, printed
        for arguments in (["compare", str(plain), str(path)], ["gate", str(path), str(plain)]):
            code, printed = _run(*arguments)
            assert code in (0, 1, 2, 3)
            assert code != 2 or printed.count("\n") == 1, printed


@fuzz(content=st.deferred(lambda: st.sampled_from(_published()).flatmap(changed)) | VALUES)
def test_published_figures_are_read_or_refused(content: Any) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "figures.json"
        path.write_text(json.dumps(content))
        refused(lambda: read_published(path))


@fuzz(content=changed(SMALL_RECIPE))
def test_a_recipe_is_planned_or_refused(content: Any) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "recipe.yaml"
        path.write_text(yaml.safe_dump(content), encoding="utf-8", errors="surrogatepass")
        found = []
        if not refused(lambda: found.append(load_recipe(str(path)))):
            refused(lambda: plan(found[0]), (InputError, GateError))


@fuzz(key=KEYS | TEXTS, value=TEXTS | VALUES.map(json.dumps))
def test_an_override_is_taken_or_refused(key: str, value: str) -> None:
    with TemporaryDirectory() as name:
        path = Path(name) / "recipe.yaml"
        path.write_text(yaml.safe_dump(SMALL_RECIPE))
        refused(lambda: load_recipe(str(path), [f"{key}={value}"]))


def _published() -> list[Any]:
    return [json.loads(path.read_text()) for path in sorted(PUBLISHED.glob("*.json"))]


def _run(*arguments: str) -> tuple[int, str]:
    """Run a command; return its exit code and all that it wrote to the terminal."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue() + err.getvalue()
