"""The request, as every view gets it. Its properties are computed at first use and remembered."""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Mapping
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pyramid.request
from cornice import Errors
from cornice.util import current_service
from webob.request import DisconnectionError

from colonnade.core.database import manager_of, read_connection_for, session_for
from colonnade.core.policy import access_of
from colonnade.core.policy.identity import IdentityAttributes, identify, identity_attributes_of
from colonnade.core.remembered import remembered
from colonnade.core.request_id import correlation_id_of, request_id_of

if TYPE_CHECKING:
    from cornice import Service
    from pyramid.config import Configurator

    from colonnade.core.database import ReadConnection

#: Digits of the length of a body that is read at once.
_SHORT: Final = 5
#: Attributes of a request that hold it: contexts of the tree, and what reads or writes for it.
_HOLDING: Final = ("root", "virtual_root", "identity_attributes", "read_connection", "dbsession")


class Request(pyramid.request.Request):
    """Pyramid's request, which also knows who asks, what they may do, and the database.

    A property of the class costs nothing until it is used; `add_request_method` costs each request.
    """

    #: Bytes. A shorter body that is read twice (by the attempts of pyramid_retry) stays in memory; webob forgets to
    #: close the file that a longer one goes to.
    request_body_tempfile_limit = 16 * 1024 * 1024

    #: Whether its view may go on before it is known who asks: see `core.policy.assuming`.
    assumes_identity = False

    @property
    def path_info(self) -> str:
        """The path within the application, decoded: UTF-8, which is what webob looks up each time.

        :raises UnicodeDecodeError: for a path that is no UTF-8.
        """
        written: str = self.environ["PATH_INFO"]
        return written.encode("latin-1").decode()

    @path_info.setter
    def path_info(self, path: str) -> None:
        self.environ["PATH_INFO"] = path.encode().decode("latin-1")

    def make_body_seekable(self) -> None:
        """Let the body be read again by another attempt.

        What webob does for any body, but that none needs nothing, and a short one is read at once.
        """
        environ = self.environ
        length: str = environ.get("CONTENT_LENGTH") or ""
        if environ.get("webob.is_body_seekable") or len(length) > _SHORT or not length.isdecimal():
            if length or environ.get("wsgi.input_terminated"):
                super().make_body_seekable()
            return
        body = environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            raise DisconnectionError(f"Client disconnected ({int(length) - len(body)} more bytes were expected)")
        environ["wsgi.input"] = BytesIO(body)
        environ["webob.is_body_seekable"] = True

    @remembered
    def finished_callbacks(self) -> deque[Callable[[Request], object]]:
        """What is called when the request is finished, in the order in which it was added."""
        return deque([_let_go])

    @remembered
    def id(self) -> str:
        """Our id of this request, a UUID: that of X-Request-Id, of the log, of problems, of the change log."""
        return request_id_of(self.environ)

    @remembered
    def correlation_id(self) -> str | None:
        """The caller's own id of it (X-Correlation-Id or X-Request-Id), cleaned; None if there is none."""
        return correlation_id_of(self.environ)

    #: Who asks; ANONYMOUS where nobody signed in. Raises Unauthorized for credentials that are not good.
    identity = remembered(identify)

    @remembered
    def identity_attributes(self) -> IdentityAttributes:
        """What ``me`` says of the one who asks, by name; what has to be computed is, once, at first use."""

        def connect() -> ReadConnection:
            self.read_connection.settle()  # what computes an attribute is a plug-in's: it is for one who is known
            return self.read_connection

        return IdentityAttributes(self.identity, identity_attributes_of(self.registry), connect)

    #: What the one who asks may do, resource by resource.
    access = remembered(access_of)

    #: The manager of this request's transaction, which pyramid_tm begins and ends.
    tm = remembered(manager_of)

    #: The session of this request's transaction.
    dbsession = remembered(session_for)

    #: The connection for reading: of the read-only pool for safe methods, else the session's own.
    read_connection = remembered(read_connection_for)

    @remembered
    def validated(self) -> dict[str, Any]:
        """What Cornice's validators found good."""
        return {}

    @remembered
    def errors(self) -> Errors:
        """What Cornice's validators found bad; a problem in the end."""
        settings: Mapping[str, object] = self.registry.settings
        return Errors(localizer=self.localizer) if settings.get("available_languages") else Errors()

    @remembered
    def info(self) -> dict[str, Any]:
        """What Cornice remembers of this request."""
        return {}

    @remembered
    def current_service(self) -> Service | None:
        """The Cornice service whose path this is; None where it is none's."""
        service: Service | None = current_service(self)
        return service


def _let_go(request: Request) -> None:
    """Let go of what holds the request that holds it, as Pyramid does with its context, after all other callbacks.

    What is left of a request is then freed at once, its body too. Cycles would be left to the garbage collector, which
    took a sixth of the time of a request. One that raised is whole for who looks at it (`pyramid_retry.BeforeRetry`).
    """
    if request.finished_callbacks:
        request.add_finished_callback(_let_go)
    elif request.exception is None and sys.exception() is None:
        for name in _HOLDING:
            request.__dict__.pop(name, None)


def includeme(config: Configurator) -> None:
    """Let every request be one of these, and every answer carry its id."""
    config.set_request_factory(Request)
    config.include("colonnade.core.headers")
    config.include("colonnade.core.json_renderer")
