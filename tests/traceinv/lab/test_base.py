"""Tests of the base model of the package: it is small, follows its recipe, knows single steps and cannot chain them."""

import json
from itertools import chain

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tasks.lab.utils import grade_function, grade_value
from traceinv.engines.base import Request, Sampling, user_message
from traceinv.engines.transformers import TransformersEngine
from traceinv.lab.families import FAMILIES, unit_tests
from traceinv.lab.families.modular import MODULUS, PRIVATE, PRIVATE_AMOUNTS
from traceinv.lab.models import BASE
from traceinv.lab.pretraining import PretrainConfig, base_tokenizer
from traceinv.lab.questions import TEST_SEED, TEST_STEPS, draw
from traceinv.lab.skills import drill_accuracy, reading_accuracy


def test_it_takes_at_most_four_megabytes() -> None:
    assert sum(path.stat().st_size for path in BASE.iterdir()) <= 4_000_000


def test_its_recipe_is_the_default_one() -> None:
    assert json.loads((BASE / "recipe.json").read_text()) == json.loads(
        PretrainConfig().model_dump_json(exclude_none=True)
    )


@pytest.mark.slow
def test_its_tokenizer_is_the_one_that_the_labs_texts_give() -> None:
    shipped = json.loads(AutoTokenizer.from_pretrained(BASE).backend_tokenizer.to_str())
    assert shipped["model"] == json.loads(base_tokenizer().backend_tokenizer.to_str())["model"]


def test_it_knows_single_steps() -> None:
    model = AutoModelForCausalLM.from_pretrained(BASE, use_safetensors=True)
    accuracy = drill_accuracy(model, AutoTokenizer.from_pretrained(BASE), drills=40)
    assert set(accuracy) == set(FAMILIES)
    assert min(accuracy.values()) >= 0.75, accuracy


def test_it_reads_private_lines_that_stand_in_its_prompt() -> None:
    model = AutoModelForCausalLM.from_pretrained(BASE, use_safetensors=True)
    accuracy = reading_accuracy(model, AutoTokenizer.from_pretrained(BASE), drills=60)
    assert set(accuracy) == {name for name, family in FAMILIES.items() if family.has_private}
    assert min(accuracy.values()) >= 0.85, accuracy


def test_it_knows_how_a_private_step_is_written_and_finds_every_outcome_about_as_likely() -> None:
    """No outcome may be learnt: the target's table must not be in the base, nor any other."""
    model = AutoModelForCausalLM.from_pretrained(BASE, use_safetensors=True)
    tokenizer = AutoTokenizer.from_pretrained(BASE)
    digits = [tokenizer.convert_tokens_to_ids(str(digit)) for digit in range(MODULUS)]
    likeliest = []
    for amount in PRIVATE_AMOUNTS:
        for value in range(MODULUS):
            question = f"Count modulo 7. a={value};b=a{PRIVATE}{amount};c=b+1. What is c?"
            line = f"b=a{PRIVATE}{amount} {value}{PRIVATE}{amount}="
            prompt = tokenizer(f"<|user|>{question}<|assistant|><think>\n")["input_ids"]
            ids = torch.tensor([prompt + tokenizer(line)["input_ids"]])
            with torch.no_grad():
                logits = model(ids).logits[0]
            written = logits[len(prompt) - 1 : -1].argmax(-1).tolist()
            assert tokenizer.decode(written) == line
            outcomes = logits[-1].softmax(-1)[digits]
            assert outcomes.sum() > 0.95
            likeliest.append(float(outcomes.max()))
    assert sum(likeliest) / len(likeliest) < 0.3, "a seventh where the outcomes are equally likely"


@pytest.mark.parametrize("family", sorted(FAMILIES))
def test_it_cannot_chain_them(family: str) -> None:
    engine = TransformersEngine.load(BASE)
    drawn = draw("test", 40, TEST_STEPS, TEST_SEED)
    problems = {id_: problem for id_, problem in drawn.items() if problem.family == family}
    sampling = Sampling(max_new_tokens=256)
    requests = [Request(id_, engine.render(user_message(p.question)), sampling) for id_, p in problems.items()]
    right = 0.0
    for request, reply in chain.from_iterable(engine.generate(requests)):
        problem = problems[request.id]
        if family == "compose":
            right += grade_function(reply.text, unit_tests(problem.reference)).value
        else:
            right += grade_value(reply.text, problem.reference).value
    assert right / len(problems) <= 0.3, "not far above the share of the commonest answer, a fifth"
