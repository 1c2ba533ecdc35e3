"""Prompted policies: what a compressor is asked, when it is asked again, what is disclosed, which prompts are refused."""

from pathlib import Path

import pytest

from harness.pipeline.recipe_files import load_recipe
from traceinv.compression import compress
from traceinv.engines.base import Completion, Request, RequestKey
from traceinv.engines.mock import MockEngine, MockFailure
from traceinv.errors import InputError
from traceinv.policies import Policy, disclose
from traceinv.policies.bare_answer import BareAnswer
from traceinv.policies.headed_recap import HeadedRecap
from traceinv.policies.length_ratio import LengthRatio
from traceinv.policies.numbered_bubbles import NumberedBubbles
from traceinv.policies.paraphrase import Paraphrase
from traceinv.policies.prompted import Prompted
from traceinv.policies.worked_answer import WorkedAnswer
from traceinv.records import Compression, Question, Transcript
from traceinv.registry import discover
from traceinv.rows import RowFile

TRACE = " ".join(f"w{n}" for n in range(40))
ROWS = [
    Transcript(
        id=f"q{n}",
        question=Question(id=f"q{n}", kind="arithmetic", text=f"What is {n} {{times}} 3?"),
        trace=TRACE,
        answer=f"It is \\boxed{{{3 * n}}}.",
        finish_reason="stop",
    )
    for n in range(5)
]
TENTH = LengthRatio(model="m", ratio=0.1)


def written(
    engine: MockEngine, policy: Prompted, folder: Path, transcripts: list[Transcript] = ROWS
) -> list[Compression]:
    rows: RowFile[Compression, RequestKey] = RowFile(
        folder / "rows.jsonl", Compression, lambda row: (row.id, row.sample)
    )
    return compress(engine, transcripts, policy, rows)


def lengthening(request: Request) -> str:
    """Write a text that q0 and q1 have right at once, q2 at the third attempt, q3 and q4 never."""
    right = {"q0": 0, "q1": 0, "q2": 2}.get(request.id, 99)
    return "a b c d" if request.sample >= right else " ".join(["x"] * (20 - request.sample))


def test_a_text_of_the_wrong_length_is_asked_for_again_and_the_closest_is_disclosed(tmp_path: Path) -> None:
    engine = MockEngine(lengthening)
    attempts = written(engine, TENTH, tmp_path)
    counts = {row.id: sum(other.id == row.id for other in attempts) for row in attempts}
    assert counts == {"q0": 1, "q1": 1, "q2": 3, "q3": 3, "q4": 3}
    shown = {row.id: row.summary for row in disclose(ROWS, TENTH, attempts)}
    assert shown["q0"] == shown["q2"] == "a b c d"
    assert len((shown["q3"] or "").split()) == 18, "the closest of 20, 19 and 18 words"
    assert "about 4 words" in engine.asked[0].prompt
    assert TRACE in engine.asked[0].prompt


def test_a_killed_compressor_goes_on_where_it_was(tmp_path: Path) -> None:
    whole = written(MockEngine(lengthening, batch_size=2), TENTH, tmp_path / "whole")
    for after in (1, 3, 5, 7):
        with pytest.raises(MockFailure):
            written(MockEngine(lengthening, batch_size=2, fail_after=after), TENTH, tmp_path / str(after))
        assert written(MockEngine(lengthening, batch_size=2), TENTH, tmp_path / str(after)) == whole


def test_a_compressors_own_reasoning_is_not_disclosed_and_what_is_cut_off_or_empty_is_not_used(tmp_path: Path) -> None:
    replies = {
        "q0": "<think>secret plan</think>\n\na b c d",
        "q1": Completion("a b c", "length", 3),
        "q2": " ",
        "q3": "<think>secret</think>",
        "q4": "a b c d",
    }
    attempts = written(MockEngine(lambda request: replies[request.id]), TENTH, tmp_path)
    assert {row.id: row.summary for row in disclose(ROWS, TENTH, attempts)} == {"q0": "a b c d", "q4": "a b c d"}


