"""The rows that the lab's base model is trained on."""

from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field

from traceinv.formatting import EncodedExample, encode_prompt
from traceinv.lab.families import FAMILIES, Drill, Problem, draw_table
from traceinv.lab.families.drills import count_private, reading_drill
from traceinv.lab.questions import split_of
from traceinv.lab.tokenizer import ASSISTANT, END, USER
from traceinv.reasoning import OPEN, wrap_reply

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast


class Mixture(BaseModel):
    """How many rows of which kinds.

    Attributes:
        rows: number of rows.
        reply_share: share of the rows that are replies to questions of one step.
        private_share: share of the steps of replies and drills that are private ones, in the families that have them.
        reading_share: share of the rows that are reading drills; what is neither these nor replies is drills.
        private_read: share of the steps of reading drills that are private ones.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int = Field(80_000, gt=0)
    reply_share: float = Field(0.15, ge=0, le=1)
    private_share: float = Field(0.15, ge=0, le=1)
    reading_share: float = Field(0.0, ge=0, le=1)
    private_read: float = Field(0.0, ge=0, le=1)


def pretraining_rows(mixture: Mixture, seed: int, tokenizer: "PreTrainedTokenizerFast") -> Iterator[EncodedExample]:
    """Generate the rows of one round."""
    rng = Random(seed)
    families = list(FAMILIES.values())
    for _ in range(mixture.rows):
        family, kind = rng.choice(families), rng.random()
        if kind < mixture.reply_share:
            yield _encode_reply(tokenizer, draw_problem(rng, family.name, 1, mixture.private_share))
        elif kind < mixture.reply_share + mixture.reading_share:
            problem = draw_problem(rng, family.name, rng.randint(2, 9), mixture.private_read)
            yield encode_drill(tokenizer, reading_drill(rng, problem.question, problem.trace, problem.answer))
        else:
            yield encode_drill(tokenizer, family.drill(rng, mixture.private_share))


def draw_problem(rng: Random, name: str, steps: int, private_share: float) -> Problem:
    """Draw a problem of the base's split, with private outcomes that hold in it alone."""
    family = FAMILIES[name]
    while True:
        private = count_private(rng, steps, private_share) if family.has_private else 0
        problem = family.sample(rng, steps, private, lambda key: draw_table(rng))
        if split_of(problem) == "base":
            return problem


def _encode_reply(tokenizer: "PreTrainedTokenizerFast", problem: Problem) -> EncodedExample:
    return _encode_turns(
        tokenizer, [(f"{USER}{problem.question}{ASSISTANT}", wrap_reply(problem.trace, problem.answer))]
    )


def encode_drill(tokenizer: "PreTrainedTokenizerFast", drill: Drill) -> EncodedExample:
    """Encode a drill as a conversation; the loss covers each target and the end of its reply, not their contexts."""
    turns = []
    for number, (context, target) in enumerate(drill.turns):
        lines = f"{context}\n" if context else ""
        turns.append((f"{USER}{'' if number else drill.question}{ASSISTANT}{OPEN}\n{lines}", target))
    return _encode_turns(tokenizer, turns)


def _encode_turns(tokenizer: "PreTrainedTokenizerFast", turns: list[tuple[str, str]]) -> EncodedExample:
    ids: list[int] = []
    mask: list[int] = []
    for prompt, reply in turns:
        prompt_ids = encode_prompt(tokenizer, prompt)
        reply_ids = encode_prompt(tokenizer, f"{reply}{END}")
        ids += prompt_ids + reply_ids
        mask += [0] * len(prompt_ids) + [1] * len(reply_ids)
    return EncodedExample(ids, mask)
