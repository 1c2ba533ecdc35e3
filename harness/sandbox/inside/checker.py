"""The side that holds the expected values: runs a benchmark's own tests, and calls the program, which is elsewhere, by messages.

The tests come from data files, so this side is isolated as well; but no line of the untrusted program runs in it.
"""

import ast
import builtins
import importlib
import sys
from typing import Any, NoReturn

from harness.sandbox.inside.wire import Channel, Remote, Spoilt, decode, encode

PRELOADED = ("numpy",)
_EXPLANATION = 300


class RaisedByProgram(Exception):
    """An exception of the program's that no builtin class stands for."""


class ProgramGone(BaseException):
    """The program ended, or spoke out of turn."""


class _Program:
    """The untrusted program, as seen from here."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self.last: tuple[BaseException, str, str] | None = None
        self.gone: str | None = None

    def load(self) -> tuple[str, str] | None:
        """What kept the program from loading: what happened, and its cause; None where it loaded."""
        reply = self._reply()
        if reply[0] == "loaded":
            return None
        return str(reply[2])[:_EXPLANATION], str(reply[3])

    def remote(self, name: str) -> Remote:
        return Remote(name, self.call)

    def call(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        try:
            self.channel.send([name, encode(args, _refuse), encode(kwargs, _refuse)])
        except OSError:
            self._give_up("the program ended before its tests did")
        reply = self._reply()
        if reply[0] == "raised":
            self._raise(str(reply[1]), str(reply[2])[:_EXPLANATION], str(reply[3]))
        try:
            return decode(reply[1] if reply[0] == "value" else reply, self.remote)
        except Spoilt as error:
            self._give_up(str(error))

    def _raise(self, name: str, text: str, cause: str) -> NoReturn:
        kind = getattr(builtins, name, None)
        honest = isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, AssertionError)
        try:
            error: Exception = kind(text) if honest and kind is not None else RaisedByProgram(text)
        except TypeError:
            error = RaisedByProgram(text)
        self.last = error, text, cause
        raise error

    def _reply(self) -> list[Any]:
        try:
            reply = self.channel.receive()
        except EOFError:
            self._give_up("the program ended before its tests did")
        except (Spoilt, OSError) as error:
            self._give_up(str(error))
        sizes = {"loaded": 1, "unloaded": 4, "value": 2, "raised": 4}
        if not isinstance(reply, list) or not reply or sizes.get(str(reply[0])) != len(reply):
            self._give_up("the program sent something else than an answer")
        return reply

    def _give_up(self, why: str) -> NoReturn:
        """Remember it too, since a test with a bare `except` can swallow what is raised."""
        self.gone = why
        raise ProgramGone(why)


def _refuse(value: object) -> NoReturn:
    raise TypeError(f"a {type(value).__name__} cannot be handed to the program")


def check(verdicts: Channel, program: Channel) -> None:
    """Run the tests of the first message against the program, and send one verdict: (verdict, explanation, cause)."""
    job = verdicts.receive()
    sys.set_int_max_str_digits(0)
    verdicts.send(judge(job, _Program(program)))


def judge(job: dict[str, Any], program: _Program) -> tuple[str, str, str]:
    """(verdict, explanation, cause); `gone` is for the other side to explain, and `broken` says that the tests are at fault."""
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
            return "gone", program.gone, ""
        if program.last is not None and error is program.last[0]:
            return "error", *program.last[1:]
        if isinstance(error, ImportError | SyntaxError):
            return "broken", f"the tests do not run: {_text(error)}", ""
        return "failed", f"the tests cannot use what the program returned: {_text(error)}", ""
    return ("passed", "all tests pass", "") if program.gone is None else ("gone", program.gone, "")


def _prepare(job: dict[str, Any], program: _Program) -> tuple[dict[str, Any], Any]:
    """The tests' namespace, and their code. What the tests use of the program are stand-ins; all else is the data set's own."""
    scope: dict[str, Any] = {"__name__": "tests", "CASES": job["cases"]}
    tests = ast.parse(job["code"])
    if job["remote"] is None:
        imports: list[ast.stmt] = [
            node for node in ast.parse(job["setup"]).body if isinstance(node, ast.Import | ast.ImportFrom)
        ]
        exec(compile(ast.Module(imports, []), "<setup>", "exec"), scope)  # noqa: S102
        remote = _names_of_the_program(job["setup"], tests, scope)
    else:
        exec(compile(job["setup"], "<setup>", "exec"), scope)  # noqa: S102
        remote = set(job["remote"])
    scope |= {name.replace(".", "_"): program.remote(name) for name in remote}
    return scope, compile(tests, "<tests>", "exec")


def _names_of_the_program(reference: str, tests: ast.Module, scope: dict[str, Any]) -> set[str]:
    """Names that the tests use and that neither they, nor the imports, nor Python define, unless the reference redefines one."""
    names = [node for node in ast.walk(tests) if isinstance(node, ast.Name)]
    own = {node.id for node in names if not isinstance(node.ctx, ast.Load)}
    own |= {node.name for node in ast.walk(tests) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.arg for node in ast.walk(tests) if isinstance(node, ast.arg)}
    own |= {
        (alias.asname or alias.name).partition(".")[0]
        for node in ast.walk(tests)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }
    defined = {node.name for node in ast.parse(reference).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    return {n.id for n in names} - own - set(scope) - (set(dir(builtins)) - defined)


def _failure(error: AssertionError, lines: list[str]) -> str:
    """The assertion that failed, as the tests have it."""
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
    """Import, before any fork, what tests commonly use; the names of what there is."""
    found = []
    for name in PRELOADED:
        try:
            importlib.import_module(name)
        except ImportError:
            continue
        found.append(name)
    return found
