"""Find the blocks of code in a text: between fences, or between the tags that some models write instead."""

import re
from dataclasses import dataclass

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})[ \t]*([^\s`]*)[^`]*")
_GLUED = re.compile(r"()[^`]*(`{3,})[ \t]*(python3?|py)[ \t\r]*", re.I)  # a fence at the end of a line of prose
_PYTHON = re.compile(r"(?:\{?\.?(?:i?python|py)[\d.]*(?![a-z]).*|code)?", re.I)
_GLUED_END = re.compile(r"(?<=[^\s`])(`{3,})[ \t\r]*$", re.M)  # a fence at the end of the last line of code
_QUOTED = re.compile(r"^\'\'\'[ \t]*(?:python3?|py)[ \t\r]*\n(.*?)^\'\'\'[ \t\r]*$", re.S | re.M | re.I)
_DEEP = 4  # from this indentation on, backticks are code, as in Markdown
_OPENING_TAG = re.compile(r"\[PYTHON\]|<python>|(?:<pre>\s*)?<code(?:\s[^>\n]*)?>", re.I)
_CLOSING_TAG = re.compile(r"\[/PYTHON\]|</python>|</code>(?:\s*</pre>)?", re.I)
_TURN = re.compile(
    r"(?:#+\s*)?(?:\*\*)?(?:Question|Q|User|Human)(?:\s*\d+)?\s*(?::|\*\*:|:\*\*).*"
    r"|#+\s*(?:Question|Instruction|User|Human)(?:\s*\d+)?\s*"
)


@dataclass(frozen=True)
class Block:
    """A block of code in a text.

    Attributes:
        language: the language that the fence names, in lower case; empty where it names none.
        loose: whether the block is all that stands before a lone closing fence, so that it may begin with prose.
    """

    language: str
    code: str
    loose: bool = False


def fenced_blocks(text: str) -> list[Block]:
    """Return the complete blocks whose language is Python or not named, in order.

    Where the prompt opened a fence for the model, the first bare fence closes it. A deeply indented fence closes a block only
    where no other fence does, because docstrings have examples in fences. A made-up next turn of the conversation, after the
    first block, is left out.
    """
    text = _QUOTED.sub(r"```python\n\1```", text)
    forms = [_of_either_depth(form.split("\n")) for form in (text, _GLUED_END.sub(r"\n\1", text))]
    whole = (blocks for blocks in forms if blocks and not blocks[0].loose)
    return next(whole, forms[0] or forms[1])


def has_fence(text: str) -> bool:
    """Return whether a line of the text begins with a fence."""
    return re.search(r"^[ \t]*(?:```|~~~)", text, re.M) is not None


def tagged_blocks(text: str) -> list[Block]:
    """Return the blocks between `[PYTHON]`, `<code>` or `<python>` and the tag that closes it, or the end of the text."""
    blocks = []
    for opening in _OPENING_TAG.finditer(text):
        closing = _CLOSING_TAG.search(text, opening.end())
        following = _OPENING_TAG.search(text, opening.end())
        ends = [match.start() for match in (closing, following) if match is not None]
        code = text[opening.end() : min(ends, default=len(text))]
        blocks.append(Block("", code.strip("\r\n") + "\n"))
    return blocks


def _of_either_depth(lines: list[str]) -> list[Block]:
    blocks, closed = _blocks(lines, _DEEP)
    return blocks if closed else _blocks(lines, max(map(len, lines)))[0]


def _blocks(lines: list[str], deep: int) -> tuple[list[Block], bool]:
    """Return the complete blocks, and whether every fence was closed."""
    blocks: list[Block] = []
    opened: re.Match[str] | None = None
    start = 0
    for number, line in enumerate(lines):
        if opened is None and blocks and _TURN.fullmatch(line):
            break
        fence = _FENCE.fullmatch(line) or (_GLUED.fullmatch(line) if opened is None else None)
        if fence is None:
            continue
        if opened is None:
            opened, start = fence, number
        elif fence[2].startswith(opened[2]) and not fence[3] and _depth(fence) < _depth(opened) + deep:
            code = "".join(line.removeprefix(opened[1]) + "\n" for line in lines[start + 1 : number])
            blocks.append(Block(opened[3].lower(), code))
            opened = None
    if not blocks and opened is not None and not opened[3]:
        return [Block("", "".join(line + "\n" for line in lines[:start]), loose=True)], True
    return [block for block in blocks if _PYTHON.fullmatch(block.language)], opened is None


def _depth(fence: re.Match[str]) -> int:
    return len(fence[1].expandtabs())