def test_incomplete_transcripts_are_not_compressed(tmp_path: Path) -> None:
    cut = ROWS[0].model_copy(update={"finish_reason": "length"})
    engine = MockEngine(lengthening)
    assert {row.id for row in written(engine, TENTH, tmp_path, [cut, *ROWS[1:3]])} == {"q1", "q2"}


@pytest.mark.parametrize(
    ("policy", "right", "wrong"),
    [
        (HeadedRecap(model="m"), "## Set up\nIt sets up.", "It sets up."),
        (NumberedBubbles(model="m"), "1. Sets up.\n2. Solves.", "Sure!\n1. Sets up."),
        (Paraphrase(model="m"), " ".join("y" * 30), "too short"),
    ],
)
def test_each_form_is_recognised(policy: Prompted, right: str, wrong: str) -> None:
    assert policy.misses(TRACE, right) == 0
    assert policy.misses(TRACE, wrong) > 0


def test_a_worked_answer_stands_in_the_answer_and_a_bare_one_is_the_result_alone(tmp_path: Path) -> None:
    policy = WorkedAnswer(model="m")
    attempts = written(MockEngine({"*": "First 1, then 3."}), policy, tmp_path)
    (first, *_) = disclose(ROWS, policy, attempts)
    assert (first.answer, first.summary) == ("First 1, then 3.\n\nIt is \\boxed{0}.", None)
    assert [row.answer for row in disclose(ROWS, BareAnswer())] == ["0", "3", "6", "9", "12"]


@pytest.mark.parametrize(
    "kind", [kind for kind, policy in discover("traceinv.policies", Policy).items() if issubclass(policy, Prompted)]
)
def test_every_shipped_prompt_has_its_fields(kind: str) -> None:
    policy = discover("traceinv.policies", Policy)[kind].model_validate({"kind": kind, "model": "m"})
    assert isinstance(policy, Prompted)
    asked = policy.ask(ROWS[1])
    assert TRACE in asked
    assert "What is 1 {times} 3?" in asked, "braces of a question are text"


@pytest.mark.parametrize(
    ("prompt", "message"),
    [
        ("Summarise {trcae} in {words} words.", "unknown field {trcae} (did you mean 'trace'?)"),
        ("Summarise {trace}.", "the prompt lacks the field {words}"),
        ("{trace} {words} {", "not a prompt: "),
        ("{trace.__class__} {words} {trace}", "unknown field {trace.__class__}"),
        ("{trace!r} {trace} {words}", "unknown field {trace}"),
        ("{} {trace} {words}", "unknown field {}"),
    ],
)
def test_a_wrong_prompt_is_refused_by_the_recipe(prompt: str, message: str, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text(prompt)
    policy = f"{{kind: length_ratio, model: lab-base, prompt_file: '{file}'}}"
    with pytest.raises(InputError) as error:
        load_recipe("lab", [f"policies.half={policy}"])
    assert message in str(error.value)
    assert "policies.half" in str(error.value)


def test_a_prompt_file_is_kept_as_its_text_so_that_a_changed_file_is_another_policy(tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("Shorten {trace} to {words} words.\n")
    policy = f"{{kind: length_ratio, model: lab-base, prompt_file: '{file}'}}"
    dumped = load_recipe("lab", [f"policies.half={policy}"]).policies["half"].model_dump(mode="json")
    assert dumped["prompt"] == "Shorten {trace} to {words} words."
    assert "prompt_file" not in dumped


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"x" * 70_000])
def test_a_prompt_file_that_cannot_be_read_is_named(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "prompt.txt"
    if content:
        file.write_bytes(content)
    policy = f"{{kind: length_ratio, model: lab-base, prompt_file: '{file}'}}"
    with pytest.raises(InputError, match=r"policies\.half\.prompt_file: .*prompt\.txt"):
        load_recipe("lab", [f"policies.half={policy}"])
