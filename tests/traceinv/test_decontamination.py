"""Overlaps with benchmarks: what is found, what is not, and what is listed for eyes."""

from traceinv.decontamination import Held, find_overlaps, nearest

QUESTION = (
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May. How many in all?"
)
ITEM = Held("gsm8k", "gsm8k/0", QUESTION)


def how(text: str, *held: Held) -> str | None:
    (found,) = find_overlaps([text], held or [ITEM])
    return found and found.how


def test_the_same_words_are_found_whatever_their_case_and_spacing() -> None:
    assert how("  " + QUESTION.upper().replace(", ", "; ").replace(". ", "\n").rstrip("?")) == "exact"
    assert how("What is 1+1?", Held("x", "0", "what is 1 + 1")) == "exact", "short questions too"


def test_thirteen_words_in_a_row_are_found_and_twelve_are_not() -> None:
    words = QUESTION.split()
    assert how("Yesterday " + " ".join(words[:13]) + " nothing") == "13-gram"
    assert how("Yesterday " + " ".join(words[:12]) + " nothing") is None


def test_the_prompt_of_a_benchmark_is_no_overlap() -> None:
    prompt = "Please reason step by step and put your final answer within a box at the very end."
    items = [Held("b", str(n), f"{prompt} Item {n}: how far is it to town {n}?") for n in range(50)]
    assert how(f"{prompt} Something else altogether?", *items) is None
    assert how(items[7].text, *items) == "exact"
    few = items[:5]
    assert how(f"{prompt} Something else altogether?", *few) == "13-gram"


def test_the_nearest_kept_questions_are_listed_first() -> None:
    texts = ["The sky is blue today.", "In April Natalia sold 48 clips to friends, and half as many in May."]
    first, second = nearest(texts, [ITEM, Held("x", "1", "Paint is drying.")], 5)
    assert (first.index, first.held.id) == (1, "gsm8k/0")
    assert 0 <= second.similarity < first.similarity <= 1
    assert nearest(texts, [], 5) == nearest([], [ITEM], 5) == nearest(texts, [Held("x", "0", "?!")], 5) == []
