"""Cut a response where it goes on into another turn: a question that the model made up, or the text after its end token."""

import re
from collections.abc import Callable

_END = re.compile(
    r"<\|(?:im_end|im_start|endoftext|end_of_text|eot_id|eom_id|start_header_id|end|return|user|END_RESPONSE"
    r"|END_OF_TURN_TOKEN|START_OF_TURN_TOKEN)\|>|</s>|<eos>|<(?:end|start)_of_turn>|<｜(?:end▁of▁sentence|User)｜>|\[/?INST\]"
)
_BEGINNING = re.compile(
    r"(?:\s|<s>|<bos>|<\|im_start\|>(?:assistant)?|<\|start_header_id\|>assistant<\|end_header_id\|>|<start_of_turn>model"
    r"|<\|(?:assistant|begin_of_text|START_RESPONSE|CHATBOT_TOKEN|START_OF_TURN_TOKEN)\|>|<｜Assistant｜>)+"
)
_TURN = re.compile(
    r"^[ \t>#*_]*(?P<speaker>user|human|student)[ \t]*[*_]*:"
    r"|^[ \t>#*_]*(?:(?:new|next|another) )?(?:question|q|problem|exercise|instruction)[ \t]*\d*[ \t]*[*_]*:",
    re.I | re.M,
)
_ASKED = re.compile(r"\?|^[ \t>#*_]*(?:a|answer|solution|response|assistant)[ \t]*\d*[ \t]*[*_]*:", re.I | re.M)
_MAX_TURNS = 20
_LOOKED_AT = 1500  # characters of a turn in which its question or answer must show


def first_turn(text: str, states_answer: Callable[[str], bool]) -> str:
    """Return a response up to where another turn begins, once an answer has been stated.

    An end token always ends the response. A line such as `Question:` or `User:` does where the text before it states an
    answer, and where a question or an answer to it follows, since `Problem:` may also introduce an objection.

    Args:
        states_answer: returns whether a text states an answer.
    """
    if beginning := _BEGINNING.match(text):
        text = text[beginning.end() :]
    for end in _END.finditer(text):
        if text[: end.start()].strip():
            text = text[: end.start()]
            break
    for number, turn in enumerate(_TURN.finditer(text)):
        if number == _MAX_TURNS:
            break
        before, after = text[: turn.start()], text[turn.end() : turn.end() + _LOOKED_AT]
        asked = turn["speaker"] or _ASKED.search(after) or not states_answer(after)
        if before.strip() and asked and states_answer(before):
            return before.strip()
    return text.strip()
