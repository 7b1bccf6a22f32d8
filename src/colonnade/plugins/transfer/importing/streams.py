"""The body of a request as a stream that is never in memory as a whole."""

from __future__ import annotations

import io
from typing import IO, TYPE_CHECKING

from pyramid.request import Request
from webob.request import DisconnectionError

from colonnade.core.problems import BadRequest, ContentTooLarge

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


def body_stream(request: Request, max_bytes: int) -> IO[bytes]:
    """The body of a request, to be read once from its beginning to its end.

    :raises ContentTooLarge: if it is longer than ``max_bytes``; a body that does not say how long it is raises that
        where it is read.
    """
    if (request.content_length or 0) > max_bytes:
        raise _too_large(max_bytes)
    if request.is_body_seekable:
        request.body_file_raw.seek(0)  # an attempt that failed may have read it
    return io.BufferedReader(_Bounded(request.body_file, max_bytes), 1 << 16)


class _Bounded(io.RawIOBase):
    """A stream that ends, or raises."""

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self._stream = stream
        self._max_bytes = max_bytes
        self._left = max_bytes

    def readable(self) -> bool:
        """Say so."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read what there is, up to the buffer's size."""
        room = memoryview(buffer).cast("B")
        try:
            chunk = self._stream.read(len(room))
        except DisconnectionError:
            raise BadRequest("The connection ended before the body was complete.") from None
        self._left -= len(chunk)
        if self._left < 0:
            raise _too_large(self._max_bytes)
        room[: len(chunk)] = chunk
        return len(chunk)


def _too_large(max_bytes: int) -> ContentTooLarge:
    said = f"The body has more than the {max_bytes:,} bytes that one request may import; send it in several."
    return ContentTooLarge(said, max_bytes=max_bytes)
