"""The leaderboard made from records: what shares a table, what is refused, and that it is up to date."""

import json
from pathlib import Path
from typing import Any

import pytest
from sample_records import CONDITIONS, record, shelf

from harness.cli import main
from harness.leaderboard.folder import read_shelf
from harness.leaderboard.page import render
from harness.leaderboard.published import read_published
from harness.results.files import read_record, write_record
from harness.results.items import ItemFile
from harness.results.schema import StageTime
from traceinv.errors import InputError

NO_ITEMS = ItemFile(ids={}, states={})
PUBLISHED = Path(__file__).parents[3] / "results" / "published"


def test_a_record_reads_back_as_it_was_written(tmp_path: Path) -> None:
    path = write_record(record(), ItemFile(ids={"t": ["t/0"]}, states={"base": {"t": "c"}}), tmp_path)
    assert read_record(path) == record()
    assert json.loads((tmp_path / "lab-1.items.json").read_text())["states"] == {"base": {"t": "c"}}
    assert read_shelf(tmp_path).records == {path: record()}


def test_the_same_records_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    for folder, names in (("a", ("x", "y")), ("b", ("y", "x"))):
        for name in names:
            write_record(record(name), NO_ITEMS, tmp_path / folder)
    assert render(read_shelf(tmp_path / "a")) == render(read_shelf(tmp_path / "b"))


def test_a_row_has_its_intervals_its_rates_and_a_link_to_its_record() -> None:
    text = render(shelf(record()))
    assert (
        "| inverted | 40.0 [35.0, 45.0] | 40.0 [35.0, 45.0] | 0.25 [0.20, 0.30] | withheld "
        "| 2.0 | 90.0 | 0.0 | 10.0 | 0.0 | 40.0 to 50.0 | 50 | 1 | 200 | [lab-1](results/lab-1.json) |" in text
    )
    assert text.index("| inverted |") < text.index("*target (reference)*")
    assert "| summary | withheld |" in text
    assert "| no: 14.0 points would have shown; about 900 more questions or 6 more seeds would show 1.0 |" in text


def test_style_is_shown_where_it_was_measured() -> None:
    text = render(shelf(record()))
    assert "cannot tell the surrogate's summaries" in text
    assert "area under the curve 0.600 [0.450, 0.750], 0.5 being chance" in text
    assert "Target's: 12 texts, 7.5 words at the median, headings in 25%, first person in 50%, LaTeX in 0%." in text
    assert "Style" not in render(shelf(record(style=None)))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"target": "u"}, "other target"),
        ({"student": "u"}, "other student"),
        ({"data": "u"}, "other questions"),
        ({"tasks": {"lab_chain": "2.0"}}, "other tasks or task versions"),
        ({"prompts": "u"}, "other prompts"),
        ({"sampling": {"lab_chain": {"temperature": 1}}}, "other sampling"),
        ({"target": "u", "prompts": "u"}, "other prompts, target"),
    ],
)
def test_rows_that_cannot_be_compared_never_share_a_table(changes: dict[str, Any], reason: str) -> None:
    text = render(shelf(record("a"), record("b", conditions=CONDITIONS.model_copy(update=changes))))
    assert text.count("| regime | math | all |") == 2
    assert f"Not comparable with the table of a: {reason}." in text


def test_records_of_the_same_conditions_share_a_table_that_says_what_else_differs() -> None:
    other = record("b", recipe={"name": "lab", "policy": {"kind": "every_kth_step", "k": 3}})
    text = render(shelf(record("a"), other))
    assert text.count("| regime | math | all |") == 1
    assert "differ in policy.k (2 / 3)." in text
    names = [line.split(" | ")[0] for line in text.splitlines() if line.endswith(("/a.json) |", "/b.json) |"))]
    assert names[:4] == ["| answer_only", "| answer_only", "| summary", "| summary"]


def test_a_run_that_two_records_share_is_marked_so_that_nobody_counts_it_twice() -> None:
    provenance = record("a").provenance
    text = render(shelf(record("a"), record("b", provenance=provenance)))
    assert "| inverted (the same runs as inverted of a) |" in text
    renamed = provenance.model_copy(update={"stages": [StageTime(name="scores of base", key="k", seconds=1)]})
    assert "the same runs as" not in render(shelf(record("a"), record("b", provenance=renamed)))


