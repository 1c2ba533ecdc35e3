"""The dialect that is read off a chat template, and what is written and read in it. The templates are our own."""

from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from templates import TEMPLATES, saved, with_template
from transformers import AutoTokenizer, PreTrainedTokenizerFast

from traceinv.dialect import Dialect, StatedDialect, adapt, load_tokenizer, read_dialect
from traceinv.engines.stopping import stop_token_ids
from traceinv.errors import GateError, InputError
from traceinv.formatting import check_rendering, decode_reply, encode_example, encode_text, render_prompt
from traceinv.lab.models import BASE
from traceinv.reasoning import split_reply, wrap_reply
from traceinv.records import Example

EXAMPLE = Example(id="q", prompt="What is 1+1?", completion=wrap_reply("1+1=2", "2"))
HARMONY = ("<|channel|>analysis<|message|>", "<|end|><|start|>assistant<|channel|>final<|message|>", "<|return|>")
EXPECTED: dict[str, tuple[str, str, str]] = {
    "reasoning in a field": ("<think>\n", "\n</think>\n\n", "<|shut|>"),
    "opened by the prompt": ("", "\n</think>\n\n", "<|shut|>"),
    "opened without a newline": ("\n", "\n</think>\n\n", "<|shut|>"),
    "stripped from the history": ("", "\n</think>\n\n", "<|shut|>"),
    "closed, with a switch": ("", "\n</think>\n\n", "<|shut|>"),
    "channels": HARMONY,
    "blocks": ("[THINK]", "[/THINK]", "</s>"),
    "reasoning before tools alone": ("<|channel>thought\n", "\n<channel|>", "<|shut|>"),
    "one token ends reasoning and reply": ("<|think|>", "<|shut|><|begin|>assistant<|content|>", "<|end|>"),
    "a date": ("<think>\n", "\n</think>\n\n", "<|shut|>"),
    "a default system prompt": ("<think>\n", "\n</think>\n\n", "<|shut|>"),
    "no reasoning": ("<think>\n", "\n</think>\n\n", "<|shut|>"),
}


@pytest.fixture(scope="module")
def lab() -> PreTrainedTokenizerFast:
    loaded: PreTrainedTokenizerFast = AutoTokenizer.from_pretrained(BASE)
    return loaded


def adapted(lab: Any, name: str, stated: StatedDialect | None = None) -> Any:
    return adapt(with_template(lab, TEMPLATES[name], "<|return|>" if name == "channels" else None), stated)


def test_the_labs_dialect_is_the_default_one_and_leaves_its_tokenizer_as_it_is(lab: PreTrainedTokenizerFast) -> None:
    before = deepcopy(lab)
    dialect = read_dialect(adapt(lab))
    assert (dialect.opening, dialect.closing, dialect.end) == ("<think>\n", "\n</think>\n\n", "<|end|>")
    assert (dialect.prompt_end, dialect.end_id, dialect.marker_ids) == ("<|assistant|>", lab.eos_token_id, frozenset())
    assert (lab.chat_template, lab.init_kwargs) == (before.chat_template, before.init_kwargs)
    assert dialect.write(EXAMPLE.completion) == EXAMPLE.completion == dialect.read(EXAMPLE.completion)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_dialect_is_read_off_the_template(lab: PreTrainedTokenizerFast, name: str) -> None:
    dialect = read_dialect(adapted(lab, name))
    assert (dialect.opening, dialect.closing, dialect.end) == EXPECTED[name]
    assert not dialect.closed


@pytest.mark.parametrize("name", EXPECTED)
@pytest.mark.parametrize("trace", ["1+1=2", "", "a\n\nb"])
def test_a_row_passes_the_gate_and_reads_back_as_it_was(lab: PreTrainedTokenizerFast, name: str, trace: str) -> None:
    """What a student is taught to write is what the engine makes of it: the same trace, the same answer, an end."""
    tokenizer = adapted(lab, name)
    dialect = read_dialect(tokenizer)
    example = EXAMPLE.model_copy(update={"completion": wrap_reply(trace, "2")})
    row = encode_example(tokenizer, example)
    check_rendering(tokenizer, [example], [row])
    *learned, end = (token for token, seen in zip(row.input_ids, row.completion_mask, strict=True) if seen)
    assert end in stop_token_ids(tokenizer, None, dialect)
    assert not set(learned) & set(stop_token_ids(tokenizer, None, dialect)), "it would stop in the middle"
    reply = dialect.read(decode_reply(tokenizer, learned, dialect.marker_ids))
    assert split_reply(reply) == (trace or None, "2")


@pytest.mark.parametrize("trace", ["1+1=2", "", "a\n\nb"])
def test_a_row_is_the_same_text_whether_the_prompt_or_the_model_opens_the_reasoning(
    lab: PreTrainedTokenizerFast, trace: str
) -> None:
    rows = {
        name: encode_example(
            adapted(lab, name), EXAMPLE.model_copy(update={"completion": wrap_reply(trace, "2")})
        ).input_ids
        for name in (
            "reasoning in a field",
            "opened by the prompt",
            "opened without a newline",
            "stripped from the history",
        )
    }
    texts = {adapted(lab, name).decode(ids) for name, ids in rows.items()}
    assert texts == {f"<|open|>user\nWhat is 1+1?<|shut|>\n<|open|>assistant\n<think>\n{trace}\n</think>\n\n2<|shut|>"}


