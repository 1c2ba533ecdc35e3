"""Tests of the lab's families: exact traces, readers that judge every line, answers that cannot be guessed."""

from collections import Counter
from random import Random

import pytest

from traceinv.lab.families import FAMILIES, SECRET, guessed_world, secret_world, unit_tests
from traceinv.lab.families.modular import MODULUS, PRIVATE, PRIVATE_AMOUNTS
from traceinv.lab.questions import TEST_STEPS

NAMES = sorted(FAMILIES)
WITH_PRIVATE = [name for name in NAMES if FAMILIES[name].has_private]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("steps", [1, 4, 8])
def test_the_true_trace_has_as_many_steps_as_asked_and_reads_back_as_true(name: str, steps: int) -> None:
    rng = Random(steps)
    for _ in range(100):
        problem = FAMILIES[name].sample(rng, steps)
        read = FAMILIES[name].read(problem.question, problem.trace)
        assert len(read) == steps
        assert all(step.well_formed and step.true for step in read)
        assert read[-1].needed, "the last step states the answer, so it is always needed"


@pytest.mark.parametrize("name", NAMES)
def test_a_changed_digit_makes_a_step_false_and_garbage_makes_it_malformed(name: str) -> None:
    problem = FAMILIES[name].sample(Random(1), 5)
    first, *others = problem.trace.splitlines()
    wrong = first[:-1] + str((int(first[-1]) + 1) % 7)
    judged = FAMILIES[name].read(problem.question, "\n".join([wrong, *others, "\x00<script>", "==", "a=b=c=d"]))
    assert [(step.well_formed, step.true) for step in judged[:2]] == [(True, False), (True, True)]
    assert all(not step.well_formed and not step.true and not step.needed for step in judged[-3:])


def test_a_line_about_something_the_question_does_not_have_is_not_needed() -> None:
    question = "Count modulo 7. a=3;b=a+1;c=b*2. What is c?"
    judged = FAMILIES["chain"].read(question, "b=a+1 3+1=4\nd=b*2 4*2=1\nc=b*2 4*2=1")
    assert [(step.well_formed, step.true, step.needed) for step in judged] == [
        (True, True, True),
        (True, False, False),
        (True, True, True),
    ]


def test_the_branch_that_the_interpreter_took_is_the_true_one() -> None:
    question = "What does this Python program print?\na=3\nb=(a+1 if a>5 else a*2)%7\nprint(b)"
    rule = "b=(a+1 if a>5 else a*2)%7"
    trace = f"{rule} 3>5 no 3*2=6\n{rule} 3>5 yes 3+1=4\nb=(a*2)%7 3*2=6"
    assert [step.true for step in FAMILIES["prints"].read(question, trace)] == [True, False, False]


def test_the_printed_program_is_what_python_prints(capsys: pytest.CaptureFixture[str]) -> None:
    rng = Random(3)
    for _ in range(50):
        problem = FAMILIES["prints"].sample(rng, 6)
        exec(problem.question.partition("\n")[2], {})  # noqa: S102  made by the family
        assert capsys.readouterr().out.strip() == problem.answer


def test_the_function_of_compose_passes_its_unit_tests() -> None:
    problem = FAMILIES["compose"].sample(Random(4), 6)
    scope: dict[str, object] = {}
    exec(problem.answer, scope)  # noqa: S102  made by the family
    function = scope["f"]
    assert callable(function)
    assert all(function(x) == y for x, y in unit_tests(problem.reference))


@pytest.mark.parametrize("name", NAMES)
def test_always_giving_the_commonest_answer_scores_at_most_a_fifth(name: str) -> None:
    rng = Random(0)
    answers = Counter(FAMILIES[name].sample(rng, rng.randint(*TEST_STEPS)).answer for _ in range(3000))
    assert answers.most_common(1)[0][1] / 3000 <= 0.20


@pytest.mark.parametrize("name", NAMES)
def test_a_drill_asks_for_single_lines_after_a_context_of_fresh_values(name: str) -> None:
    rng = Random(5)
    targets: list[str] = []
    true_contexts = long_contexts = 0
    for _ in range(200):
        drill = FAMILIES[name].drill(rng)
        for context, target in drill.turns:
            targets.append(target)
            assert target.startswith("</think>") or "\n" not in target
            if len(context.splitlines()) > 1:
                long_contexts += 1
                true_contexts += all(step.true for step in FAMILIES[name].read(drill.question, context))
    assert true_contexts / long_contexts < 0.1, "a context is a true trace only by chance"
    assert sum(target.startswith("</think>") for target in targets) > 20, "some targets end the trace"


