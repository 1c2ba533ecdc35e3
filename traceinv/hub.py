"""The Hugging Face hub: find out quickly whether it can be reached, so that nobody waits for libraries that retry for long."""

import os
import sys
import threading
import urllib.error
import urllib.request
from functools import cache
from pathlib import Path

SECONDS = 1.5
"""How long to wait for a first answer of the hub."""
DEFAULT_ENDPOINT = "https://huggingface.co"
OFFLINE_VARIABLE = "HF_HUB_OFFLINE"
_TRUE = ("1", "on", "yes", "true")


def prefer_cache(name: str) -> None:
    """Before a model is loaded: where its name may be a hub id and the hub does not answer, let the cache alone be read."""
    if not Path(name).exists():
        is_offline()


def is_offline() -> bool:
    """Return whether the hub's libraries are, or have just been, told to read their cache alone.

    Where the hub does not answer within `SECONDS`, the libraries of this process and of those that it starts are told so.
    HF_HUB_OFFLINE decides without asking: 1 is offline, 0 is online.
    """
    wanted = os.environ.get(OFFLINE_VARIABLE)
    if wanted is not None:
        return wanted.lower() in _TRUE
    if _answers(os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT):
        return False
    _tell_libraries()
    return True


@cache
def _answers(endpoint: str) -> bool:
    """Return whether an endpoint answers in time; the wait is in a thread, because a look-up of a name knows no limit."""
    answered, finished = threading.Event(), threading.Event()

    def ask() -> None:
        if _ask(endpoint):
            answered.set()
        finished.set()

    threading.Thread(target=ask, daemon=True).start()
    finished.wait(SECONDS)
    return answered.is_set()


def _ask(endpoint: str) -> bool:
    try:
        request = urllib.request.Request(endpoint, method="HEAD")  # noqa: S310  the endpoint is the user's own
        with urllib.request.urlopen(request, timeout=SECONDS):  # noqa: S310
            return True
    except urllib.error.HTTPError:  # an answer, if not a friendly one
        return True
    except urllib.error.URLError as error:
        return "SSL" in type(error.reason).__name__  # the libraries may trust other certificates
    except (OSError, ValueError):
        return False


def _tell_libraries() -> None:
    """Tell libraries that are loaded by their constants, and those that are not by the environment."""
    os.environ[OFFLINE_VARIABLE] = "1"
    for name, constant in (("huggingface_hub.constants", OFFLINE_VARIABLE), ("datasets.config", OFFLINE_VARIABLE)):
        if name in sys.modules:
            setattr(sys.modules[name], constant, True)
