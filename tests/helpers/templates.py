"""Chat templates of our own, one for each habit that vendors' templates have, and tokenizers to try them on."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any

_TURNS = (
    "{% for m in messages %}<|open|>{{ m.role }}\n"
    "{% if m.role == 'assistant' and m.reasoning_content %}<think>\n{{ m.reasoning_content }}\n</think>\n\n{% endif %}"
    "{{ m.content }}<|shut|>\n{% endfor %}"
)
_PROMPT = "{% if add_generation_prompt %}<|open|>assistant\n"
_EMPTY = "<think>\n\n</think>\n\n"
_CHANNELS = (
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{% if m.thinking %}<|start|>assistant<|channel|>analysis<|message|>{{ m.thinking }}<|end|>{% endif %}"
    "<|start|>assistant<|channel|>final<|message|>{{ m.content }}<|return|>"
    "{% else %}<|start|>{{ m.role }}<|message|>{{ m.content }}<|end|>{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant{% endif %}"
)
_BLOCKS = (
    "{% for m in messages %}{% if m.role == 'user' %}[INST]{{ m.content }}[/INST]{% elif m.content is string %}"
    "{{ m.content }}</s>{% else %}{% for b in m.content %}"
    "{% if b.type == 'thinking' %}[THINK]{{ b.thinking }}[/THINK]{% else %}{{ b.text }}{% endif %}{% endfor %}</s>"
    "{% endif %}{% endfor %}"
)
_BEFORE_TOOLS = (
    "{% for m in messages %}<|open|>{{ m.role }}\n"
    "{% if m.tool_calls %}{% if m.reasoning_content %}<|channel>thought\n{{ m.reasoning_content }}\n<channel|>{% endif %}"
    "<|call|>{{ m.tool_calls[0].function.name }}{% endif %}{{ m.content }}<|shut|>\n{% endfor %}"
    + _PROMPT
    + "{% endif %}"
)
_ONE_MARK = (
    "{% for m in messages %}<|begin|>{{ m.role }}{% if m.reasoning %}<|think|>{{ m.reasoning }}<|shut|><|begin|>assistant"
    "{% endif %}<|content|>{{ m.content }}<|shut|>{% endfor %}{% if add_generation_prompt %}<|begin|>assistant{% endif %}"
)
_STRIPPED = (
    "{% for m in messages %}<|open|>{{ m.role }}\n{{ m.content.split('</think>')[-1] }}<|shut|>\n{% endfor %}"
    + _PROMPT
    + "<think>\n{% endif %}"
)
_SYSTEM = "{% if messages[0].role != 'system' %}<|open|>system\nYou are kind.<|shut|>\n{% endif %}"
_DATED = "{% set today = strftime_now('%d %b %Y') %}<|open|>system\n{{ today }}<|shut|>\n"
TEMPLATES = {
    "reasoning in a field": _TURNS + _PROMPT + "{% endif %}",
    "opened by the prompt": _TURNS + _PROMPT + "<think>\n{% endif %}",
    "opened without a newline": _TURNS + _PROMPT + "<think>{% endif %}",
    "stripped from the history": _STRIPPED,
    "closed, with a switch": _TURNS
    + _PROMPT
    + f"{{% if enable_thinking is defined and enable_thinking %}}<think>\n{{% else %}}{_EMPTY}{{% endif %}}{{% endif %}}",
    "closed for good": _TURNS + _PROMPT + _EMPTY + "{% endif %}",
    "channels": _CHANNELS,
    "blocks": _BLOCKS,
    "reasoning before tools alone": _BEFORE_TOOLS,
    "one token ends reasoning and reply": _ONE_MARK,
    "a date": "{% set today = strftime_now('%d %b %Y') %}<|open|>system\n{{ today }}<|shut|>\n"
    + _TURNS
    + _PROMPT
    + "{% endif %}",
    "a default system prompt": _SYSTEM + _TURNS + _PROMPT + "{% endif %}",
    "no reasoning": _TURNS.replace("m.reasoning_content", "false") + _PROMPT + "{% endif %}",
}
"""Templates by what is peculiar about them."""
_SPECIAL = re.compile(
    r"<\|[\w▁.]+\|>|<｜[^｜\s]+｜>|\[/?(?:INST|THINK|SYSTEM_PROMPT|AVAILABLE_TOOLS|MODEL_SETTINGS)\]|</?seed:\w+>"
    r"|<SPECIAL_\d+>|\[e~\[|<(?:start|end)_of_turn>|<\|\w+>|<\w+\|>|</?s>"
)


def with_template(tokenizer: Any, template: str, eos: str | None = None, bos: str | None = None) -> Any:
    """Return a copy of a tokenizer that has a chat template and the special tokens that occur in it.

    The other tokens are those of the given tokenizer: it stands in for a vendor's own, which cannot be had.
    """
    own = deepcopy(tokenizer)
    named = [token for token in (eos, bos) if token]
    own.add_special_tokens({"extra_special_tokens": sorted({*_SPECIAL.findall(template), *named} - {"<|pad|>"})})
    own.chat_template = template
    if eos:
        own.eos_token = eos
    if bos:
        own.bos_token = bos
    return own


def saved(tokenizer: Any, folder: Path, weights: Path) -> Path:
    """Save a tokenizer beside a configuration, as a model's folder has it."""
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_bytes((weights / "config.json").read_bytes())
    return folder
