"""What a base model of the lab can do: write single steps, and read notes."""

from random import Random
from typing import TYPE_CHECKING

from traceinv.lab.families import FAMILIES, Drill
from traceinv.lab.families.drills import NOTES, reading_drill
from traceinv.lab.families.modular import PRIVATE
from traceinv.lab.pretraining_rows import draw_problem, encode_drill

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerFast


def drill_accuracy(
    model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerFast", drills: int = 100
) -> dict[str, float]:
    """Return by family the share of lines of new drills that the model predicts right, all tokens and the end included."""
    accuracy = {}
    for name, family in FAMILIES.items():
        rng = Random(f"fresh drills of {name}")
        right = [hit for _ in range(drills) for hit in _targets_right(model, tokenizer, family.drill(rng))]
        accuracy[name] = sum(right) / len(right)
    return accuracy


def reading_accuracy(
    model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerFast", drills: int = 100
) -> dict[str, float]:
    """Return by family the share of private lines that the model predicts right where they stand in the notes.

    Who does not read the notes gets a seventh of them right.
    """
    accuracy = {}
    for name, family in FAMILIES.items():
        if not family.has_private:
            continue
        rng, right = Random(f"fresh notes of {name}"), list[bool]()
        for _ in range(drills):
            problem = draw_problem(rng, name, rng.randint(3, 6), 0.4)
            drill = reading_drill(rng, problem.question, problem.trace, problem.answer)
            noted = drill.question.partition(NOTES)[2].splitlines()
            hits = _targets_right(model, tokenizer, drill)
            right += [
                hit for hit, (_, line) in zip(hits, drill.turns, strict=True) if line in noted and PRIVATE in line
            ]
        accuracy[name] = sum(right) / len(right)
    return accuracy


def _targets_right(model: "LlamaForCausalLM", tokenizer: "PreTrainedTokenizerFast", drill: Drill) -> list[bool]:
    """Say of each target of a drill whether the model predicts every token of it, its end included."""
    import torch

    row = encode_drill(tokenizer, drill)
    with torch.no_grad():
        logits = model(torch.tensor([row.input_ids], device=model.device)).logits
    hits = [True, *(logits[0, :-1].argmax(-1).cpu() == torch.tensor(row.input_ids[1:])).tolist()]
    right, so_far = [], True
    for token, hit, in_target in zip(row.input_ids, hits, row.completion_mask, strict=True):
        so_far = so_far and (hit or not in_target)
        if in_target and token == tokenizer.eos_token_id:
            right.append(so_far)
            so_far = True
    return right
