"""Reasoning markers: how a trace is set apart in a reply, and how it is taken out again."""

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


THINK = Markers()
OPEN, CLOSE = THINK.open, THINK.close


def wrap_reply(trace: str, answer: str, markers: Markers = THINK) -> str:
    """Write a reply: the trace between the markers, then the answer. The trace may be empty."""
    return f"{markers.open}\n{trace}\n{markers.close}\n\n{answer}"


def split_reply(reply: str, markers: Markers = THINK) -> tuple[str | None, str | None]:
    """Split a reply into trace and answer; return (None, None) where the reasoning was never closed.

    The answer is the text after the last closing marker, so that a draft inside the reasoning is not taken for it. The
    opening marker may be missing, because some chat templates end the prompt with it.
    """
    before, marker, answer = reply.rpartition(markers.close)
    if not marker:
        return None, None
    return before.strip().removeprefix(markers.open).strip() or None, answer.strip() or None


def join_reasoning(reasoning: str | None, answer: str | None, markers: Markers = THINK) -> str:
    """Write one text from reasoning and answer that a server returned apart.

    Without an answer the reasoning stays unclosed, so that no answer is taken from it.
    """
    if not reasoning:
        return answer or ""
    return wrap_reply(reasoning, answer, markers) if answer else f"{markers.open}\n{reasoning}"


def is_unclosed(reply: str, markers: Markers = THINK) -> bool:
    """Return whether a reply ends inside its reasoning."""
    _, closed, after = reply.rpartition(markers.close)
    return markers.open in after or (markers.opened and not closed)


def text_after_reasoning(reply: str, markers: Markers = THINK) -> str:
    """Return the text after the last closing marker; a reply without one is returned whole."""
    return reply.rpartition(markers.close)[2].strip()


def strip_markers(text: str, markers: Markers = THINK) -> str:
    """Remove all markers from a text."""
    return text.replace(markers.open, "").replace(markers.close, "").strip()


def opens_reasoning(prompt: str, markers: Markers = THINK) -> bool:
    """Return whether a rendered prompt ends with the opening marker."""
    return prompt.rstrip().endswith(markers.open)


def open_reasoning(prompt: str, markers: Markers = THINK) -> str:
    """Extend a rendered prompt to where the trace begins; a marker that is there already is not written again."""
    return prompt + completion_after(prompt, f"{markers.open}\n", markers)


def completion_after(prompt: str, completion: str, markers: Markers = THINK) -> str:
    """Return a completion without the opening that the rendered prompt has written already."""
    if not (opens_reasoning(prompt, markers) and completion.startswith(markers.open)):
        return completion
    rest = completion.removeprefix(markers.open)
    return rest.lstrip("\n") if prompt.endswith("\n") else rest


def restore_opening(prompt: str, reply: str, markers: Markers = THINK) -> str:
    """Put the opening marker that the prompt has written in front of the reply."""
    return f"{markers.open}{reply}" if opens_reasoning(prompt, markers) else reply
