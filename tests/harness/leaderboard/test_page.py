"""The leaderboard as Markdown."""

import re
from pathlib import Path

from sample_records import CELL, CONTRASTS, REACHED, contrast, folder_of, interval, leak_row, policy_row, record, row

from harness.commands import lab
from harness.leaderboard.folder import CURVE, RecordFolder, load_records
from harness.leaderboard.page import build, render
from harness.results.curve import CalibrationCurve
from harness.results.schema import ResultRecord
from harness.results.verdict import findings_of

GOLDEN = Path(__file__).with_name("golden.md")
SILENT = CELL.model_copy(update={"policy": "silent"})


def golden_folder() -> RecordFolder:
    """Two records that share runs and a table, one of them with two cells."""
    cells = [
        row(name, cell=cell, runs=[f"{name} {cell.policy}"])
        for cell in (CELL, SILENT)
        for name in ("summary", "inverted")
    ]
    shared = [row(name, cell=cell, runs=[name]) for cell in (CELL, SILENT) for name in ("base", "target")]
    several = record(
        "lab-2",
        recipe={"name": "lab", "policies": ["recap", "silent"]},
        rows=[*shared, *cells],
        contrasts=[*CONTRASTS[:2], contrast("inverted", "summary", -0.1, 0.1, cell=SILENT, p_holm=1.0)],
    )
    first = record(rows=[row(name, runs=[name]) for name in REACHED])
    return RecordFolder({Path("lab-1.json"): first, Path("lab-2.json"): several}, [], ["bad.json: not JSON"])


def test_the_page_is_as_recorded() -> None:
    """Run `python tests/harness/leaderboard/test_page.py` to record it anew, and read the difference."""
    assert render(golden_folder()) == GOLDEN.read_text(encoding="utf-8")


def test_the_same_records_give_the_same_page_in_any_order(tmp_path: Path) -> None:
    for folder, names in (("a", ("x", "y")), ("b", ("y", "x"))):
        (tmp_path / folder).mkdir()
        for name in names:
            (tmp_path / folder / f"{name}.json").write_text(record(name).model_dump_json())
    assert render(load_records(tmp_path / "a")) == render(load_records(tmp_path / "b"))


def test_the_verdict_follows_from_the_figures_whatever_a_record_claims() -> None:
    page = render(folder_of(record(verdict="inverted beats everything")))
    assert "beats everything" not in page
    (found,) = findings_of(record())
    assert f"**{found.headline}**" in page
    assert found.conclusion in page


def test_parts_that_a_record_lacks_have_no_table() -> None:
    bare = record(contrasts=[], recovery=[], faithfulness=[], likelihood=[], style=[])
    page = render(folder_of(bare))
    for title in ("Differences", "Recovery", "Faithfulness", "Bits", "Style"):
        assert f"**{title}" not in page
        assert f"**{title}" in render(folder_of(record()))


def test_a_page_grows_with_its_tables_and_not_with_their_pairs() -> None:
    """Each table once named every table before it: 300 unlike records had 45,000 such lines."""
    unlike = []
    for number in range(8):
        key = row("base").comparability.model_copy(update={"target": f"t{number}"})
        unlike.append(record(f"lab-{number}", rows=[row("base").model_copy(update={"comparability": key})]))
    page = render(folder_of(*unlike))
    assert page.count("Not comparable with the table of") == 7
    assert "Not comparable with the table of lab-0: other target. Nor with 6 other tables above" in page


def test_a_record_never_becomes_markup() -> None:
    provenance = record().provenance.model_copy(update={"command": "`</code>\n# big"})
    hostile = record(
        recipe={"name": "<script>|x](javascript:y)"},
        provenance=provenance,
        rows=[_renamed("a|b"), _renamed("[x](javascript:y)")],
    )
    page = render(folder_of(hostile))
    assert "<script>" not in page
    assert "](javascript" not in page.replace("\\](", "")
    assert "\n# big" not in page
    assert "| a\\|b |" in page


def _renamed(name: str) -> "ResultRecord":
    return row("inverted", runs=[name]).model_copy(update={"name": name})


def test_the_plot_of_an_audit_is_shown_where_it_lies_beside_the_record(tmp_path: Path) -> None:
    audit = record("lab-audit-1", policies=[policy_row("recap", 0.6), policy_row("silent", 0.02)])
    folder = RecordFolder({tmp_path / "lab-audit-1.json": audit}, [], [])
    assert "frontier.svg" not in render(folder, results=tmp_path)
    (tmp_path / "lab-audit-1.frontier.svg").write_text("<svg/>")
    assert "](results/lab-audit-1.frontier.svg)" in render(folder, results=tmp_path)


def test_published_figures_are_shown_apart() -> None:
    published = Path(__file__).parents[3] / "results"
    page = render(load_records(published))
    assert page.count("## Published elsewhere") == 1
    row = next(line for line in page.splitlines() if "| 71.8 |" in line)
    assert row.startswith(
        "| [paper-r1-qwen](https://arxiv.org/abs/2603.07267v2) | inverted (surrogate R1-Distill-Qwen-1.5B) |"
    )
    assert "| 36.3 | 30.9 |" in row


