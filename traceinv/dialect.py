"""The dialect of a model: how it writes a reply, read off its own chat template.

Two sentinels are rendered as reasoning and answer, and what stands around them is read. No model family is named. Replies of
every dialect are written and read in one form, `<think>` trace `</think>` answer (`traceinv.reasoning`), so that regimes,
graders and metrics know no dialect.
"""

from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from traceinv.errors import GateError
from traceinv.reasoning import CHANNEL, CLOSE, KNOWN, OPEN, Markers, marker_tokens, read_reply, wrap_reply
from traceinv.renderings import (
    ANSWER,
    ASK,
    TEMPLATE_FAULTS,
    THOUGHT,
    TOOL,
    USER,
    block_before_tool,
    render,
    reply_turn,
    reply_turns,
    text_after,
)
from traceinv.schema import Closed
from traceinv.tekken import readable
from traceinv.template_source import change_each, check_variables, pin_date, with_variables

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DAY = date(2026, 1, 1)
"""The day that a chat template prints where the recipe states none."""
STATED = "traceinv_dialect"
"""The entry of a saved tokenizer's configuration that holds what the recipe stated."""
SWITCHES = ("enable_thinking", "thinking")
"""Template variables that let a model reason whose prompt would otherwise close the reasoning."""
OPENING, CLOSING = f"{OPEN}\n", f"\n{CLOSE}\n\n"


class StatedDialect(Closed):
    """What a recipe states about a model's dialect, in place of what its chat template shows.

    Attributes:
        open: what the model writes before its reasoning.
        close: what it writes between reasoning and answer.
        end: the special token that ends its reply.
        template: variables of the chat template, such as `enable_thinking: true`.
        today: the day that the template prints.
    """

    open: str | None = None
    close: str | None = None
    end: str | None = None
    template: dict[str, bool | int | str] = Field(default_factory=dict)
    today: date = DAY


@dataclass(frozen=True)
class Dialect:
    """How a model writes a reply.

    Attributes:
        prompt_end: what a rendered prompt ends with, after the user's text.
        opening: what the model writes before its reasoning; without what the prompt has written already.
        closing: what it writes between reasoning and answer.
        end: what it writes after the answer; its last token ends the reply.
        end_id: the id of the last token of `end`.
        marker_ids: ids of the special tokens that set reasoning apart; a decoder must not drop them.
    """

    prompt_end: str
    opening: str
    closing: str
    end: str
    end_id: int
    marker_ids: frozenset[int]

    @property
    def opened(self) -> bool:
        """Whether the prompt itself opens the reasoning."""
        return not self.opening.strip()

    @property
    def closed(self) -> bool:
        """Whether the prompt itself closes the reasoning, so that the model writes none."""
        return _closes(self.prompt_end, self.closing)

    @property
    def plain(self) -> bool:
        """Whether the model's own markers are `<think>` and `</think>`."""
        return self.closing.strip() == CLOSE

    def write(self, completion: str) -> str:
        """Return a reply, written with the default markers, as the model writes it; without the end of the reply."""
        if not completion.startswith(OPENING):
            return completion
        trace, closed, answer = completion.removeprefix(OPENING).rpartition(CLOSING)
        return f"{self.opening}{trace}{self.closing}{answer}" if closed else completion

    def read(self, reply: str) -> str:
        """Return a decoded reply of the model with the default markers, also where the prompt has written the opening one."""
        if self.plain:
            opened_again = reply.lstrip().startswith(OPEN)
            return f"{OPENING}{reply}" if self.opened and not opened_again else reply
        known = None if CHANNEL in self.closing else Markers(self.opening.strip(), self.closing.strip(), self.opened)
        parts = read_reply(reply, known) if known else read_reply(reply)
        if parts.reasoning is None:
            return reply
        reasoning = parts.reasoning.strip("\n")
        return f"{OPENING}{reasoning}" if parts.unclosed else wrap_reply(reasoning, (parts.answer or "").lstrip("\n"))

    def describe(self) -> dict[str, str]:
        """Describe it for a record."""
        return {"prompt_end": self.prompt_end, "open": self.opening, "close": self.closing, "end": self.end}


def load_tokenizer(model: str | Path, stated: StatedDialect | None = None, **files: Any) -> "PreTrainedTokenizerBase":
    """Load a model's tokenizer with a chat template that renders the same every day and leaves the reasoning to the model.

    What is stated stays with the tokenizer where it is saved, so that a trained model keeps the dialect of its base.

    Args:
        stated: what the recipe states; None for what stands in the tokenizer's configuration.
        files: arguments of `AutoTokenizer.from_pretrained`, such as `revision`.

    Raises:
        GateError: the template prints the date in a way that cannot be pinned.
        InputError: a variable is stated that the template does not read.
    """
    from transformers import AutoTokenizer

    return adapt(AutoTokenizer.from_pretrained(model, **({"trust_remote_code": False} | files)), stated)


