"""What this machine's processor can compute."""

INSTRUCTIONS = ("avx512_bf16", "amx_bf16", "bf16", "sve_bf16")
"""The names that torch gives to those for bfloat16, on x86 and on ARM."""


def has_bfloat16() -> bool:
    """Return whether the processor has instructions for bfloat16; without them it is about four times slower than float32."""
    from torch import cpu

    known = cpu.get_capabilities()
    return any(known.get(name) for name in INSTRUCTIONS)
