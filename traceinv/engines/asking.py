"""Send requests to a server again where that may help, wait as long as it asks, and never show the key."""

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from traceinv.errors import GateError, InputError

FIRST_WAIT = 1.0
"""Seconds before the first repetition; each later one waits twice as long."""
LONGEST_WAIT = 60.0
"""The longest wait where the server names none."""
LONGEST_OBEYED = 3600.0
"""The longest wait that a server may ask for; where it asks for more, the request has failed."""
MESSAGE = 200
"""Characters of a server's message that are shown."""
HIDDEN = "[key]"
NO_KEY = "none"
AGAIN = (408, 409, 429)
"""Statuses below 500 after which the same request may succeed."""
REFUSED = (401, 403, 404)
"""Statuses after which no request can succeed: a wrong key, a forbidden or unknown model."""


class Unanswered(GateError):
    """One request has no answer; others may have."""


class Refused(GateError):
    """No request to this server can succeed."""


def read_key(variable: str | None) -> str:
    """Return the key in an environment variable; a word that is none without a variable.

    Raises:
        InputError: the variable is not set, or holds what no header can.
    """
    if variable is None:
        return NO_KEY
    key = os.environ.get(variable, "").strip()
    if not key:
        raise InputError(f"the environment variable {variable} is not set; it should hold the key of the endpoint")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InputError(
            f"the environment variable {variable}: expected a key of printable ASCII characters without spaces"
        )
    return key


@dataclass(frozen=True)
class Fault:
    """Why an attempt failed.

    Attributes:
        reason: in one line.
        again: whether the same request may succeed.
        wait: seconds that the server asks to wait; None where it does not.
        sent: whether the server may have worked on the request, so that it may be billed.
    """

    reason: str
    again: bool
    wait: float | None = None
    sent: bool = True


class Pace:
    """When requests may be sent: not before the time that the server last asked for. Threads share it."""

    def __init__(self, sleep: Callable[[float], None] = time.sleep, now: Callable[[], float] = time.monotonic) -> None:
        self._sleep, self._now, self._until, self._lock = sleep, now, 0.0, threading.Lock()

    def wait(self) -> None:
        """Wait until requests may be sent."""
        while (left := self._until - self._now()) > 0:
            self._sleep(left)

    def pause(self, seconds: float) -> None:
        """Let nobody send for some seconds."""
        with self._lock:
            self._until = max(self._until, self._now() + seconds)

    def back_off(self, attempt: int) -> None:
        """Wait before the attempt after this one; attempts count from 0."""
        self._sleep(min(FIRST_WAIT * 2**attempt, LONGEST_WAIT))


def fault_of(error: Exception) -> Fault:
    """Read an error of the `openai` client or of its reply's form."""
    from openai import APIConnectionError, APIStatusError, APITimeoutError

    if isinstance(error, APITimeoutError):
        return Fault("no answer within the timeout", again=True)
    if isinstance(error, APIConnectionError):
        cause = type(error.__cause__).__name__ if error.__cause__ else "connection failed"
        return Fault(f"the connection failed ({cause})", again=True, sent=cause != "ConnectError")
    if isinstance(error, APIStatusError):
        status = error.status_code
        if status in REFUSED:
            raise Refused(f"HTTP {status}: {_message(error)}")
        wait = retry_after(error.response.headers.get("retry-after"))
        return Fault(f"HTTP {status}: {_message(error)}", again=status in AGAIN or status >= 500, wait=wait, sent=False)
    if isinstance(error, BadReply):
        return Fault(str(error), again=True)
    if isinstance(error, ValueError):
        return Fault("the reply is not JSON", again=True)
    raise error


class BadReply(Exception):
    """A server's reply has not the form of the protocol, or nothing in it."""


def retry_after(header: str | None, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> float | None:
    """Return the seconds of a `Retry-After` header, which names seconds or a date; None where there is none to read."""
    if header is None:
        return None
    try:
        return max(0.0, float(header))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(header) - now()).total_seconds())
    except (ValueError, TypeError):
        return None


def hide(text: str, key: str) -> str:
    """Replace a key wherever a server repeats it."""
    return text if key == NO_KEY or not key else text.replace(key, HIDDEN)


def _message(error: Any) -> str:
    """Return a server's own message in one line, cut to a length that nobody can flood a terminal with."""
    body = error.body
    said = body.get("message") if isinstance(body, dict) else body
    text = " ".join(str(said or error.message).split())
    return text if len(text) <= MESSAGE else text[: MESSAGE - 3] + "..."
