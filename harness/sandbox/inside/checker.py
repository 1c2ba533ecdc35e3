"""Run a benchmark's own tests, which hold the expected values, and call the untrusted program by messages.

This process is isolated too, because the tests come from data files. No line of the untrusted program runs in it.
"""

import ast
import builtins
import importlib
import secrets
import symtable
import sys
from collections.abc import Iterator
from typing import Any, NoReturn

from harness.sandbox.inside.parts import items_of, kind_of
from harness.sandbox.inside.wire import BadMessage, Channel, Remote, TooLarge, decode, encode

PRELOADED = ("numpy",)
_EXPLANATION = 300


class RaisedByProgram(Exception):
    """The program raised an exception that cannot be raised here as a builtin class."""


class ProgramGone(BaseException):
    """The program ended, or sent something that is not an answer."""


class _Program:
    """The untrusted program at the other end of a channel.

    Attributes:
        calls: how often the tests called it.
        last: the last exception that the program raised, with its text and cause.
        gone: why the program can no longer be called; None while it can.
        cause: `blocked` where it is gone because it sent more than it may, else empty.
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.calls = 0
        self.last: tuple[BaseException, str, str] | None = None
        self.gone: str | None = None
        self.cause = ""

    def load(self) -> tuple[str, str] | None:
        """Wait until the program is loaded; return (text, cause) of the error where it did not load, else None."""
        reply = self._reply("")
        if reply[0] == "loaded":
            return None
        return str(reply[2])[:_EXPLANATION], str(reply[3])

    def remote(self, name: str) -> Remote:
        """Return a stand-in for an object of the program."""
        return Remote(name, self.call)

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call a function of the program.

        Raises:
            ProgramGone: the program ended, or sent something that is not an answer.
            Exception: the program raised an exception of this class, or of a class that has none here (RaisedByProgram).
        """
        token = secrets.token_hex(8)
        self.calls += 1
        try:
            self.channel.send([token, name, encode(args, _refuse), encode(kwargs, _refuse)])
        except OSError:
            self._give_up("the program ended before its tests did")
        reply = self._answer(token)
        try:
            if reply[0] == "parts":
                return self._parts(token, *reply[1:])
            return decode(reply[1] if reply[0] == "value" else reply, self.remote)
        except BadMessage as error:
            self._give_up(str(error))
        except MemoryError:
            self._give_up("the value that the program returned is too large for the memory of its tests", "blocked")

    def _answer(self, token: str) -> list[Any]:
        """Receive an answer; raise the exception that it tells of."""
        reply = self._reply(token)
        if reply[0] == "raised":
            self._raise(str(reply[1]), str(reply[2])[:_EXPLANATION], str(reply[3]))
        return reply

    def _parts(self, token: str, tag: Any, count: Any) -> Any:
        """Receive a long list or tuple, part by part."""
        kind = kind_of(tag)
        if type(count) is not int:
            raise BadMessage("a number of parts is no number")
        items: list[Any] = []
        for _ in range(count):
            reply = self._answer(token)
            if reply[0] != "part":
                raise BadMessage("a part is missing")
            items += items_of(reply[1], self.remote)
        return kind(items)

    def _raise(self, name: str, text: str, cause: str) -> NoReturn:
        kind = getattr(builtins, name, None)
        honest = isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, AssertionError)
        try:
            error: Exception = kind(text) if honest and kind is not None else RaisedByProgram(text)
        except TypeError:
            error = RaisedByProgram(text)
        self.last = error, text, cause
        raise error

    def _reply(self, token: str) -> list[Any]:
        """Receive the answer with a token, which the program cannot know before it is asked."""
        try:
            reply = self.channel.receive()
        except EOFError:
            self._give_up("the program ended before its tests did")
        except TooLarge as error:
            self._give_up(str(error), "blocked")
        except MemoryError:
            self._give_up("the value that the program returned is too large for the memory of its tests", "blocked")
        except (BadMessage, OSError) as error:
            self._give_up(str(error))
        sizes = {"loaded": 1, "unloaded": 4, "value": 2, "parts": 3, "part": 2, "raised": 4}
        if (
            not isinstance(reply, list)
            or len(reply) < 2
            or reply[0] != token
            or sizes.get(str(reply[1])) != len(reply) - 1
        ):
            self._give_up("the program sent something that is not an answer")
        return reply[1:]

    def _give_up(self, why: str, cause: str = "") -> NoReturn:
        """Raise ProgramGone, and remember the reason, because a test with a bare `except` may catch the exception."""
        self.gone, self.cause = why, cause
        raise ProgramGone(why)


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"a {type(value).__name__} cannot be handed to the program")


