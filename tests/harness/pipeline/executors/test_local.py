"""Worker processes: what becomes of them when a run is over."""

import sys

import pytest
from processes import linger, wait_until_gone

from harness.pipeline.executors import local


@pytest.mark.parametrize("fails", [False, True])
def test_a_worker_that_cannot_end_does_not_keep_the_run(fails: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(sys, "warnoptions", [*sys.warnoptions])
    for variable in ("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "OMP_NUM_THREADS", "TOKENIZERS_PARALLELISM"):
        monkeypatch.setenv(variable, "1")
    workers: list[int] = []

    def run() -> None:
        with local.LocalExecutor(1) as executor:
            executor._pool.submit(linger).result()
            workers.extend(executor._pool._processes or {})
            if fails:
                raise KeyboardInterrupt

    if fails:
        with pytest.raises(KeyboardInterrupt):
            run()
    else:
        run()
    assert workers
    wait_until_gone(workers)
