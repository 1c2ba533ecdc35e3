"""Messages between processes that do not trust each other: length-prefixed JSON, with values as type-tagged JSON.

Pickle is never used. Decoding a message gives plain builtins and `Remote` stand-ins, and runs no code of the sender.
"""

import builtins
import collections
import decimal
import fractions
import json
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

MESSAGE_BYTES = 256 * 1024**2
ITERATOR_ITEMS = 8 * 1024**2
DEPTH = 200
_HEADER = struct.Struct("!I")
_PLAIN_INT_BITS = 256
_EXACT = (type(None), bool, str)
_ATOMS = frozenset((*_EXACT, int, float))


class BadMessage(Exception):
    """A message is too large, is nested too deeply, or does not have the agreed form."""


class TooLarge(BadMessage):
    """A message is over the limit on its size."""


class Channel:
    """One end of a stream socket that carries JSON messages.

    Attributes:
        end: the socket.
        limit: the largest message in bytes.
    """

    def __init__(self, end: socket.socket, limit: int = MESSAGE_BYTES) -> None:
        self.end = end
        self.limit = limit

    def send(self, message: Any) -> None:
        """Send a message.

        Raises:
            TooLarge: the message is over the limit; nothing was sent.
            OSError: the other end is closed.
        """
        payload = json.dumps(message).encode()
        if len(payload) > self.limit:
            raise TooLarge(f"a value takes {len(payload)} bytes, over the limit of {self.limit} on a message")
        self.end.sendall(_HEADER.pack(len(payload)))
        self.end.sendall(payload)

    def receive(self) -> Any:
        """Receive the next message.

        Raises:
            EOFError: the other end is closed.
            TooLarge: the message is over the limit.
            BadMessage: the bytes are not a message.
            TimeoutError: nothing came within the socket's timeout.
        """
        (size,) = _HEADER.unpack(self._exactly(_HEADER.size))
        if size > self.limit:
            raise TooLarge(f"a value takes {size} bytes, over the limit of {self.limit} on a message")
        try:
            return json.loads(self._exactly(size))
        except (ValueError, RecursionError) as error:
            raise BadMessage(f"a message is not JSON: {error}") from None

    def _exactly(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            try:
                part = self.end.recv(min(size - len(parts), 1 << 20))
            except ConnectionResetError:
                part = b""
            if not part:
                raise EOFError("the other end is closed")
            parts += part
        return bytes(parts)


class Remote:
    """A stand-in for an object of the other process. It can be called and sent back, and equals nothing but itself."""

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self._name = name
        self._call = call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._call(self._name, args, kwargs)

    def __repr__(self) -> str:
        return f"<{self._name} of the program>"


def encode(value: Any, keep: Callable[[Any], str], depth: int = DEPTH) -> Any:
    """Encode a value as type-tagged JSON.

    A subclass of a builtin is sent as that builtin; it is read with the builtin's own methods.

    Args:
        keep: called with every object that is not a plain value; returns the name under which the sender keeps it.
        depth: how many more levels the value may have.

    Raises:
        BadMessage: the value is nested too deeply, or an iterator does not end.
    """
    if depth == 0:
        raise BadMessage(f"a value is nested more than {DEPTH} deep")
    if type(value) in _EXACT:
        return value
    if isinstance(value, type) and vars(builtins).get(name := type.__dict__["__name__"].__get__(value)) is value:
        return ["builtin", name]
    if isinstance(value, Remote):
        return ["name", value._name]
    if isinstance(value, bool | int | float | complex | str | bytes | bytearray):
        return _encode_scalar(value)
    for kind, tag in _SEQUENCES:
        if isinstance(value, kind):
            items = list(kind.__iter__(value))
            return [tag, *(items if _all_plain(items) else [encode(item, keep, depth - 1) for item in items])]
    if isinstance(value, dict):
        if _all_plain(list(dict.keys(value))) and _all_plain(list(dict.values(value))):
            return ["dict", *map(list, dict.items(value))]
        pairs = ((encode(k, keep, depth - 1), encode(v, keep, depth - 1)) for k, v in dict.items(value))
        return ["dict", *pairs]
    if isinstance(value, range):
        return ["range", *(_encode_scalar(part) for part in (value.start, value.stop, value.step))]
    if isinstance(value, decimal.Decimal):
        return ["decimal", decimal.Decimal.__str__(value)]
    if isinstance(value, fractions.Fraction):
        return ["fraction", hex(value.numerator), hex(value.denominator)]
    if isinstance(value, Iterator):
        return ["iterator", *(encode(item, keep, depth - 1) for item in _finite(value))]
    numeric = _encode_numpy(value, keep, depth)
    return numeric if numeric is not None else ["name", keep(value)]


def _all_plain(items: list[Any]) -> bool:
    """Return whether all items are scalars that JSON carries as they are; then a long list needs no call for each."""
    kinds = set(map(type, items))
    if not kinds <= _ATOMS:
        return False
    limit = 1 << (_PLAIN_INT_BITS - 1)
    return int not in kinds or all(type(item) is not int or -limit < item < limit for item in items)


def _encode_scalar(value: Any) -> Any:
    if isinstance(value, int):
        plain = int.__int__(value)
        return plain if plain.bit_length() <= _PLAIN_INT_BITS else ["int", hex(plain)]
    if isinstance(value, float):
        return float.__float__(value)
    if isinstance(value, complex):
        return ["complex", value.real, value.imag]
    if isinstance(value, str):
        return str.__str__(value)
    kind = bytes if isinstance(value, bytes) else bytearray
    return [kind.__name__, kind.hex(value)]


def _encode_numpy(value: Any, keep: Callable[[Any], str], depth: int) -> Any:
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    if isinstance(value, numpy.generic) and not isinstance(value, numpy.void):
        return encode(value.item(), keep, depth - 1)
    if type(value) is numpy.ndarray and value.dtype != object:
        return ["array", encode(value.tolist(), keep, depth - 1)]
    return None


def _finite(items: Iterator[Any]) -> list[Any]:
    """Read all items of an iterator.

    Raises:
        BadMessage: it has more than `ITERATOR_ITEMS` items.
    """
    kept = list(islice(items, ITERATOR_ITEMS + 1))
    if len(kept) > ITERATOR_ITEMS:
        raise BadMessage("an iterator does not end")
    return kept


def decode(message: Any, resolve: Callable[[str], Any]) -> Any:
    """Decode a type-tagged message.

    Args:
        resolve: returns the object, or its stand-in, that one of the two processes keeps under a name.

    Raises:
        BadMessage: the message does not have the agreed form.
    """
    try:
        return _decode(message, resolve)
    except (KeyError, TypeError, ValueError, IndexError, RecursionError, ArithmeticError) as error:
        raise BadMessage(f"a message holds no value: {type(error).__name__}") from None


def _decode(message: Any, resolve: Callable[[str], Any]) -> Any:
    if not isinstance(message, list):
        if isinstance(message, dict):
            raise TypeError("a bare object")
        return message
    tag, *rest = message
    if tag in _CONTAINERS:
        return _CONTAINERS[tag]([item if type(item) in _ATOMS else _decode(item, resolve) for item in rest])
    if tag == "dict":
        return {_decode(key, resolve): _decode(value, resolve) for key, value in rest}
    if tag == "name":
        return resolve(*rest)
    return _SCALARS[tag](*rest)


def _set(items: list[Any]) -> set[Any]:
    """Rebuild a set so that it is iterated in the order of its items, as far as that is possible.

    The order depends on the size of the table, which is larger where the items were added one by one than where they were
    copied from another set, as those of a set display are.
    """
    one_by_one = set(items)
    return one_by_one if list(one_by_one) == items else set(frozenset(items))


def _array(items: Any) -> Any:
    numpy = sys.modules.get("numpy")
    values = _decode(items, _no_names)
    return values if numpy is None else numpy.array(values)


def _no_names(name: str) -> Any:
    raise ValueError(f"{name} in a place for plain values")


def _builtin_type(name: str) -> type:
    kind = getattr(builtins, name, None)
    if not isinstance(kind, type):
        raise ValueError(f"{name} is not a builtin type")
    return kind


def _from_hex(text: str) -> int:
    return int(text, 16)


_SEQUENCES: tuple[tuple[Any, str], ...] = (
    (list, "list"),
    (tuple, "tuple"),
    (set, "set"),
    (frozenset, "frozenset"),
    (collections.deque, "deque"),
)
_CONTAINERS: dict[str, Callable[[list[Any]], Any]] = {
    **{tag: kind for kind, tag in _SEQUENCES},
    "set": _set,
    "iterator": iter,
    "range": lambda items: range(*items),
}
_SCALARS: dict[str, Callable[..., Any]] = {
    "int": _from_hex,
    "complex": complex,
    "bytes": bytes.fromhex,
    "bytearray": bytearray.fromhex,
    "decimal": decimal.Decimal,
    "fraction": lambda top, bottom: fractions.Fraction(_from_hex(top), _from_hex(bottom)),
    "array": _array,
    "builtin": _builtin_type,
}
