"""The estimate of a training's memory, and what is refused."""

from dataclasses import replace

import pytest

from traceinv.errors import GateError
from traceinv.memory import GIB, Architecture, Devices, check_memory, estimate_bytes, largest_micro_batch

SMOLLM2 = Architecture(134_515_008, 134_515_008, layers=30, hidden=576, intermediate=1536, vocabulary=49_152)
SEVEN = Architecture(7_600_000_000, 7_600_000_000, layers=28, hidden=3584, intermediate=18_944, vocabulary=152_064)


@pytest.mark.parametrize(("rows", "measured"), [(4, 3.15e9), (12, 7.14e9)])
def test_the_estimate_is_near_what_was_measured(rows: int, measured: float) -> None:
    """Peaks of one step of SmolLM2-135M in float32 on rows of 192 tokens, with what the process has besides."""
    assert estimate_bytes(SMOLLM2, rows * 192, False) == pytest.approx(measured, rel=0.35)


def test_a_step_is_its_longest_rows_or_a_micro_batch() -> None:
    assert largest_micro_batch([10, 100, 20], 2, None) == 200
    assert largest_micro_batch([10, 100, 20], 96, None) == 300
    assert largest_micro_batch([10, 100, 20], 96, 150) == 150
    assert largest_micro_batch([10, 100, 20], 96, 50) == 100
    assert largest_micro_batch([10], 96, 150) == 10


def test_what_fits_is_let_through_with_its_estimate() -> None:
    needed = estimate_bytes(SMOLLM2, 768, False)
    assert check_memory(SMOLLM2, [192] * 9, 4, None, False, needed) == needed


def test_what_does_not_fit_is_refused_with_what_would() -> None:
    message = (
        r"training 135M of 135M weights on rows of up to 192 tokens needs about 4\d\.\d GiB, and there are 24.0 GiB"
    )
    with pytest.raises(GateError, match=message + r"; in `training`: batch_tokens: 192 needs 2\.\d GiB"):
        check_memory(SMOLLM2, [192] * 200, 96, None, False, 24 * GIB)
    with pytest.raises(GateError, match="batch_tokens: 16384 with gradient_checkpointing: true needs"):
        check_memory(SEVEN, [16_384] * 9, 9, None, False, 200 * GIB)
    with pytest.raises(GateError, match="lora trains fewer weights"):
        check_memory(SEVEN, [16_384] * 9, 9, None, False, 80 * GIB)


def test_low_rank_changes_need_less_than_all_weights() -> None:
    lora = replace(SEVEN, trained=40_000_000, frozen_bytes=2)
    assert estimate_bytes(lora, 0, False) < estimate_bytes(SEVEN, 0, False) / 7


def test_devices_share_the_rows_of_a_step_and_with_fsdp_what_is_kept_of_the_weights() -> None:
    assert largest_micro_batch([10, 100, 20], 4, None, Devices(2)) == 200
    assert largest_micro_batch([10, 100, 20], 4, 150, Devices(2)) == 150
    whole = estimate_bytes(SEVEN, 0, True)
    assert estimate_bytes(SEVEN, 0, True, Devices(8)) == whole
    gathered = 4 * (SEVEN.parameters // SEVEN.layers + SEVEN.vocabulary * SEVEN.hidden)
    assert estimate_bytes(SEVEN, 0, True, Devices(8, sharded=True)) == whole // 8 + gathered
    with pytest.raises(GateError, match="lora trains fewer weights"):
        check_memory(SEVEN, [4096] * 9, 8, 4096, True, 78 * GIB, Devices(8))
    assert check_memory(SEVEN, [4096] * 9, 8, 4096, True, 78 * GIB, Devices(8, sharded=True)) < 40 * GIB
