"""Reasoning markers: wrap, split, join, and replies that never close their reasoning."""

import pytest

from traceinv.reasoning import (
    Markers,
    completion_after,
    is_unclosed,
    join_reasoning,
    open_reasoning,
    restore_opening,
    split_reply,
    strip_markers,
    text_after_reasoning,
    wrap_reply,
)

CHANNELS = Markers("[THINK]", "[/THINK]")


@pytest.mark.parametrize(
    ("reply", "trace", "answer"),
    [
        ("<think>\na\nb\n</think>\n\n5", "a\nb", "5"),
        ("a\n</think>\n5", "a", "5"),
        ("<think>\n\n</think>\n\n5", None, "5"),
        ("<think>\na", None, None),
        ("<think>a</think>draft</think>\n5", "a</think>draft", "5"),
        ("</think>", None, None),
    ],
)
def test_a_reply_splits_into_trace_and_answer(reply: str, trace: str | None, answer: str | None) -> None:
    assert split_reply(reply) == (trace, answer)


@pytest.mark.parametrize("markers", [Markers(), CHANNELS])
def test_a_wrapped_reply_splits_into_what_was_wrapped(markers: Markers) -> None:
    assert split_reply(wrap_reply("a\nb", "5", markers), markers) == ("a\nb", "5")
    assert wrap_reply("", "5") == "<think>\n\n</think>\n\n5"


@pytest.mark.parametrize(
    ("reasoning", "answer", "text"),
    [
        ("r", "a", "<think>\nr\n</think>\n\na"),
        ("r", None, "<think>\nr"),
        ("r", "", "<think>\nr"),
        (None, "a", "a"),
        (None, None, ""),
    ],
)
def test_reasoning_stands_before_the_answer_and_stays_open_without_one(
    reasoning: str | None, answer: str | None, text: str
) -> None:
    assert join_reasoning(reasoning, answer) == text


@pytest.mark.parametrize(
    ("reply", "markers", "unclosed"),
    [
        ("<think>a", Markers(), True),
        ("<think>a</think>b", Markers(), False),
        ("<think>a</think>b<think>c", Markers(), True),
        ("5", Markers(), False),
        ("5", Markers(opened=True), True),
        ("a</think>5", Markers(opened=True), False),
        ("<think>a", CHANNELS, False),
        ("[THINK]a", CHANNELS, True),
    ],
)
def test_an_unclosed_reasoning_is_seen(reply: str, markers: Markers, unclosed: bool) -> None:
    assert is_unclosed(reply, markers) is unclosed


def test_text_after_reasoning_is_all_of_a_reply_without_markers() -> None:
    assert text_after_reasoning("a</think>b</think>\n5 ") == "5"
    assert text_after_reasoning(" 5") == "5"


def test_markers_can_be_removed() -> None:
    assert strip_markers("<think>\na</think> b") == "a b"


@pytest.mark.parametrize(
    ("prompt", "rest"), [("p", "<think>\na"), ("p<think>\n", "a"), ("p<think>", "\na"), ("p<think>\n\n", "a")]
)
def test_a_prompt_that_opens_the_reasoning_is_not_opened_twice(prompt: str, rest: str) -> None:
    assert completion_after(prompt, "<think>\na") == rest


def test_a_prompt_is_extended_to_where_the_trace_begins() -> None:
    assert [open_reasoning(p) for p in ("p", "p<think>\n", "p<think>")] == ["p<think>\n"] * 3


def test_the_opening_that_the_prompt_wrote_is_put_back() -> None:
    assert restore_opening("p<think>\n", "a</think>5") == "<think>a</think>5"
    assert restore_opening("p", "<think>a</think>5") == "<think>a</think>5"