def test_published_figures_are_rows_that_say_they_were_not_run_here() -> None:
    text = render(read_shelf(PUBLISHED.parent))
    row = "| *inverted (surrogate R1-Distill-Qwen-1.5B), published, not run here* | 71.8 | 36.3 | 30.9 |"
    assert row in text
    assert "(https://arxiv.org/abs/2603.07267v2)" in text
    assert "| *oracle, published, not run here* | 73.4 | 90.8 | 45.6 | 92.0 |" in text


def test_every_published_file_is_named_after_its_id() -> None:
    paths = list(PUBLISHED.glob("*.json"))
    assert paths
    assert all(read_published(path).id == path.stem for path in paths)


def test_a_published_figure_without_a_column_is_refused(tmp_path: Path) -> None:
    content = json.loads((PUBLISHED / "paper-v1-gpt5-mini.json").read_text())
    content["rows"][0]["figures"]["gsm8k"] = 1.0
    (tmp_path / "x.json").write_text(json.dumps(content))
    with pytest.raises(InputError, match=r"x\.json: .*'gsm8k' is not one of the columns"):
        read_published(tmp_path / "x.json")


def test_check_says_whether_the_leaderboard_is_up_to_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_record(record(), NO_ITEMS, tmp_path / "results")
    places = ["--results", str(tmp_path / "results"), "--out", str(tmp_path / "leaderboard.md")]
    assert main(["leaderboard", *places, "--check"]) == 1
    assert "run `traceinv leaderboard`" in capsys.readouterr().err
    assert main(["leaderboard", *places]) == 0
    assert main(["leaderboard", *places, "--check"]) == 0
    (tmp_path / "leaderboard.md").write_text("edited by hand")
    assert main(["leaderboard", *places, "--check"]) == 1


def _without(content: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


def _row_without_seeds(content: dict[str, Any]) -> dict[str, Any]:
    first, *others = content["rows"]
    return content | {"seeds": [0, 1], "rows": [first, *others]}


BAD = [
    (lambda c: json.dumps(c | {"schema_version": 99}), "schema_version is 99, expected 1"),
    (lambda c: json.dumps(_without(c, "schema_version")), "schema_version is None"),
    (lambda c: json.dumps(_without(c, "seeds")), "seeds: field required"),
    (lambda c: json.dumps(_row_without_seeds(c)), "row 'answer_only' has the seeds [0], expected [0, 1]"),
    (lambda c: json.dumps(c)[:500], "not JSON"),
    (lambda c: json.dumps(c).replace('"mean": 0.4', '"mean": NaN'), "NaN is not a finite number"),
    (lambda c: json.dumps(c).replace('"mean": 0.4', '"mean": 1e999'), "finite number"),
    (lambda c: json.dumps(c | {"id": "../x"}), "id: "),
    (lambda c: json.dumps(c | {"rows": []}), "rows: "),
    (lambda c: "[" * 100_000, "nested too deeply"),
    (lambda c: "[1]", "valid dictionary"),
]


@pytest.mark.parametrize(("spoil", "message"), BAD)
def test_a_bad_record_is_refused_by_name_in_one_line_and_the_rest_still_renders(
    spoil: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_record(record("good"), NO_ITEMS, tmp_path)
    bad = tmp_path / "bad.json"
    bad.write_text(spoil(record().model_dump(mode="json")))
    board = tmp_path / "leaderboard.md"
    places = ["--results", str(tmp_path), "--out", str(board)]
    assert main(["leaderboard", *places]) == 2
    error = capsys.readouterr().err
    assert str(bad) in error
    assert message in error
    assert error.count("\n") == 1
    assert "[good](./good.json)" in board.read_text()
    assert main(["leaderboard", *places, "--check"]) == 2


def test_two_records_with_one_id_are_both_refused(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.json").write_text(record().model_dump_json())
    (tmp_path / "other.json").write_text(record("other").model_dump_json())
    found = read_shelf(tmp_path)
    assert [path.name for path in found.records] == ["other.json"]
    assert found.refused == [f"{tmp_path / name}.json: 2 records have the id 'lab-1'" for name in ("a", "b")]


def test_the_verdict_is_made_from_the_figures_whatever_a_record_says_it_is() -> None:
    assert "beats everything" not in render(shelf(record(verdict="inverted beats everything")))
    assert record().verdict in render(shelf(record()))


def test_what_a_record_says_never_becomes_markup() -> None:
    recipe = {"name": "<script>|x](javascript:y)"}
    provenance = record().provenance.model_copy(update={"command": "`</code>\n# big"})
    hostile = record(recipe=recipe, provenance=provenance)
    text = render(shelf(hostile))
    assert "<script>" not in text
    assert "](javascript" not in text
    assert "\n# big" not in text
