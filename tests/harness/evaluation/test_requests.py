"""Requests: lm-eval's generation arguments say the same to every engine, and no id is shared by two tasks."""

from typing import Any

import pytest

from harness.evaluation.requests import ItemRequest, check_arguments, to_sampling
from traceinv.engines.base import Sampling
from traceinv.errors import InputError


def request(task: str, item: str, **arguments: Any) -> ItemRequest:
    given = {"max_gen_toks": 9, **arguments}
    return ItemRequest(
        id=f"{task}/{item}", prompt="p", sampling=to_sampling(given, 1), task=task, item=item, text="t", arguments=given
    )


@pytest.mark.parametrize(
    ("arguments", "sampling"),
    [
        (
            {"do_sample": True, "temperature": 0.6, "top_p": 0.95},
            Sampling(temperature=0.6, top_p=0.95, max_new_tokens=9),
        ),
        ({"do_sample": True, "temperature": 0.9}, Sampling(temperature=0.9, max_new_tokens=9)),
        ({"do_sample": False, "temperature": 0.6, "top_p": 0.5}, Sampling(max_new_tokens=9)),
        ({"temperature": 0.6}, Sampling(max_new_tokens=9)),
        ({"until": ["\nQuestion:", ""]}, Sampling(max_new_tokens=9, stop=("\nQuestion:",))),
        ({"until": "\n"}, Sampling(max_new_tokens=9, stop=("\n",))),
    ],
)
def test_generation_arguments_mean_what_lm_eval_means(arguments: dict[str, Any], sampling: Sampling) -> None:
    assert to_sampling({"max_gen_toks": 9, **arguments}, 0) == sampling


def test_items_of_two_tasks_with_one_id_are_two_requests_with_their_own_seeds() -> None:
    first, second = request("humaneval", "HumanEval/0"), request("humaneval_plus", "HumanEval/0")
    assert first.key != second.key
    assert first.seed != second.seed
    assert first.response_key == second.response_key == ("HumanEval/0", 0)


def test_an_argument_that_an_engine_would_drop_is_refused_by_name() -> None:
    check_arguments([request("t", "a", do_sample=True, temperature=1.0)], "vllm")
    with pytest.raises(InputError, match="task t: generation argument 'top_k': the engine vllm does not support it"):
        check_arguments([request("t", "a", top_k=20)], "vllm")
