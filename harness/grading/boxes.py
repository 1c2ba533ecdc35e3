r"""Find the places that are marked as the answer: `\boxed{...}` and `<answer>...</answer>`."""

import re
from dataclasses import dataclass

_MAX_BOXES = 20
_BOX = re.compile(r"\\(?:boxed|fbox)(?![a-zA-Z])\s*")
_BETWEEN_BOXES = re.compile(
    r"(?:[\s$,;]|\\[()\[\],;]|\\quad|\\text\s*\{\s*(?:and|or)\s*\}|\band\b|\bor\b|\b[a-z](?:_(?:\w|\{\w\}))?\s*=)*"
)
_WORD_FOR_ANSWER = (
    r"(?:(?:your|the|final|numerical) )*(?:answer|result|value|solution|number|letter|expression)(?: here)?"
)
_MENTION = re.compile(
    rf"\s*(?:\\[lc]?dots|[.…_?\s]*|{_WORD_FOR_ANSWER}|\\(?:text|mathrm|mathbf)\{{\s*{_WORD_FOR_ANSWER}\s*\}})\s*", re.I
)
_BARE_MENTION = re.compile(r"[^\w\\+-]*|[a-z]{2,}\W*", re.I)
_TAG = re.compile(r"<answer>(.*?)(</answer>|\Z)|<\|begin_of_box\|>(.*?)(<\|end_of_box\|>|\Z)", re.S | re.I)


@dataclass(frozen=True)
class Group:
    """One box, or boxes side by side, in a text.

    Attributes:
        content: of all boxes, joined by commas; "" where one is empty or never closed.
        start, end: where the group begins and ends in the text.
    """

    content: str
    start: int
    end: int


@dataclass(frozen=True)
class _Box:
    """A box in a text; the content is None where it is never closed."""

    content: str | None
    start: int
    end: int


def last_boxed(text: str) -> str | None:
    r"""Return the content of the last `\boxed{...}`: None where there is no box, "" where the last one is never closed.

    Boxes side by side (`\boxed{1}` and `\boxed{2}`) are one answer, joined by commas.
    """
    groups = boxed_groups(text)
    return groups[-1].content if groups else None


def boxed_groups(text: str) -> list[Group]:
    r"""Return the boxes of a text, those side by side as one group, in order; at most the last 20 boxes are read.

    A text may mention the command without using it: an empty box, dots or a word such as "answer" in a box, and `\boxed`
    without braces before a word. Mentions are passed over where another box has content.
    """
    groups: list[list[_Box]] = []
    for box in _boxes(text):
        joined = (
            groups and box.start >= groups[-1][-1].end and _BETWEEN_BOXES.fullmatch(text, groups[-1][-1].end, box.start)
        )
        if joined:
            groups[-1].append(box)
        else:
            groups.append([box])
    return [_group(boxes) for boxes in groups]


def _group(boxes: list[_Box]) -> Group:
    contents = [box.content for box in boxes]
    closed = [content for content in contents if content is not None]
    content = ", ".join(dict.fromkeys(closed)) if len(closed) == len(contents) else ""
    return Group(content, boxes[0].start, boxes[-1].end)


def _boxes(text: str) -> list[_Box]:
    """Return the boxes that a text uses, without those inside another box, which are part of its content."""
    boxes: list[_Box] = []
    for start in list(_BOX.finditer(text))[-_MAX_BOXES:]:
        content, end = _braced(text, start.end())
        braced = text.startswith("{", start.end())
        if boxes and start.start() < boxes[-1].end:
            continue
        if braced or not _BARE_MENTION.fullmatch(content or ""):
            boxes.append(_Box(content, start.start(), end))
    used = [box for box in boxes if box.content is None or not _MENTION.fullmatch(box.content)]
    return used or boxes


def last_tagged(text: str) -> Group | None:
    """Return what stands in the last `<answer>` tags (or GLM's `<|begin_of_box|>`); a tag that is never closed is passed over."""
    tags = [match for match in _TAG.finditer(text) if match.group(2) or match.group(4)]
    if not tags:
        return None
    return Group((tags[-1].group(1) or tags[-1].group(3) or "").strip(), tags[-1].start(), tags[-1].end())


def _braced(text: str, start: int) -> tuple[str | None, int]:
    """Return the content of the group that starts at `start`, and its end; the content is None where the group never closes."""
    if not text.startswith("{", start):
        bare = re.compile(r"[^\s$]*").match(text, start)
        return (bare.group().rstrip(".,") if bare else ""), bare.end() if bare else start
    depth = 0
    for brace in re.compile(r"\\.|[{}]", re.S).finditer(text, start):
        depth += {"{": 1, "}": -1}.get(brace.group(), 0)
        if depth == 0:
            return text[start + 1 : brace.start()], brace.end()
    return None, len(text)
