"""Reasoning markers: wrap, split, join, and replies that never close their reasoning."""

import pytest

from traceinv.reasoning import (
    Markers,
    closes_what_it_never_opens,
    is_unclosed,
    join_reasoning,
    marker_tokens,
    restore_opening,
    split_reply,
    strip_markers,
    text_after_reasoning,
    to_think,
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


def test_the_opening_that_the_prompt_wrote_is_put_back() -> None:
    assert restore_opening("p<think>\n", "a</think>5") == "<think>a</think>5"
    assert restore_opening("p", "<think>a</think>5") == "<think>a</think>5"
    assert restore_opening("p<think>\n", "<think>\na</think>5") == "<think>\na</think>5", "an engine may have done it"


HARMONY = (
    "<|channel|>analysis<|message|>Perhaps 41?<|end|><|start|>assistant<|channel|>final<|message|>It is 42.<|return|>"
)


@pytest.mark.parametrize(
    ("reply", "trace", "answer"),
    [
        ("[THINK]a[/THINK]5", "a", "5"),
        ("a[/THINK]\n5", "a", "5"),
        ("<|begin_of_thought|>\na\n<|end_of_thought|>\n\n5", "a", "5"),
        ("<seed:think>a</seed:think>5", "a", "5"),
        ("◁think▷a◁/think▷5", "a", "5"),
        ("<|START_THINKING|>a<|END_THINKING|>5", "a", "5"),
        ("\n<thinking>\na\n</thinking>\n5", "a", "5"),
        ("<reasoning>a</reasoning><answer>5</answer>", "a", "<answer>5</answer>"),
        ("Here is my thought process: a Here is my response: 5", "a", "5"),
        ("<|start|>assistant<think>a</think>5", "<|start|>assistant<think>a", "5"),
        ("My <thought> is no trace, </thought> is it?", None, None),
        ("<think>I am to write `</think>` once. a</think>5", "I am to write `</think>` once. a", "5"),
        ("<think>a</think>I closed it with `</think>`.", "a", "I closed it with `</think>`."),
        (HARMONY, "Perhaps 41?", "It is 42."),
        ("Perhaps 41?<|end|><|start|>assistant<|channel|>final<|message|>42", "Perhaps 41?", "42"),
        ("<|channel|>final<|message|>42<|return|>", None, "42"),
        (HARMONY.replace("<|end|>", "<|end|><|channel|>commentary<|message|>b<|end|>"), "Perhaps 41?\nb", "It is 42."),
        ("analysisPerhaps 41?assistantfinalIt is 42.", "Perhaps 41?", "It is 42."),
        ("<|channel|>analysis<|message|>Perhaps 41? Or", None, None),
        ("analysisPerhaps 41? Or", None, None),
    ],
)
def test_the_markers_of_known_models_are_tried_on_each_reply(reply: str, trace: str | None, answer: str | None) -> None:
    assert split_reply(reply) == (trace, answer)


@pytest.mark.parametrize(
    ("reply", "unclosed"),
    [
        ("[THINK]Perhaps 42? Let me", True),
        ("<|begin_of_thought|>\na", True),
        ("<reasoning>a", True),
        ("<|channel|>analysis<|message|>Perhaps 42? Let me", True),
        ("<|channel|>analysis<|message|>a<|end|>", False),
        ("analysisWe need 6*7", True),
        ("analysis of variance gives 5", False),
        ("Analysis: 5", False),
        ("The tag `<think>` opens a trace. It is 5.", False),
        ("I need no <think> part: 5", False),
        ("<think>a</think>\n\nAfter my <think> part: 5", False),
        ("<think>a</think>5\n<think>\nb", True),
        ("<think>a</think>It is 5. <think> is the tag that I used.", False),
        ("It is 5. <think> Or", True),
        ("<|im_start|>think\na", True),
        ("In harmony `<|channel|>` names a channel. 5", False),
        ("x = [THINK]", False),
    ],
)
def test_a_marker_that_is_mentioned_opens_nothing(reply: str, unclosed: bool) -> None:
    assert is_unclosed(reply) is unclosed


def test_a_prompt_that_opens_the_reasoning_of_any_known_model_is_put_back() -> None:
    assert restore_opening("p[THINK]", "a[/THINK]5") == "[THINK]a[/THINK]5"
    prompt = "<|start|>assistant<|channel|>analysis<|message|>"
    assert split_reply(restore_opening(prompt, "a<|end|><|start|>assistant<|channel|>final<|message|>5")) == ("a", "5")


def test_a_reply_is_rewritten_to_the_default_markers() -> None:
    own = Markers("((", "))")
    assert to_think("((a))5", own) == "<think>a</think>5"
    assert to_think("((a", own) == "<think>a"
    assert to_think("a", Markers("((", "))", opened=True)) == "<think>a"
    assert to_think("5", own) == "5"


def test_a_reply_that_closes_what_it_never_opens_is_seen() -> None:
    assert closes_what_it_never_opens("a</think>5")
    assert closes_what_it_never_opens("a[/THINK]5")
    assert not closes_what_it_never_opens("<think>a</think>5")
    assert not closes_what_it_never_opens("5")


def test_special_tokens_that_are_markers_are_known() -> None:
    assert marker_tokens(["<|end|>", "<|channel|>", "<|return|>", "<s>"]) == {"<|end|>", "<|channel|>"}
    assert marker_tokens(["<think>", "</think>", "<|im_end|>"]) == {"<think>", "</think>"}
    assert marker_tokens(["<unused94>", "<unused95>", "<unused96>"]) == {"<unused94>", "<unused95>"}
    assert not marker_tokens(["<|im_end|>", "<|end|>", "<|start|>"])
