"""A connection to a server that reads no reply of any size."""

from collections.abc import Iterator

import httpx2
from openai import DefaultHttpxClient

from traceinv.engines.asking import BadReply

MAX_REPLY_BYTES = 32 * 1024**2
"""The longest reply in use, 128k tokens of text, has about 1 MB."""
UNPACKED = "identity"
HEADERS = {"Accept-Encoding": UNPACKED}
"""What requests carry, so that the bytes that arrive are those that are held in memory."""


def bounded_client() -> httpx2.Client:
    """Return a client of HTTP whose replies raise BadReply where they are packed, or longer than `MAX_REPLY_BYTES`."""
    return DefaultHttpxClient(event_hooks={"response": [_bound]})


class _Bounded(httpx2.SyncByteStream):
    """The bytes of a reply, up to the limit."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for part in self._stream:
            size += len(part)
            if size > MAX_REPLY_BYTES:
                raise BadReply(f"the reply has more than {MAX_REPLY_BYTES / 1e6:.0f} MB")
            yield part

    def close(self) -> None:
        self._stream.close()


def _bound(response: httpx2.Response) -> None:
    """Bound the reading of a reply, whatever its status; its body has not been read yet."""
    if response.headers.get("Content-Encoding", UNPACKED).lower() != UNPACKED:
        raise BadReply("the reply is packed, which was not asked for")
    if isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _Bounded(response.stream)
