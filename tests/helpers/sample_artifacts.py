"""What a stage that no test looks into says of its artifact."""

from typing import Any


def description(key: str) -> dict[str, Any]:
    """Return what `Store.publish` is told of an artifact of the kind `kind`."""
    return {
        "kind": "kind",
        "key": key,
        "version": 1,
        "fingerprint": "f",
        "params": {},
        "inputs": {},
        "seconds": 1.0,
        "log": {"rows": 1},
    }
