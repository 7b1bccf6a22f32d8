"""An identity that is taken to be what it was the last time, until the first answer of the database confirms it.

Who asks has to be looked up for each request, which is a round trip before the first one of the request itself. A view
may have both together (``assumes_identity=True``): the look-up is executed first; if it does not say what it said
before, what came with it is thrown away or rolled back, and pyramid_retry tries the request again, this time one after
the other. Nothing leaves the view before that: not what was read, not an error, not a 304. So what a token may do ends
with the statement that takes it away.

Such a view calls nobody else's code, and writes nothing but in its transaction, which is rolled back then, before
``request.read_connection.settle()``, or before something was read. It may hand others that connection.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.viewderivers import INGRESS

from colonnade.core.problems import Unauthorized

if TYPE_CHECKING:
    from colonnade.core.database import Prepared
    from colonnade.core.database.sending import Check, Rows

#: What a request remembers of who asks.
_OF_IDENTITY = ("identity", "identity_attributes", "access")
_ATTEMPT = "retry.attempt"
_ATTEMPTS = "retry.attempts"


def may_assume(request: Request) -> bool:
    """Whether it may be so: on the first of several attempts, for another one has to be left."""
    environ = request.environ
    assumes: bool = request.assumes_identity
    return assumes and environ.get(_ATTEMPT) == 0 and environ.get(_ATTEMPTS, 1) > 1


def assume(request: Request, prepared: Prepared, parameters: Mapping[str, object], check: Check) -> None:
    """Go on as if a statement had said what `check` expects; it is sent with the next one, or when the view has ended.

    :param check: is given its rows; raises Unauthorized, marked as retryable, if they are not what was expected.
    """

    def checked(rows: Rows) -> None:
        try:
            check(rows)
        except Unauthorized:
            for name in _OF_IDENTITY:
                request.__dict__.pop(name, None)  # nobody shall see it any more: no exception view, no tween
            raise

    request.read_connection.fetch_with_next(prepared, parameters, checked)


class _AssumingView:
    """A view deriver for the option ``assumes_identity``."""

    options = ("assumes_identity",)

    def __call__(self, view: Callable[[Any, Request], Any], info: Any) -> Callable[[Any, Request], Any]:
        if not info.options.get("assumes_identity"):
            return view

        def assuming(context: Any, request: Request) -> Any:
            request.assumes_identity = True
            try:
                return view(context, request)
            finally:
                request.assumes_identity = False
                _settle(request)  # what the view raises, a 404 too, is an answer: not before it is known who asks

        return assuming


def _settle(request: Request) -> None:
    if "read_connection" in request.__dict__:
        request.read_connection.settle()


def includeme(config: Configurator) -> None:
    """Let views have the option ``assumes_identity``; the permission is asked for within."""
    config.add_view_deriver(_AssumingView(), name="assuming_view", under=INGRESS, over="secured_view")