def adapt(tokenizer: Any, stated: StatedDialect | None = None, switch: bool = True) -> "PreTrainedTokenizerBase":
    """Write day and template variables into a tokenizer's chat template, and give it a padding token where it has none.

    A tokenizer of mistral-common is converted first (`traceinv.tekken`); any other is changed itself.

    Args:
        switch: whether to let a model reason whose prompt closes the reasoning, by the first of `SWITCHES` that does.

    Raises:
        GateError: the template prints the date in a way that cannot be pinned.
        InputError: a variable is stated that the template does not read.
    """
    tokenizer = readable(tokenizer)
    if stated is not None:
        check_variables(tokenizer.chat_template, stated.template)
        tokenizer.init_kwargs[STATED] = stated.model_dump(mode="json", exclude_defaults=True)
    said = stated_of(tokenizer)
    tokenizer.chat_template = change_each(
        tokenizer.chat_template, lambda text: with_variables(pin_date(text, said.today), said.template)
    )
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    if switch and tokenizer.chat_template and not said.template and read_dialect(tokenizer).closed:
        _switch_on(tokenizer)
    return tokenizer


def stated_of(tokenizer: Any) -> StatedDialect:
    """Return what a recipe stated about a tokenizer's model."""
    return StatedDialect.model_validate(getattr(tokenizer, "init_kwargs", {}).get(STATED) or {})


def read_dialect(tokenizer: Any) -> Dialect:
    """Read a dialect off a tokenizer's chat template; what a recipe stated goes first.

    Where the template shows no reasoning, the markers are the default ones.

    Raises:
        GateError: there is no chat template, it cannot render a question, or nothing ends a reply.
    """
    if not tokenizer.chat_template:
        raise GateError(f"the tokenizer {tokenizer.name_or_path!r} has no chat template; every stage needs one")
    said = stated_of(tokenizer)
    prompt_end = _read_prompt_end(tokenizer)
    opening, closing = _read_markers(tokenizer, prompt_end)
    closing = closing if said.close is None else said.close
    opening = opening if said.open is None else _unwritten(prompt_end, said.open)
    end, end_id = _read_end(tokenizer, closing, said.end)
    special = special_tokens(tokenizer)
    own = {token for token in special if token in opening + closing}
    marking = frozenset(special[token] for token in own | marker_tokens(special))
    return Dialect(prompt_end, opening, closing, end, end_id, marking)


def special_tokens(tokenizer: Any) -> dict[str, int]:
    """Return the tokens that a decoder drops as special, with their ids."""
    added = {str(token): index for index, token in tokenizer.added_tokens_decoder.items() if token.special}
    return added | dict(zip(tokenizer.all_special_tokens, tokenizer.all_special_ids, strict=True))


def _read_prompt_end(tokenizer: Any) -> str:
    try:
        return text_after(render(tokenizer, [USER]), ASK)
    except TEMPLATE_FAULTS as error:
        raise GateError(
            f"the chat template of {tokenizer.name_or_path!r} cannot render a question in text: {error or type(error).__name__}"
        ) from error


def _read_markers(tokenizer: Any, prompt_end: str) -> tuple[str, str]:
    """Return what opens and closes the reasoning, from the first form of a reply whose reasoning the template shows."""
    for turn in reply_turns(tokenizer):
        before, _, after = turn.partition(THOUGHT)
        closing, answered, _ = after.partition(ANSWER)
        fits = before.startswith(prompt_end) or prompt_end.startswith(before)
        if answered and fits and TOOL not in closing:
            return before[len(prompt_end) :], closing
    if block := block_before_tool(tokenizer):
        opening, _, closing = block.partition(THOUGHT)
        return opening, closing
    return _unwritten(prompt_end, OPENING), CLOSING


def _read_end(tokenizer: Any, closing: str, stated: str | None) -> tuple[str, int]:
    """Return what ends a reply, up to its first special token, and that token's id.

    Where the template writes none, or one that also closes the reasoning, it is the tokenizer's end-of-sequence token.

    Raises:
        GateError: the stated token is not special, or there is no end-of-sequence token.
    """
    special = special_tokens(tokenizer)
    if stated is not None:
        if stated not in special:
            raise GateError(f"dialect: end {stated!r} is not a special token of {tokenizer.name_or_path!r}")
        return stated, special[stated]
    turn = reply_turn(tokenizer, [{"content": ANSWER}]) or ""
    rest = turn.partition(ANSWER)[2]
    places = [(rest.index(token), -len(token), token) for token in special if token and token in rest]
    if places:
        at, _, token = min(places)
        if not rest[:at].strip() and token not in closing:
            return rest[:at] + token, special[token]
    if tokenizer.eos_token is None:
        raise GateError(f"render gate: the tokenizer {tokenizer.name_or_path!r} has no end-of-sequence token")
    return str(tokenizer.eos_token), int(tokenizer.eos_token_id)


def _unwritten(prompt_end: str, opening: str) -> str:
    """Return what is left of an opening after what the prompt has written of it."""
    marker = opening.strip()
    if not marker or not prompt_end.rstrip().endswith(marker):
        return opening
    rest = opening.partition(marker)[2]
    return rest.removeprefix("\n") if prompt_end.endswith("\n") else rest


def _closes(prompt_end: str, closing: str) -> bool:
    text = prompt_end.rstrip()
    return any(text.endswith(close) for close in (closing.strip(), *(markers.close for markers in KNOWN)) if close)


def _switch_on(tokenizer: Any) -> None:
    """Set the first template variable that leaves the reasoning open; leave the template as it is where none does."""
    before = tokenizer.chat_template
    for switch in SWITCHES:
        tokenizer.chat_template = change_each(before, partial(with_variables, variables={switch: True}))
        if not read_dialect(tokenizer).closed:
            return
    tokenizer.chat_template = before
