"""Run untrusted programs.

Benchmark programs run isolated in a `Pool` of bubblewrap sandboxes, or not at all. `run_function` runs a program in a limited
process that hides neither files nor the network; it is for tasks whose models can write nothing harmful.
"""

from harness.sandbox.limited import FunctionRun, run_function
from harness.sandbox.pool import Pool, require_isolation, shared_pool
from harness.sandbox.records import BrokenTests, Checks, IsolationMissing, Limits, Outcome, SandboxFailed, Verdict

__all__ = [
    "BrokenTests",
    "Checks",
    "FunctionRun",
    "IsolationMissing",
    "Limits",
    "Outcome",
    "Pool",
    "SandboxFailed",
    "Verdict",
    "require_isolation",
    "run_function",
    "shared_pool",
]
