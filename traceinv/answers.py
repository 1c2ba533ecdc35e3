"""What an answer marks as final."""

import re

_BOX = re.compile(r"\\boxed\s*\{((?:[^{}]|\{[^{}]*\})*)\}")
_AFTER_HASHES = re.compile(r"####\s*(\S.*)")


def final_answer(answer: str) -> str:
    """Return an answer's last box, or what follows its last `####`; else all of it."""
    marked = _BOX.findall(answer) or _AFTER_HASHES.findall(answer)
    return str(marked[-1]) if marked else answer
