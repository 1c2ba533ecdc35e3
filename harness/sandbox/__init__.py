"""Where untrusted code runs.

`run_function` serves the lab's own tasks, in a limited process that hides neither files nor the network. Benchmark programs run
isolated, in a `Pool` of bubblewrap sandboxes, or not at all.
"""

from harness.sandbox.errors import IsolationMissing, SandboxFailed
from harness.sandbox.limited import Run, run_function
from harness.sandbox.pool import Pool, require_isolation, shared_pool
from harness.sandbox.records import BrokenTests, Checks, Limits, Outcome, Verdict

__all__ = [
    "BrokenTests",
    "Checks",
    "IsolationMissing",
    "Limits",
    "Outcome",
    "Pool",
    "Run",
    "SandboxFailed",
    "Verdict",
    "require_isolation",
    "run_function",
    "shared_pool",
]
