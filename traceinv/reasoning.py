"""Reasoning markers: how a trace is set apart in a reply, and how it is taken out again."""

import re
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Markers:
    """The texts that enclose a model's reasoning.

    Attributes:
        open: text before the reasoning.
        close: text after the reasoning.
        opened: whether the prompt itself ends with the opening marker, so that replies begin inside the reasoning.
    """

    open: str = "<think>"
    close: str = "</think>"
    opened: bool = False


@dataclass(frozen=True)
class Parts:
    """The parts of a reply, unchanged.

    Attributes:
        reasoning: the text inside the markers; None where the reply has no marker.
        answer: the text after the last closing marker; all of a reply without markers; None where the reasoning is never closed.
        unclosed: whether the reply ends inside its reasoning, which it may open again after it has closed it.
    """

    reasoning: str | None
    answer: str | None
    unclosed: bool


THINK = Markers()
OPEN, CLOSE = THINK.open, THINK.close
KNOWN = (
    THINK,  # DeepSeek-R1, Qwen3, Phi-4-reasoning, GLM, MiniMax, OLMo 3 and most others
    Markers("[THINK]", "[/THINK]"),  # Magistral
    Markers("<seed:think>", "</seed:think>"),  # Seed-OSS
    Markers("<longcat_think>", "</longcat_think>"),  # LongCat
    Markers("◁think▷", "◁/think▷"),  # Kimi-VL
    Markers("<|begin_of_thought|>", "<|end_of_thought|>"),  # Sky-T1, OpenThinker
    Markers("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    Markers("<|inner_prefix|>", "<|inner_suffix|>"),  # Apertus
    Markers("<|channel>thought", "<channel|>"),  # Gemma 4
    Markers("<unused94>thought", "<unused95>"),  # MedGemma
)
"""Markers of known models. A reply may lack the opening one, because some chat templates end the prompt with it."""
OPENED_BY_THE_REPLY = (
    Markers("<thinking>", "</thinking>"),
    Markers("<thought>", "</thought>"),  # EXAONE Deep
    Markers("<reasoning>", "</reasoning>"),
    Markers("[THINKING]", "[/THINKING]"),
    Markers("[REASONING]", "[/REASONING]"),
    Markers("<|thinking|>", "<|/thinking|>"),
    Markers("<|begin_of_thinking|>", "<|end_of_thinking|>"),
    Markers("<|think_start|>", "<|think_end|>"),
    Markers("<|im_start|>think", "<|im_start|>answer"),  # s1
    Markers("<Thought>", "</Thought>"),  # Marco-o1
    Markers("<Thinking>", "</Thinking>"),
    Markers("<THINK>", "</THINK>"),
    Markers("<REASONING>", "</REASONING>"),
    Markers("<scratchpad>", "</scratchpad>"),
    Markers("Here is my thought process:", "Here is my response:"),  # Granite 3
    Markers("Here's my thought process:", "Here's my response:"),
)
"""Markers that also have other uses. They are markers only where a reply begins with the opening one."""

CHANNEL = "<|channel|>"
_CHANNEL_TOKENS = frozenset({CHANNEL, "<|start|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>"})
_CHANNEL_OPENING = f"{CHANNEL}analysis<|message|>"
_MESSAGE = re.compile(
    r"(?:<\|channel\|>\s*(?P<channel>[a-z]*)[^<]*)?(?:<\|constrain\|>[^<]*)?<\|message\|>"
    r"(?P<text>.*?)(?P<end><\|(?:end|return|call|start)\|>|(?=<\|channel\|>)|\Z)",
    re.S,
)
_CHANNEL_NAMED = re.compile(r"<\|channel\|>\s*(?:analysis|commentary|final)")
_BARE_CHANNELS = re.compile(r"\s*analysis(?:(?=[A-Z\"'(\\$\d])|(?=.*assistantfinal))", re.S)  # special tokens left out
_BARE_FINAL = "assistantfinal"
_BEGINNING = re.compile(
    r"(?:\s|\ufeff|<s>|<bos>|<\|[\w-]+\|>(?:assistant)?)*?(?P<open>"
    + "|".join(re.escape(markers.open) for markers in (*KNOWN, *OPENED_BY_THE_REPLY))
    + ")"
)
_QUOTES = frozenset("`'\"“”‘’")


def wrap_reply(trace: str, answer: str, markers: Markers = THINK) -> str:
    """Write a reply: the trace between the markers, then the answer. The trace may be empty."""
    return f"{markers.open}\n{trace}\n{markers.close}\n\n{answer}"


def read_reply(reply: str, markers: Markers = THINK) -> Parts:
    """Split a reply into its parts.

    The answer is the text after the last closing marker, so that a draft inside the reasoning is not taken for it. A marker
    that the text only mentions, in quotes or in the middle of a sentence, is none. Where `markers` are the default, the reply
    may use those of any known model instead, or the channels of OpenAI's harmony format.
    Source: https://cookbook.openai.com/articles/openai-harmony
    """
    if (markers.open, markers.close) == (OPEN, CLOSE):
        if _CHANNEL_NAMED.search(reply):
            return _read_channels(reply)
        if beginning := _BARE_CHANNELS.match(reply):
            reasoning, closed, answer = reply[beginning.end() :].rpartition(_BARE_FINAL)
            return Parts(reasoning, answer, unclosed=False) if closed else Parts(answer, None, unclosed=True)
        markers = _find_markers(reply, markers)
    end = _last_closing(reply, markers.close)
    if end is not None:
        after = end + len(markers.close)
        reopened = bool(markers.open) and _next_opening(reply, markers.open, after, spaced=False) is not None
        return Parts(reply[:end].strip().removeprefix(markers.open), reply[after:], reopened)
    opening = _next_opening(reply, markers.open, 0) if markers.open else None
    if opening is None and not markers.opened:
        return Parts(None, reply, unclosed=False)
    inside = reply if opening is None else reply[:opening] + reply[opening + len(markers.open) :]
    return Parts(inside, None, unclosed=True)


def split_reply(reply: str, markers: Markers = THINK) -> tuple[str | None, str | None]:
    """Split a reply into trace and answer, both stripped; return (None, None) where the reasoning was never closed."""
    parts = read_reply(reply, markers)
    if parts.reasoning is None or parts.answer is None:
        return None, None
    return parts.reasoning.strip() or None, parts.answer.strip() or None


def join_reasoning(reasoning: str | None, answer: str | None, markers: Markers = THINK) -> str:
    """Write one text from reasoning and answer that a server returned apart.

    Without an answer the reasoning stays unclosed, so that no answer is taken from it.
    """
    if not reasoning:
        return answer or ""
    return wrap_reply(reasoning, answer, markers) if answer else f"{markers.open}\n{reasoning}"


def is_unclosed(reply: str, markers: Markers = THINK) -> bool:
    """Return whether a reply ends inside its reasoning."""
    return read_reply(reply, markers).unclosed


def closes_what_it_never_opens(reply: str) -> bool:
    """Return whether a reply begins inside its reasoning, so that the prompt must have opened it."""
    markers = _find_markers(reply, THINK)
    end = _last_closing(reply, markers.close)
    return end is not None and markers.open not in reply[:end]


def text_after_reasoning(reply: str, markers: Markers = THINK) -> str:
    """Return the text after the reasoning, stripped; a reply that has no reasoning or never closes it is returned whole."""
    answer = read_reply(reply, markers).answer
    return (reply if answer is None else answer).strip()


def marker_tokens(special: Iterable[str], markers: Markers = THINK) -> frozenset[str]:
    """Return those of a tokenizer's special tokens that mark reasoning; a decoder must not leave them out."""
    pairs = (markers, *KNOWN, *OPENED_BY_THE_REPLY)
    tokens = frozenset(special)
    marking = {token for token in tokens for pair in pairs if token == pair.close or pair.open.startswith(token)}
    return frozenset(marking | (tokens & _CHANNEL_TOKENS if CHANNEL in tokens else set()))


def to_think(reply: str, markers: Markers) -> str:
    """Rewrite a reply with other markers to one with the default markers."""
    parts = read_reply(reply, markers)
    if parts.unclosed:
        return f"{OPEN}{parts.reasoning}"
    return reply if parts.reasoning is None else f"{OPEN}{parts.reasoning}{CLOSE}{parts.answer}"


def strip_markers(text: str, markers: Markers = THINK) -> str:
    """Remove all markers from a text."""
    return text.replace(markers.open, "").replace(markers.close, "").strip()


def restore_opening(prompt: str, reply: str) -> str:
    """Put the opening marker that the prompt has written, of any known model, in front of a reply that lacks it."""
    if reply.lstrip().startswith(OPEN):
        return reply
    openings = (_CHANNEL_OPENING, *(markers.open for markers in (*KNOWN, *OPENED_BY_THE_REPLY)))
    return next((opening for opening in openings if prompt.rstrip().endswith(opening)), "") + reply


def _read_channels(reply: str) -> Parts:
    """Split a reply in OpenAI's harmony format: the last message of the channel `final` is the answer."""
    messages = list(_MESSAGE.finditer(reply))
    before = (reply[: messages[0].start()] if messages else reply).partition("<|end|>")[0]
    texts = [(message["channel"], message["text"]) for message in messages]
    finals = [text for channel, text in texts if channel == "final"]
    reasoning = "\n".join([before, *(text for channel, text in texts if channel != "final")])
    if finals:
        return Parts(reasoning, finals[-1], unclosed=False)
    cut_off = not messages or not messages[-1]["end"]
    return Parts(reasoning, None if cut_off else "", cut_off)


def _find_markers(reply: str, default: Markers) -> Markers:
    """Return the markers that a reply uses; the default where it uses none."""
    if beginning := _BEGINNING.match(reply):
        return next(markers for markers in (*KNOWN, *OPENED_BY_THE_REPLY) if markers.open == beginning["open"])
    for markers in KNOWN:
        if _last_closing(reply, markers.close) is not None or f"\n{markers.open}" in reply:
            return markers
    return default


def _last_closing(reply: str, close: str) -> int | None:
    """Return where the last closing marker starts; one in quotes is only mentioned."""
    at = reply.rfind(close)
    while at >= 0 and _is_quoted(reply, at, at + len(close)):
        at = reply.rfind(close, 0, at)
    return at if at >= 0 else None


def _next_opening(reply: str, opening: str, start: int, *, spaced: bool = True) -> int | None:
    """Return where the first opening marker from `start` on begins; one in quotes or within a sentence is only mentioned.

    Args:
        spaced: whether one after a space, such as at the start of a sentence, can open the reasoning.
    """
    at = reply.find(opening, start)
    while at >= 0 and (_is_mentioned(reply, at, at + len(opening)) or (not spaced and reply[at - 1 : at] == " ")):
        at = reply.find(opening, at + 1)
    return at if at >= 0 else None


def _is_mentioned(reply: str, start: int, end: int) -> bool:
    within = reply[start - 1 : start] == " " and (
        reply[start - 2 : start - 1].isalpha() or reply[start - 2 : start - 1] == ","
    )
    return _is_quoted(reply, start, end) or (within and reply[end : end + 1] in set(" .,;:!?)"))


def _is_quoted(reply: str, start: int, end: int) -> bool:
    return start > 0 and reply[start - 1] in _QUOTES and reply[end : end + 1] in _QUOTES
