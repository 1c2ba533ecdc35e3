"""Tests of the lab's tokenizer: it is lossless, and every statement of the lab is one token."""

from random import Random

import pytest
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from traceinv.lab.families import FAMILIES
from traceinv.lab.families.modular import MODULUS, OPERATORS, PRIVATE, PRIVATE_AMOUNTS, PRIVATE_VERB, VERBS
from traceinv.lab.models import BASE

SIGNS = [f"{operator}{amount}" for operator in OPERATORS for amount in range(2, MODULUS)]
WORDS = [f"{verb} {amount}" for verb in VERBS.values() for amount in range(2, MODULUS)]

PRIVATE_SIGNS = [f"{PRIVATE}{amount}" for amount in PRIVATE_AMOUNTS]


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerFast:
    loaded: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(BASE)
    return loaded


def test_every_statement_is_one_token(tokenizer: PreTrainedTokenizerFast) -> None:
    chain = [f"{name}={before}{sign}" for before, name in zip("abcdefgh", "bcdefghi", strict=True) for sign in SIGNS]
    dials = [f"{name} {words}" for name in ("Ann", "Bob", "Hal") for words in WORDS]
    compose = [f"{label} {words}" for label in "ABCDEFGH" for words in WORDS]
    prints = [f"{name}=({before}{sign}" for before, name in ("ab", "hi") for sign in SIGNS]
    branches = [f" else {name}{sign}" for name in "abcdefgh" for sign in SIGNS]
    private = [f"{name}={before}{sign}" for before, name in ("ab", "hi") for sign in PRIVATE_SIGNS]
    private += [f"{name} {PRIVATE_VERB} {amount}" for name in ("Ann", "Hal") for amount in PRIVATE_AMOUNTS]
    private += [f"{name}=mix({before},{amount})" for before, name in ("ab", "hi") for amount in PRIVATE_AMOUNTS]
    split = [
        text for text in (*chain, *dials, *compose, *prints, *branches, *private) if len(tokenizer.encode(text)) > 1
    ]
    assert not split


def test_decoding_gives_any_text_back(tokenizer: PreTrainedTokenizerFast) -> None:
    texts = ["", "a", "Füße €\u2028\x00 \t\r\n", "b=(a+4 if a>3 else a*2)%7", "<think>\n</think>"]
    texts += [family.sample(Random(1), 5).question for family in FAMILIES.values()]
    assert [tokenizer.decode(tokenizer.encode(text)) for text in texts] == texts
