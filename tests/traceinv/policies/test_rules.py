"""Disclosure policies that are rules: what each shows of a trace, and that all of them can be used from any recipe."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from distributions import install

from harness.pipeline.recipe_files import load_recipe
from traceinv.errors import InputError
from traceinv.inversion import inverter_prompt
from traceinv.policies.answer_and_metadata import AnswerAndMetadata
from traceinv.policies.base import Policy
from traceinv.policies.keywords import Keywords
from traceinv.policies.one_sentence import OneSentence
from traceinv.policies.prefix import Prefix
from traceinv.policies.reordered import Reordered
from traceinv.policies.suffix import Suffix
from traceinv.records import Question, Transcript
from traceinv.registry import discover

PROSE = "Okay, the user asks for 12*3.\n12 times 3 is 36.\nWait, is it? 12+12+12 is 36 too.\nSo the result is 36."
QUESTION = Question(id="q", kind="arithmetic", text="What is 12 times 3?")
ROW = Transcript(id="q", question=QUESTION, trace=PROSE, answer="36", finish_reason="stop", tokens=77)


def summary(policy: Policy, row: Transcript = ROW) -> str:
    disclosure = policy.disclose(row)
    assert disclosure is not None
    assert disclosure.summary is not None
    return disclosure.summary


@pytest.mark.parametrize("lines", range(1, 9))
def test_prefix_and_suffix_show_lines_from_either_end_and_never_none(lines: int) -> None:
    trace = [f"step {n}" for n in range(lines)]
    row = ROW.model_copy(update={"trace": "\n\n".join(trace)})
    first, last = summary(Prefix(share=0.25), row).splitlines(), summary(Suffix(share=0.25), row).splitlines()
    count = -(-lines // 4)
    assert (first, last) == (trace[:count], trace[-count:])
    assert summary(Prefix(share=1), row).splitlines() == trace


def test_one_sentence_is_the_last_step() -> None:
    assert summary(OneSentence()) == "So the result is 36."


def test_reordered_keeps_every_step_but_talk_to_oneself_and_always_gives_the_same_order() -> None:
    shown = summary(Reordered()).splitlines()
    assert sorted(shown) == ["12 times 3 is 36.", "12+12+12 is 36 too.", "So the result is 36."]
    assert shown == summary(Reordered()).splitlines()
    assert len(summary(Reordered(self_talk=True)).splitlines()) == 5
    assert summary(Reordered(), ROW.model_copy(update={"trace": "Wait, 36."})) == "Wait, 36."


def test_reordering_moves_steps() -> None:
    trace = "\n".join(f"step {n}" for n in range(6))
    rows = [ROW.model_copy(update={"id": f"q{n}", "trace": trace}) for n in range(20)]
    orders = {summary(Reordered(), row) for row in rows}
    assert len(orders) > 10
    assert {tuple(sorted(order.splitlines())) for order in orders} == {tuple(trace.splitlines())}


def test_keywords_are_the_traces_own_most_frequent_words_in_its_order() -> None:
    trace = "The remainder theorem: divide, then the remainder of 3.5 is what the theorem says. Remainder!"
    row = ROW.model_copy(update={"trace": trace, "question": QUESTION.model_copy(update={"text": "Divide the 7."})})
    assert summary(Keywords(count=2), row) == "remainder theorem"
    assert "3.5" in summary(Keywords(count=20), row).split()
    assert summary(Keywords(), ROW.model_copy(update={"trace": "3"})) == "3"


def test_the_number_of_tokens_stands_with_the_answer_exactly_or_rounded() -> None:
    exact, rounded = AnswerAndMetadata().disclose(ROW), AnswerAndMetadata(rounded=True).disclose(ROW)
    assert exact
    assert rounded
    assert (exact.tokens, rounded.tokens, exact.summary) == (77, 64, None)
    prompt = inverter_prompt(exact, "answer")
    assert prompt == "What is 12 times 3?\n\nAnswer:\n36\n\nTokens of the reply:\n77\n\nReasoning?"
    assert "77" not in inverter_prompt(exact, "question")


def test_a_transcript_without_a_number_of_tokens_is_refused_where_it_is_to_be_disclosed() -> None:
    with pytest.raises(InputError, match="the transcript 'q' has no number of tokens"):
        AnswerAndMetadata().disclose(ROW.model_copy(update={"tokens": None}))


@pytest.mark.parametrize(
    "kind", [kind for kind, policy in discover("traceinv.policies", Policy).items() if not policy.reads_own_summary]
)
def test_every_kind_can_be_set_from_the_command_line_of_any_recipe(kind: str) -> None:
    needed = {"p": "policies.half.p=0.5", "model": "policies.half.model=lab-base"}
    fields = discover("traceinv.policies", Policy)[kind].model_fields
    more = [given for field, given in needed.items() if field in fields]
    recipe = load_recipe("lab", [f"policies.half.kind={kind}", *more])
    assert recipe.policies["half"].kind == kind


@pytest.mark.parametrize("policy", [Prefix(), Suffix(), Reordered(), OneSentence(), Keywords()])
def test_a_trace_of_white_space_discloses_nothing(policy: Policy) -> None:
    assert policy.disclose(ROW.model_copy(update={"trace": " \n "})) is None


def test_a_policy_of_another_distribution_is_used_like_one_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "theirs.py").write_text(
        "from typing import Literal\n"
        "from traceinv.policies.base import Policy, lines_of\n"
        "class Longest(Policy):\n"
        "    kind: Literal['longest_line'] = 'longest_line'\n"
        "    def summarise(self, trace):\n"
        "        return max(lines_of(trace), key=len)\n"
    )
    install(tmp_path, "theirs", "traceinv.policies", "theirs")
    program = (
        "from harness.pipeline.recipe_files import load_recipe\n"
        "policy = load_recipe('lab', ['policies.half.kind=longest_line']).policies['half']\n"
        "print(policy.summarise('a\\nthe longest\\nb'))"
    )
    path = os.pathsep.join([str(tmp_path), *filter(None, sys.path)])
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (0, "the longest\n"), ran.stderr