@pytest.mark.parametrize("name", ["channels", "blocks", "reasoning before tools alone", "opened by the prompt"])
def test_a_reply_that_is_cut_off_in_its_reasoning_has_no_answer(lab: PreTrainedTokenizerFast, name: str) -> None:
    tokenizer = adapted(lab, name)
    dialect = read_dialect(tokenizer)
    ids = tokenizer(f"{dialect.opening}the answer is 3, or", add_special_tokens=False)["input_ids"]
    reply = dialect.read(decode_reply(tokenizer, ids, dialect.marker_ids))
    assert reply.startswith("<think>\n")
    assert "</think>" not in reply
    assert split_reply(reply) == (None, None)


def test_a_channel_of_another_kind_is_reasoning_and_the_final_one_the_answer(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "channels")
    dialect = read_dialect(tokenizer)
    said = "<|channel|>commentary<|message|>b<|end|><|start|>assistant<|channel|>final<|message|>2"
    ids = tokenizer(f"{HARMONY[0]}a<|end|><|start|>assistant{said}", add_special_tokens=False)["input_ids"]
    assert split_reply(dialect.read(decode_reply(tokenizer, ids, dialect.marker_ids))) == ("a\nb", "2")


def test_a_template_that_closes_the_reasoning_is_switched_and_says_so(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "closed, with a switch")
    assert tokenizer.chat_template.startswith("{% set enable_thinking = True +%}")
    assert render_prompt(tokenizer, "x").endswith("<|open|>assistant\n<think>\n")
    assert adapt(deepcopy(tokenizer)).chat_template == tokenizer.chat_template, "a trained model keeps it"


def test_what_is_stated_about_the_template_is_not_switched(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "closed, with a switch", StatedDialect(template={"enable_thinking": False}))
    assert read_dialect(tokenizer).closed


def test_a_stated_variable_that_the_template_does_not_read_is_refused(lab: PreTrainedTokenizerFast) -> None:
    with pytest.raises(InputError, match=r"'enable_thinkin': .* does not read it \(did you mean 'enable_thinking'\?\)"):
        adapted(lab, "closed, with a switch", StatedDialect(template={"enable_thinkin": True}))
    bare = deepcopy(lab)
    bare.chat_template = None
    with pytest.raises(InputError, match="the model has no chat template"):
        adapt(bare, StatedDialect(template={"enable_thinking": True}))


def test_a_variable_that_is_set_anew_counts(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "closed, with a switch")
    assert not read_dialect(tokenizer).closed
    assert read_dialect(adapt(tokenizer, StatedDialect(template={"enable_thinking": False}))).closed


def test_training_on_a_prompt_that_closes_the_reasoning_is_refused(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "closed for good")
    with pytest.raises(GateError, match=r"already closes the reasoning: .* state a variable of the chat template"):
        check_rendering(tokenizer, [EXAMPLE], [encode_example(tokenizer, EXAMPLE)])


def test_a_date_is_the_stated_day_every_day(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "a date")
    assert render_prompt(tokenizer, "x").startswith("<|open|>system\n01 Jan 2026<|shut|>")
    stated = adapted(lab, "a date", StatedDialect(today=date(2025, 12, 24)))
    assert render_prompt(stated, "x").startswith("<|open|>system\n24 Dec 2025<|shut|>")
    computed = with_template(lab, "{% set f = '%Y' %}{{ strftime_now(f) }}" + TEMPLATES["no reasoning"])
    with pytest.raises(GateError, match="prints the date in a format that it computes"):
        adapt(computed)


def test_a_default_system_prompt_is_the_same_in_training_and_asking(lab: PreTrainedTokenizerFast) -> None:
    tokenizer = adapted(lab, "a default system prompt")
    row = encode_example(tokenizer, EXAMPLE)
    assert tokenizer.decode(row.input_ids).startswith(render_prompt(tokenizer, EXAMPLE.prompt))
    assert "You are kind." in render_prompt(tokenizer, EXAMPLE.prompt)


def test_a_tokenizer_without_padding_is_padded_with_the_end(lab: PreTrainedTokenizerFast) -> None:
    bare = with_template(lab, TEMPLATES["no reasoning"])
    bare.pad_token = None
    assert adapt(bare).pad_token == "<|end|>"


