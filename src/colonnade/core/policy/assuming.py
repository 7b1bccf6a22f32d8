"""An identity that is taken to be what it was the last time, until the first answer of the database confirms it.

Who asks has to be looked up for each request, which is a round trip before the first one of the request itself. Where
a view does nothing but read, both go together: the look-up is executed first; if it does not say what it said before,
what was read is thrown away, and pyramid_retry tries the request again, this time one after the other. Nothing leaves
before that: not what was read, not an error, not a 304. So what a token may do ends with the statement that takes it
away.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pyramid.request import Request

if TYPE_CHECKING:
    from colonnade.core.database import Prepared
    from colonnade.core.database.connection import Check

_ATTEMPT = "retry.attempt"
_ATTEMPTS = "retry.attempts"


def allow_assumption(request: Request) -> None:
    """Let it be so for this request, if it is a GET or HEAD: what answers it has no effect but its answer."""
    request.reads_only = request.environ["REQUEST_METHOD"] in ("GET", "HEAD")


def may_assume(request: Request) -> bool:
    """Whether it may be so: on the first of several attempts, for another one has to be left."""
    environ = request.environ
    only: bool = request.reads_only
    return only and environ.get(_ATTEMPT) == 0 and environ.get(_ATTEMPTS, 1) > 1


def assume(request: Request, prepared: Prepared, parameters: Mapping[str, object], check: Check) -> None:
    """Go on as if a statement had said what `check` expects; it is sent with the next one, or before the answer leaves.

    :param check: is given its rows; raises an error that is marked as retryable if they are not what was expected.
    """
    connection = request.read_connection
    connection.fetch_with_next(prepared, parameters, check)
    request.add_response_callback(lambda _request, _response: connection.settle())
