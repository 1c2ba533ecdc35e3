"""The lab's tokenizer: byte-level BPE that never splits names, values and operations."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, USER, ASSISTANT, END = "<|pad|>", "<|user|>", "<|assistant|>", "<|end|>"
VOCABULARY_SIZE = 2048
# The statement of a name's operation is one token, so that looking it up is finding one token. A model of this size learns that
# from drills; it does not learn in reasonable time to find a name and copy the tokens after it.
_OPERATION = "[-+*#][1-6]"
_PIECES = "|".join(
    [
        r"[A-Z][a-z]* (?:adds|takes|times|folds) [1-6]",
        rf"[a-j]=\(?[a-j]{_OPERATION}",
        r"[a-j]=mix\([a-j],[1-6]\)",
        r" if [a-j]>[1-6]",
        rf" else [a-j]{_OPERATION}",
        r"\)%7",
        _OPERATION,
        r" (?:p|q|yes|no) ",
        r"[A-Za-z]+=?",
        r"[0-9]",
        r" +",
        r"\n",
        r"[^A-Za-z0-9 \n]",
    ]
)
CHAT_TEMPLATE = (
    "{% for message in messages %}"
    "{{ ('<|user|>' if message['role'] == 'user' else '<|assistant|>') + message['content'] }}"
    "{% if message['role'] == 'assistant' %}{{ '<|end|>' }}{% endif %}"
    "{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def build_tokenizer(texts: Iterable[str]) -> "PreTrainedTokenizerFast":
    """Fit the tokenizer. It is lossless for any text, and the same texts give the same tokenizer.

    `<think>` and `</think>` are ordinary tokens, so that decoding without special tokens keeps them.
    """
    from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY_SIZE,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=[PAD, USER, ASSISTANT, END],
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        eos_token=END,
        additional_special_tokens=[USER, ASSISTANT],
        clean_up_tokenization_spaces=False,
        padding_side="left",
        model_max_length=1024,
    )
    fast.add_tokens([AddedToken("<think>", special=False), AddedToken("</think>", special=False)])
    fast.chat_template = CHAT_TEMPLATE
    return fast