@pytest.mark.parametrize("name", NAMES)
def test_a_question_of_another_family_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="not a"):
        FAMILIES[name].read("What is the capital of France?", "x")


def test_each_amount_of_the_secret_table_is_a_permutation() -> None:
    for amount in PRIVATE_AMOUNTS:
        assert sorted(SECRET[amount, value] for value in range(MODULUS)) == list(range(MODULUS))


@pytest.mark.parametrize("name", WITH_PRIVATE)
@pytest.mark.parametrize("private", [0, 1, 3])
def test_private_steps_are_as_many_as_asked_and_the_reader_names_them(name: str, private: int) -> None:
    rng = Random(private)
    for _ in range(50):
        problem = FAMILIES[name].sample(rng, 5, private)
        read = FAMILIES[name].read(problem.question, problem.trace)
        assert all(step.well_formed and step.true and step.needed for step in read)
        assert [step.private for step in read] == [PRIVATE in line for line in problem.trace.splitlines()]
        assert sum(step.private for step in read) == problem.private == private


@pytest.mark.parametrize("name", WITH_PRIVATE)
def test_public_questions_are_the_same_whether_or_not_there_is_a_private_operation(name: str) -> None:
    drawn = [FAMILIES[name].sample(Random(8), 5, 0, world) for world in (secret_world, guessed_world)]
    assert drawn[0] == drawn[1]
    assert not any(step.private for step in FAMILIES[name].read(drawn[0].question, drawn[0].trace))


@pytest.mark.parametrize("name", WITH_PRIVATE)
def test_a_guessed_trace_follows_from_its_own_table_and_not_from_the_secret_one(name: str) -> None:
    rng = Random(2)
    problems = [FAMILIES[name].sample(rng, 5, 1, guessed_world) for _ in range(200)]
    true = 0
    for problem in problems:
        assert all(s.true for s in FAMILIES[name].read(problem.question, problem.trace, guessed_world(problem.key)))
        true += sum(s.true for s in FAMILIES[name].read(problem.question, problem.trace) if s.private)
    assert true / len(problems) < 0.3, "a guess among seven is right by chance"


def test_a_wrong_private_outcome_is_well_formed_private_and_false() -> None:
    right = SECRET[2, 3]
    question, wrong = "Count modulo 7. a=3;b=a#2. What is b?", (right + 1) % MODULUS
    (judged,) = FAMILIES["chain"].read(question, f"b=a#2 3#2={wrong}")
    assert (judged.well_formed, judged.true, judged.needed, judged.private) == (True, False, True, True)


def test_a_program_with_a_private_step_prints_what_the_library_gives(capsys: pytest.CaptureFixture[str]) -> None:
    problem = FAMILIES["prints"].sample(Random(3), 4, 2)
    source = problem.question.partition("\n")[2]
    assert source.startswith("from box import mix\n")
    mix = {"mix": lambda value, amount: SECRET[amount, value]}
    exec(source.partition("\n")[2], mix)  # noqa: S102  made by the family
    assert capsys.readouterr().out.strip() == problem.answer


def test_the_family_without_the_private_operation_refuses_private_steps() -> None:
    with pytest.raises(ValueError, match="no private steps"):
        FAMILIES["compose"].sample(Random(0), 4, 1)


@pytest.mark.parametrize("name", WITH_PRIVATE)
def test_a_drill_shows_private_outcomes_that_no_other_drill_shares(name: str) -> None:
    rng = Random(6)
    outcomes: dict[str, set[str]] = {}
    for _ in range(400):
        for turn in FAMILIES[name].drill(rng, 0.3).turns:
            for line in "\n".join(turn).splitlines():
                if PRIVATE in line:
                    fact, _, outcome = line.split()[-1].partition("=")
                    outcomes.setdefault(fact, set()).add(outcome)
    assert len(outcomes) == len(SECRET)
    assert min(map(len, outcomes.values())) >= 4
