"""Devices and their rates: sources for all, the nearest size, and what stands in where nothing was published."""

import pytest

from harness.pipeline.costing.devices import HERE, devices, find_device, speed
from harness.pipeline.costing.models import known_sizes, read_sizes
from traceinv.errors import InputError
from traceinv.lab.models import BASE
from traceinv.lora import count_changes


def test_a_device_that_is_not_in_the_table_is_named_with_the_nearest() -> None:
    with pytest.raises(InputError, match=r"costing.device: unknown device 'h10' \(did you mean 'h100'"):
        find_device("h10")


def test_this_machine_has_its_memory_and_no_published_rate() -> None:
    here = find_device(None)
    assert (here.name, here.memory > 2**20) == (HERE, True)
    assert speed("train", here, 10**9) is None


def test_the_rate_of_the_nearest_size_is_scaled_by_the_number_of_weights() -> None:
    h100 = devices()["h100"]
    found = speed("train", h100, 16_000_000_000)
    assert found is not None
    assert found.tokens_per_second == pytest.approx(5762 / 2)
    assert "torchtitan" in found.source


def test_where_nothing_was_published_another_device_stands_in_by_its_memory() -> None:
    found = speed("generate", devices()["rtx4090"], 8_000_000_000)
    assert found is not None
    assert found.tokens_per_second == pytest.approx(5777 * 1008 / 3350)
    assert "by the speed of the memories of h100 and rtx4090" in found.source


def test_lora_without_a_rate_of_its_own_is_taken_as_training_all_weights() -> None:
    rtx = devices()["rtx4090"]
    assert speed("train_lora", rtx, 8_000_000_000) == speed("train", rtx, 8_000_000_000)


def test_sizes_are_read_off_the_files_of_a_model() -> None:
    from transformers import AutoModelForCausalLM

    model, sizes = AutoModelForCausalLM.from_pretrained(BASE), read_sizes(BASE)
    assert sizes.parameters == sum(weight.numel() for weight in model.parameters())
    assert sizes.architecture(4, 4).trained == count_changes(model, 4)
    assert (sizes.layers, sizes.hidden, sizes.vocabulary) == (2, 128, 1445)
    assert sizes.cached == 2 * 2 * 8 * 16


@pytest.mark.parametrize(
    ("name", "biases", "tied"),
    [
        ("Qwen/Qwen2.5-7B-Instruct", True, False),
        ("Qwen/Qwen2.5-1.5B-Instruct", True, True),
        ("deepseek-ai/DeepSeek-R1-Distill-Qwen-1.5B", True, False),
        ("meta-llama/Llama-3.1-8B-Instruct", False, False),
    ],
)
def test_the_table_of_models_agrees_with_their_architecture(name: str, biases: bool, tied: bool) -> None:
    import torch
    from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config

    from harness.pipeline.costing.models import _table

    entry, sizes = _table()[name], known_sizes(name)
    assert sizes is not None
    config = (Qwen2Config if biases else LlamaConfig)(
        hidden_size=entry["hidden"],
        intermediate_size=entry["intermediate"],
        num_hidden_layers=entry["layers"],
        num_attention_heads=entry["heads"],
        num_key_value_heads=entry["kv_heads"],
        head_dim=entry["head_width"],
        vocab_size=entry["vocabulary"],
        tie_word_embeddings=tied,
    )
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    assert sizes.parameters == sum(weight.numel() for weight in model.parameters())
    assert sizes.architecture(16, 2).trained == count_changes(model, 16)