def test_what_a_recipe_states_goes_first_and_stays_with_the_tokenizer(
    lab: PreTrainedTokenizerFast, tmp_path: Path
) -> None:
    stated = StatedDialect(open="<think>", close="</think>", end="<|end|>", today=date(2025, 1, 2))
    folder = saved(with_template(lab, TEMPLATES["a date"]), tmp_path / "base", BASE)
    load_tokenizer(folder, stated).save_pretrained(tmp_path / "student")
    student = load_tokenizer(tmp_path / "student")
    dialect = read_dialect(student)
    assert (dialect.opening, dialect.closing, dialect.end) == ("<think>", "</think>", "<|end|>")
    assert "02 Jan 2025" in render_prompt(student, "x")
    row = encode_example(student, EXAMPLE)
    check_rendering(student, [EXAMPLE], [row])
    assert student.decode(row.input_ids).endswith("assistant\n<think>1+1=2</think>2<|end|>")


def test_an_end_that_is_no_special_token_is_refused(lab: PreTrainedTokenizerFast) -> None:
    with pytest.raises(GateError, match="end 'over' is not a special token"):
        read_dialect(adapted(lab, "no reasoning", StatedDialect(end="over")))


def test_a_template_that_cannot_render_a_question_is_refused_in_one_line(lab: PreTrainedTokenizerFast) -> None:
    with pytest.raises(GateError, match="cannot render a question in text: 'tool' is undefined"):
        read_dialect(with_template(lab, "{{ tool.name }}"))


@pytest.mark.parametrize("name", ["blocks", "channels"])
def test_a_special_token_inside_trace_or_answer_is_refused_also_where_markers_are_special(
    lab: PreTrainedTokenizerFast, name: str
) -> None:
    tokenizer = adapted(lab, name)
    end = read_dialect(tokenizer).end
    bad = EXAMPLE.model_copy(update={"completion": wrap_reply(f"1{end}", "2")})
    with pytest.raises(GateError, match="a special token is inside the completion"):
        check_rendering(tokenizer, [bad], [encode_example(tokenizer, bad)])


def test_tokens_that_are_not_the_templates_own_are_refused(
    lab: PreTrainedTokenizerFast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tokenizer may read markers in a rendered text as plain text, and still decode to the same text."""
    tokenizer = adapted(lab, "no reasoning")
    row = encode_example(tokenizer, EXAMPLE)
    original = tokenizer.apply_chat_template

    def other_ids(*args: Any, tokenize: bool = False, **options: Any) -> Any:
        rendered = original(*args, tokenize=tokenize, **options)
        return {"input_ids": rendered["input_ids"][1:]} if tokenize else rendered

    monkeypatch.setattr(tokenizer, "apply_chat_template", other_ids)
    with pytest.raises(GateError, match="the prompt's tokens are not the template's own"):
        check_rendering(tokenizer, [EXAMPLE], [row])


@pytest.fixture(scope="module")
def sentencepiece() -> PreTrainedTokenizerFast:
    """A tokenizer that puts a blank before a text and loses it again, as SentencePiece does."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE(byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first")
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(prepend_scheme="first")])
    spare = [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<unk>", "<s>", "</s>", *spare], show_progress=False)
    tokenizer.train_from_iterator(["[INST] What is 1+1? [/INST] <think> 1+1=2 </think> 2"] * 9, trainer)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer)
    fast.add_special_tokens({"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"})
    fast.chat_template = (
        "<s>{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]{% else %} {{ m.content }}</s>"
        "{% endif %}{% endfor %}"
    )
    return fast


def test_a_sentencepiece_tokenizer_is_taken_with_the_templates_own_tokens(
    sentencepiece: PreTrainedTokenizerFast,
) -> None:
    tokenizer: Any = adapt(deepcopy(sentencepiece))
    row = encode_example(tokenizer, EXAMPLE)
    check_rendering(tokenizer, [EXAMPLE], [row])
    assert row.input_ids[-1] == tokenizer.eos_token_id
    assert not str(tokenizer.convert_ids_to_tokens(encode_text(tokenizer, "1+1"))[0]).startswith("▁")


def test_a_dialect_is_described_for_a_record(lab: PreTrainedTokenizerFast) -> None:
    described = read_dialect(adapted(lab, "blocks")).describe()
    assert described == {"prompt_end": "[/INST]", "open": "[THINK]", "close": "[/THINK]", "end": "</s>"}


def test_markers_in_the_answer_do_not_move_the_split() -> None:
    dialect = Dialect("", "[T]", "[/T]", "</s>", 0, frozenset())
    assert dialect.write(wrap_reply("a", "b")) == "[T]a[/T]b"
    assert dialect.write("no markers") == "no markers"
    assert dialect.read("[T]a[/T]b") == wrap_reply("a", "b")
    assert dialect.read("b") == "b"


@pytest.mark.parametrize(
    "fault",
    [
        "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
        "{{ 1 / 0 }}",
        "{{ messages[9].content }}",
        "{{ 2.0 ** 9999 }}",
    ],
)
def test_a_template_that_fails_is_refused_by_name(lab: PreTrainedTokenizerFast, fault: str) -> None:
    with pytest.raises(GateError, match=r"the chat template of .* cannot render a question in text: "):
        adapt(with_template(lab, fault))
    in_replies_alone = "{% if messages|length > 1 %}" + fault + "{% endif %}" + TEMPLATES["no reasoning"]
    assert read_dialect(adapt(with_template(lab, in_replies_alone))).opening == "<think>\n"
