"""Load the untrusted program and call its functions as the checker asks.

Once the program is loaded, nothing in this process is trusted. A program that takes it over can only give other answers.
"""

import atexit
import builtins
import contextlib
import errno
import gc
import io
import os
import resource
import sys
import threading
import time
import types
from collections.abc import Iterator
from typing import Any

from harness.sandbox.inside.parts import is_long, parts_of
from harness.sandbox.inside.wire import BadMessage, Channel, TooLarge, decode, encode

EXPLANATION_LENGTH = 300
_ARGV = [
    "program.py"
]  # else the program would see the worker's arguments, and `fileinput` would read them as file names
_FORBIDDEN = {
    errno.EPERM,
    errno.EACCES,
    errno.EROFS,
    errno.EFBIG,
    errno.ENOSPC,
    errno.ENETUNREACH,
    errno.EAFNOSUPPORT,
    errno.EMFILE,
}


def serve(channel: Channel) -> None:
    """Load the program in the first message, then answer calls until the other end closes."""
    job = channel.receive()
    module = _new_module("candidate")
    _limit_cpu(job["cpu_seconds"])
    try:
        exec(compile(job["program"], "<candidate>", "exec"), module.__dict__)  # noqa: S102
    except BaseException as error:  # noqa: BLE001
        channel.send(["", "unloaded", *_describe(error)])
        return
    channel.send(["", "loaded"])
    calls = _Calls(module.__dict__, job["cpu_seconds"])
    while True:
        token, name, args, kwargs = channel.receive()
        try:
            for message in calls.answer(name, args, kwargs):
                channel.send([token, *message])
        except (TooLarge, MemoryError) as error:
            channel.send([token, "raised", *_describe(error)])


def run_script(channel: Channel) -> None:
    """Run the program in the first message as a script, until all its threads have ended."""
    job = channel.receive()
    module = _new_module("__main__")
    _open_standard_streams()
    try:
        exec(compile(job["program"], "<candidate>", "exec"), module.__dict__)  # noqa: S102
    except SystemExit:
        pass
    except BaseException as error:  # noqa: BLE001
        channel.send(list(_describe(error)))
        os._exit(1)
    shutdown = getattr(threading, "_shutdown", None)
    if shutdown is not None:
        shutdown()
    atexit._run_exitfuncs()
    _flush_everything()


def _open_standard_streams() -> None:
    """Make standard input and output anew; those of the worker were made for other files, and believe that they can seek."""
    sys.stdin = sys.__stdin__ = open(0, encoding="utf-8", errors="surrogateescape", closefd=False)  # type: ignore[misc]  # noqa: SIM115
    sys.stdout = sys.__stdout__ = open(1, "w", encoding="utf-8", errors="surrogateescape", closefd=False)  # type: ignore[misc]  # noqa: SIM115


def _flush_everything() -> None:
    """Write out what stands in buffers, as the interpreter does when it ends: standard output, then all other open files."""
    held = gc.get_objects()
    texts = [stream for stream in held if issubclass(type(stream), io.TextIOWrapper)]
    buffers = [stream for stream in held if issubclass(type(stream), io.BufferedWriter | io.BufferedRandom)]
    for stream in (sys.stdout, sys.__stdout__, *texts, *buffers):
        with contextlib.suppress(Exception):
            stream.flush()


def _new_module(name: str) -> types.ModuleType:
    """Make the module in which a program runs, with the settings that programs expect."""
    sys.set_int_max_str_digits(0)
    sys.argv[:] = _ARGV
    module = types.ModuleType(name)
    sys.modules[name] = module
    return module


class _Calls:
    """Answers calls by name. Objects that are not plain values stay here; the other side refers to them by a name.

    Attributes:
        scope: the program's global names.
        cpu_seconds: the limit on one call.
        kept: the objects that the other side refers to.
    """

    def __init__(self, scope: dict[str, Any], cpu_seconds: float) -> None:
        self.scope = scope
        self.cpu_seconds = cpu_seconds
        self.kept: dict[str, Any] = {}

    def answer(self, name: str, args: Any, kwargs: Any) -> Iterator[list[Any]]:
        """Call a function; yield ["value", result] or ["raised", class, text, cause], encoded.

        A long result is yielded as ["parts", tag, number of parts], and then ["part", items] for each.
        """
        _limit_cpu(self.cpu_seconds)
        try:
            function = self._find(name)
            positional, keyword = decode(args, self._find), decode(kwargs, self._find)
            result = function(*positional, **keyword)
            _limit_cpu(self.cpu_seconds)  # to encode a result is no work of the program
            if not is_long(result):
                yield ["value", encode(result, self._keep)]
                return
            tag, count, parts = parts_of(result, self._keep)
            yield ["parts", tag, count]
            for part in parts:
                yield ["part", part]
                _limit_cpu(self.cpu_seconds)
        except BadMessage as error:
            yield ["raised", "ValueError", str(error), ""]
        except GeneratorExit:
            raise
        except BaseException as error:  # noqa: BLE001
            yield ["raised", *_describe(error)]

    def _find(self, name: str) -> Any:
        if name in self.kept:
            return self.kept[name]
        owner, dot, method = name.partition(".")
        if owner not in self.scope and not hasattr(builtins, owner):
            raise NameError(f"name {owner!r} is not defined")
        value = self.scope[owner] if owner in self.scope else getattr(builtins, owner)
        if not dot:
            return value
        self.kept[name] = getattr(value(), method)
        return self.kept[name]

    def _keep(self, value: Any) -> str:
        for name, kept in self.scope.items():
            if kept is value:
                return name
        name = f"object {len(self.kept)}"
        self.kept[name] = value
        return name


def _limit_cpu(seconds: float) -> None:
    """Limit the CPU time from now on; the hard limit on all calls stays as it is."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (min(int(time.process_time() + seconds) + 1, hard), hard))


def _describe(error: BaseException) -> tuple[str, str, str]:
    """Describe an exception: (nearest builtin class, text, cause); the cause is `memory`, `blocked` or empty."""
    nearest = next((c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"), "Exception")
    try:
        text = f"{type(error).__name__}: {error}"[:EXPLANATION_LENGTH]
    except BaseException:  # noqa: BLE001
        text = nearest
    return nearest, text, _cause(error)


def _cause(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "memory"
    no_thread = isinstance(error, RuntimeError) and error.args == ("can't start new thread",)
    forbidden = isinstance(error, OSError) and error.errno in _FORBIDDEN
    return "blocked" if no_thread or forbidden or isinstance(error, TooLarge) else ""