def test_one_row_a_record_and_cell_says_what_was_disclosed_and_what_leaked() -> None:
    page = render(golden_folder())
    overview = page.partition("**What leaks**")[2].partition("\n## ")[0]
    assert "| target | disclosed | beyond the surrogate | summary's effect | seeds | record |" in overview
    assert (
        "| r1 in lab | answer and summary (recap) | +14.0 points [9.0, 19.0], significant | not measured | 1 | "
        "[lab-1](#lab-1-1-seed) |" in overview
    )
    assert overview.count("| [lab-2](#lab-2-1-seed) |") == 2
    assert "[lab-1](results/lab-1.json), made on" in page
    assert "[lab-2](docs/report.html#record-lab-2)" in render(golden_folder(), report="docs/report.html")


def test_a_reader_with_a_minute_is_told_what_was_disclosed_what_leaked_and_how_sure_that_is() -> None:
    quoted = next(line for line in render(folder_of(record())).splitlines() if line.startswith("> "))
    assert quoted == (
        "> The target (r1) discloses: answer and summary (recap); with it the best attack's students gain +14.0 points "
        "[9.0, 19.0] on math beyond the surrogate: significant."
    )
    both = contrast("inverted", "inverted_without_summary", -0.02, 0.08, p_holm=0.3)
    unsure = record("lab-2", leak=[leak_row(gain=interval(0.01), detectable=0.07)], contrasts=[both])
    quoted = next(line for line in render(folder_of(unsure)).splitlines() if line.startswith("> "))
    assert (
        "+1.0 points [-4.0, 6.0] on math beyond the surrogate: not significant; 7.0 or more would have shown." in quoted
    )
    assert "What the summary adds is +3.0 points [-2.0, 8.0], not significant; 14.0 or more would have shown." in quoted
    quoted = next(line for line in render(folder_of(record(), unsure)).splitlines() if line.startswith("> "))
    assert "In 1 of 2 measured cases" in quoted
    assert "most where r1 in lab discloses answer and summary (recap): +14.0 points" in quoted
    assert "The summary adds significantly in none of 1" in quoted


def test_regimes_stand_between_base_and_oracle_in_five_columns() -> None:
    page = render(folder_of(record()))
    table = (
        page.partition("**Accuracy in %, by what students learn from**")[2].partition("\n\n")[2].partition("\n\n")[0]
    )
    head, _, *rows = table.splitlines()
    assert head == "| student learns from | math | code | all tasks | less surrogate_trace (math) |"
    names = [line.split(" | ")[0].removeprefix("| ") for line in rows]
    assert names[0] == "base"
    assert names[-3:] == ["oracle", "surrogate (reference)", "target (reference)"]
    assert names.index("inverted_mismatched") < names.index("surrogate_trace") < names.index("inverted")
    assert next(line for line in rows if "| inverted |" in line).endswith("| +15.0 [-1.0, 31.0] |")
    assert next(line for line in rows if "| summary |" in line).endswith("| -19.0 |")


def test_a_calibration_has_its_plot_and_table_and_hides_the_records_behind_it(tmp_path: Path) -> None:
    dose = {
        "p": 0.5,
        "planted": interval(0.5),
        "measured": interval(0.4),
        "attack": "inverted",
        "exact": {},
        "bits": {},
    }
    curve = CalibrationCurve.model_validate(
        {
            "group": "math",
            "doses": [dose],
            "control": interval(0.0),
            "control_gain": None,
            "zero": {"runs": 20, "alarms": 1, "withheld": 2},
            "rising": {"planted": 1.0, "measured": 0.9},
            "detection_limit": 0.5,
            "records": ["lab-7"],
        }
    )
    assert CURVE == lab.CURVE
    (tmp_path / "calibration").mkdir()
    (tmp_path / "calibration" / CURVE).write_text(curve.model_dump_json())
    for name in ("lab-1", "lab-7"):
        (tmp_path / f"{name}.json").write_text(record(name).model_dump_json())
    built = build(tmp_path, tmp_path / "leaderboard.md")
    assert built.refused == []
    assert "![Measured and planted leak by dose](./calibration/calibration.svg)" in built.markdown
    assert "| 0.50 | 50.0 [45.0, 55.0] | 40.0 [35.0, 45.0] | inverted |" in built.markdown
    assert "False alarms: 1 of 20 runs" in built.markdown
    assert "[lab-1]" in built.markdown
    assert "lab-7" not in built.markdown
    (tmp_path / "calibration" / CURVE).write_text("{}")
    assert "calibration.json: group: field required" in build(tmp_path, tmp_path / "leaderboard.md").refused[0]


def test_an_audit_has_its_ranking_in_sight_and_the_findings_of_each_policy_folded() -> None:
    cells = [CELL, SILENT]
    rows = [row(name, cell=cell, runs=[f"{name} {cell.policy}"]) for cell in cells for name in ("base", "answer_only")]
    policies = [policy_row("recap", 0.6), policy_row("silent", 0.02)]
    page = render(folder_of(record(rows=rows, contrasts=[], policies=policies)))
    open_parts = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert "recap leaks most, 60.0% of the oracle's gain" in open_parts
    assert "**Leak by policy on math**" in open_parts
    assert "What leaked on math (policy silent)" not in open_parts
    assert "What leaked on math (policy silent)" in page


def test_everything_but_headline_and_accuracies_is_folded_and_how_to_read_it_comes_last() -> None:
    page = render(golden_folder())
    assert page.count("<details>") == page.count("</details>") > 0
    open_parts = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert "**Accuracy in %, by what students learn from**" in open_parts
    for title in ("Differences", "Recovery", "Faithfulness", "Bits", "How replies ended"):
        assert f"**{title}" not in open_parts
    assert page.rindex("\n## ") == page.index("\n## How to read it")


if __name__ == "__main__":
    GOLDEN.write_text(render(golden_folder()), encoding="utf-8")
