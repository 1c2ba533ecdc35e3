"""What can go wrong before a program has been judged."""

from traceinv.errors import InputError


class SandboxFailed(Exception):
    """The program was never started, so there is no verdict on it."""


class IsolationMissing(InputError):
    """This machine cannot isolate programs as it is; the message ends with the command that mends it."""
