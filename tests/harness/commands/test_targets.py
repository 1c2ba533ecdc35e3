"""`traceinv targets`: kinds, what a recipe's targets are and allow, and a start for one's own."""

import json
from pathlib import Path

import pytest
import yaml
from faulty_server import reply, serving

from harness.cli import main


def data(folder: Path) -> Path:
    rows = [{"question": f"What is {n} plus 1?", "trace": f"{n}+1", "answer": str(n + 1)} for n in range(220)]
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_kinds_say_where_replies_come_from_and_whether_they_need_permission(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["targets", "list", "--json"]) == 0
    kinds = {row["kind"]: (row["replies_from"], row["permission"]) for row in json.loads(capsys.readouterr().out)}
    assert kinds == {
        "endpoint": ("endpoint", "required"),
        "lab": ("weights", "the run trains it"),
        "local": ("weights", "required"),
        "recorded": ("recording", "required"),
    }
    assert main(["targets", "list", "lab"]) == 0
    assert "the target is trained by this run" in capsys.readouterr().out


@pytest.mark.parametrize("kind", ["recorded", "local", "endpoint"])
def test_a_new_recipe_is_refused_until_its_permission_is_stated(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_KEY", "sk-1")
    path = data(tmp_path)
    assert main(["targets", "new", "mine", "--kind", kind, "--data", str(path)]) == 0
    text = Path("mine.yaml").read_text()
    assert len(text.splitlines()) < 25
    models = [
        place for place in ("targets.local.model", "surrogates.small.model") if kind == "local" or "small" in place
    ]
    changes = [option for place in models for option in ("--set", f"{place}=lab-base")]
    for command in (["targets", "check", "mine.yaml"], ["run", "mine.yaml", "--dry-run"]):
        assert main([*command, *changes]) == 2
        assert "permission" in capsys.readouterr().err
    (name,) = yaml.safe_load(text)["targets"]
    Path("mine.yaml").write_text(text.replace("permission: {}", "permission: {ground: own_model}"))
    assert main(["targets", "check", "mine.yaml", *changes]) == 0
    shown = capsys.readouterr().out
    assert "100 for the target, 100 for the surrogate, none shared" in shown
    assert f"targets.{name}: {kind}" in shown
    assert "permission: the tester's own model" in shown
    assert main(["targets", "new", "mine"]) == 2, "nothing is overwritten"


def test_what_cannot_be_read_or_used_is_said_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    path = data(tmp_path)
    assert main(["targets", "new", "mine", "--data", str(path)]) == 0
    recipe = Path("mine.yaml")
    recipe.write_text(recipe.read_text().replace("permission: {}", "permission: {ground: own_model}"))
    capsys.readouterr()
    assert main(["targets", "check", "mine.yaml", "--set", "targets.recorded.path=/nowhere"]) == 2
    assert "targets.recorded.path: no such file or folder '/nowhere'" in capsys.readouterr().err
    other = tmp_path / "other.jsonl"
    other.write_text('{"question": "Something else?", "trace": "t", "answer": "a"}\n')
    assert main(["targets", "check", "mine.yaml", "--set", f"targets.recorded.path={other}", "--set",
                 "surrogates.small.model=lab-base"]) == 1  # fmt: skip
    assert "0 of 100 questions have a reply" in capsys.readouterr().out


def test_an_endpoint_is_asked_one_question_and_its_key_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MY_KEY", "sk-secret-0123")
    assert main(["targets", "new", "mine", "--kind", "endpoint", "--data", str(data(tmp_path))]) == 0
    recipe = Path("mine.yaml")
    with serving() as server:
        server.reply = lambda body: reply("8 sk-secret-0123", model="m-7")
        text = recipe.read_text().replace("permission: {}", "permission: {ground: own_model}")
        recipe.write_text(text.replace("http://localhost:8000/v1", server.url))
        command = ["targets", "check", "mine.yaml", "--ask", "--set", "surrogates.small.model=lab-base"]
        assert main(command) == 0
        assert len(server.seen) == 1
    printed = capsys.readouterr()
    assert "answered by m-7; it shows answer" in printed.out
    assert "sk-secret" not in printed.out + printed.err
