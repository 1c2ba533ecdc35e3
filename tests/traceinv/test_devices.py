"""Over which devices a training is spread: what an accelerate config must say, and what cannot be spread."""

from typing import Any

import pytest
from pydantic import ValidationError

from traceinv.devices import VARIABLE, AccelerateConfig, check_spread, choose, chosen
from traceinv.errors import InputError
from traceinv.lora import Lora
from traceinv.schema import FieldFault, describe
from traceinv.training_config import TrainingConfig

DDP = {"distributed_type": "MULTI_GPU", "num_processes": 2, "machine_rank": 0}
FSDP = {"distributed_type": "FSDP", "num_processes": 4, "fsdp_config": {"fsdp_version": 2, "fsdp_offload_params": True}}


def _read(**changes: Any) -> AccelerateConfig:
    return AccelerateConfig.model_validate({**DDP, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"num_processes": 1}, "num_processes: input should be greater than or equal to 2, got 1"),
        ({"num_machines": 2}, "num_machines: input should be 1, got 2"),
        ({"distributed_type": "DEEPSPEED"}, "distributed_type: input should be 'MULTI_GPU', 'MULTI_CPU' or 'FSDP'"),
        ({"distributed_type": "FSDP"}, "fsdp_config: field required with distributed_type: FSDP"),
        ({**FSDP, "fsdp_config": {"fsdp_version": 1}}, "fsdp_config.fsdp_version: input should be 2, got 1"),
        ({**FSDP, "fsdp_config": {}}, "fsdp_config.fsdp_version: field required"),
    ],
)
def test_a_config_that_cannot_be_used_is_refused_by_its_key(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as refused:
        _read(**changes)
    assert describe(refused.value, AccelerateConfig).startswith(message)


def test_what_the_recipe_decides_is_launched_as_the_recipe_has_it() -> None:
    launched = _read(mixed_precision="fp16", use_cpu=True, main_process_port=29500, gpu_ids="0,1").launched(bf16=True)
    assert launched == {
        **DDP,
        "num_machines": 1,
        "mixed_precision": "bf16",
        "use_cpu": False,
        "debug": False,
        "main_process_port": 0,
        "gpu_ids": "0,1",
    }
    sharded = AccelerateConfig.model_validate(FSDP).launched(bf16=False)
    assert (sharded["distributed_type"], sharded["mixed_precision"]) == ("FSDP", "no")
    assert sharded["fsdp_config"] == {**FSDP["fsdp_config"], "fsdp_activation_checkpointing": False}  # type: ignore[dict-item]


def test_a_batch_must_be_divisible_and_low_rank_changes_are_not_sharded() -> None:
    check_spread(_read(), TrainingConfig(batch_size=6, lora=Lora()))
    with pytest.raises(
        FieldFault, match="batch_size: expected a multiple of 4, the num_processes of `accelerate`, got 6"
    ):
        check_spread(_read(num_processes=4), TrainingConfig(batch_size=6))
    with pytest.raises(FieldFault, match="lora: expected none with FSDP"):
        check_spread(AccelerateConfig.model_validate(FSDP), TrainingConfig(batch_size=8, lora=Lora()))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (
            {**DDP, "main_proces_port": 0},
            r"accelerate: unknown key 'main_proces_port' \(did you mean 'main_process_port'\?\)",
        ),
        (
            {**FSDP, "fsdp_config": {"fsdp_version": 2, "fsdp_auto_wrap_polcy": "TRANSFORMER_BASED_WRAP"}},
            r"unknown key 'fsdp_config\.fsdp_auto_wrap_polcy' \(did you mean 'fsdp_auto_wrap_policy'\?\)",
        ),
    ],
)
def test_a_key_that_accelerate_does_not_know_is_refused(
    config: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(InputError, match=message):
        choose(AccelerateConfig.model_validate(config))
    assert chosen() is None


def test_what_is_chosen_reaches_other_processes_by_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert chosen() is None
    config = AccelerateConfig.model_validate(FSDP)
    choose(config)
    assert chosen() == config
    choose(None)
    assert chosen() is None