def check(verdicts: Channel, program: Channel) -> None:
    """Run the tests in the first message against the program, and send (verdict, explanation, cause, number of calls)."""
    job = verdicts.receive()
    sys.set_int_max_str_digits(0)
    tested = _Program(program)
    verdicts.send([*judge(job, tested), tested.calls])


def judge(job: dict[str, Any], program: _Program) -> tuple[str, str, str]:
    """Run tests and return (verdict, explanation, cause).

    Beside the verdicts of `Outcome` there are `gone` (the program ended early; the harness finds the reason) and `broken` (the
    tests are at fault).
    """
    try:
        scope, tests = _prepare(job, program)
    except Exception as error:  # noqa: BLE001
        return "broken", f"the tests do not load: {_text(error)}", ""
    try:
        unloaded = program.load()
        if unloaded is not None:
            return "error", *unloaded
        exec(tests, scope)  # noqa: S102
    except AssertionError as error:
        return "failed", _failure(error, job["code"].splitlines()), ""
    except BaseException as error:  # noqa: BLE001
        if program.gone is not None:
            return "gone", program.gone, program.cause
        if program.last is not None and error is program.last[0]:
            return "error", *program.last[1:]
        if isinstance(error, ImportError | SyntaxError):
            return "broken", f"the tests do not run: {_text(error)}", ""
        return "failed", f"the tests cannot use what the program returned: {_text(error)}", ""
    return ("passed", "all tests pass", "") if program.gone is None else ("gone", program.gone, program.cause)


def _prepare(job: dict[str, Any], program: _Program) -> tuple[dict[str, Any], Any]:
    """Return the tests' namespace and compiled code; the names of the program are stand-ins, all others are the data set's."""
    scope: dict[str, Any] = {"__name__": "tests", "CASES": job["cases"]}
    tests = ast.parse(job["code"])
    if job["remote"] is None:
        imports: list[ast.stmt] = [
            node for node in ast.parse(job["setup"]).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        exec(compile(ast.Module(imports, []), "<setup>", "exec"), scope)  # noqa: S102
        remote = _names_of_the_program(job["setup"], job["code"], scope)
    else:
        exec(compile(job["setup"], "<setup>", "exec"), scope)  # noqa: S102
        remote = set(job["remote"])
    scope |= {name.replace(".", "_"): program.remote(name) for name in remote}
    return scope, compile(tests, "<tests>", "exec")


def _names_of_the_program(reference: str, tests: str, scope: dict[str, Any]) -> set[str]:
    """Return the names that the tests use and that neither the tests, nor the imports, nor Python define.

    A name that the tests bind inside a function is no name of the module. A name that the reference program defines is always
    the program's, until the tests bind it anew.
    """
    used: set[str] = set()
    bound: set[str] = set()
    for table in _tables(symtable.symtable(tests, "<tests>", "exec")):
        for symbol in table.get_symbols():
            of_module = table.get_type() == "module" or symbol.is_global()
            if of_module and symbol.is_referenced():
                used.add(symbol.get_name())
            if of_module and (symbol.is_assigned() or symbol.is_imported()):
                bound.add(symbol.get_name())
    defined = {
        node.name
        for node in ast.parse(reference).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    return (used & defined) | (used - bound - set(scope) - set(dir(builtins)))


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    """Yield a table of names and those of all functions and classes inside."""
    yield table
    for inner in table.get_children():
        yield from _tables(inner)


def _failure(error: AssertionError, lines: list[str]) -> str:
    """Return the text of the assertion that failed."""
    step, line = error.__traceback__, 0
    while step is not None:
        if step.tb_frame.f_code.co_filename == "<tests>":
            line = step.tb_lineno
        step = step.tb_next
    text = lines[line - 1].strip() if line else "an assertion"
    return f"{text} fails{f' ({error})' if error.args else ''}"[:_EXPLANATION]


def _text(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:_EXPLANATION]


def preload() -> list[str]:
    """Import the packages that tests commonly use, before any fork; return the names of those that are installed."""
    installed = []
    for name in PRELOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        installed.append(name)
    return installed
