"""Tokenizers of mistral-common, which encode whole conversations and read no special token in a rendered text.

For these `[INST]` in a text is five letters and two brackets, while their decoder writes a control token as the same text: what
is rendered, encoded and decoded again looks right, and the model reads nonsense.
"""

from typing import Any

from traceinv.errors import GateError

PROBES = (
    "What is 1+1?",
    "  two\n\n lines\tand\r\nblanks ",
    "naïve 😀 ключ 日本語 12345678 3.14",
    "def f(x):\n    return x**2  # DON'T",
    "$\\frac{1}{2}$ `a_b` <think>\nhm\n</think>",
)
"""Messages whose token ids must be the vendor's own."""


def readable(tokenizer: Any) -> Any:
    """Return a tokenizer of mistral-common as one with a chat template that reads the special tokens in a rendered text.

    Any other tokenizer is returned as it is. The conversion is that of transformers, with the chat template of the folder or else
    the one that mistral-common writes.

    Raises:
        GateError: it encodes a message otherwise than the vendor's tokenizer.
    """
    path = getattr(tokenizer, "_tokenizer_path", None)  # the class has no public name for it
    if path is None:
        return tokenizer
    from transformers.integrations.mistral import convert_tekken_tokenizer

    converted = convert_tekken_tokenizer(str(path))
    converted.padding_side, converted.name_or_path = tokenizer.padding_side, tokenizer.name_or_path or str(path)
    for text in PROBES if converted.chat_template else ():
        message = [{"role": "user", "content": text}]
        own, ours = (each.apply_chat_template(message, tokenize=True)["input_ids"] for each in (tokenizer, converted))
        if list(own) != list(ours):
            raise GateError(
                f"render gate: {converted.name_or_path}: {text!r} has the tokens {list(own)[:20]} in mistral-common and"
                f" {list(ours)[:20]} in the converted tokenizer"
            )
    return converted
