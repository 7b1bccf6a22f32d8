"""Exception views: whatever is raised, in a view or around it, which problem it is."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pyramid_jinja2
import webob.exc
from pyramid.config import Configurator
from pyramid.exceptions import PredicateMismatch, URLDecodeError
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound
from pyramid.request import Request
from pyramid.response import Response
from pyramid_retry import IRetryableError, is_error_retryable, is_last_attempt, mark_error_retryable
from transaction.interfaces import NoTransaction
from webob.request import DisconnectionError

from colonnade.core.request_id import request_id_of

from .exceptions import (
    BadRequest,
    Forbidden,
    InternalError,
    MethodNotAllowed,
    NotFound,
    Problem,
    Unauthorized,
    Unavailable,
)
from .mismatch import problem_of_mismatch
from .rendering import answer, path_of, prefers_page

log = logging.getLogger("colonnade.problems")

SOMETHING_WENT_WRONG = "Something went wrong here. The request id leads to what it was."
NOTHING_HERE = "There is nothing at this address."
_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
_DESCRIBE_THE_OLD_BODY = frozenset({"content-type", "content-length"})


def problem_view(problem: Problem, request: Request) -> Response:
    """A problem that was raised as one."""
    if problem.status >= 500 and not is_error_retryable(request, problem):
        _log_failure(request, problem)
    return answer(problem, request)


def not_found_view(error: HTTPNotFound, request: Request) -> Response:
    """No view for the path, or none whose predicates hold."""
    if isinstance(error, PredicateMismatch):
        return answer(problem_of_mismatch(request) or NotFound(NOTHING_HERE), request)
    by_pyramid = (None, "", request.path_info, request.url)  # the router's detail, and that of static views
    said = NOTHING_HERE if error.detail in by_pyramid else str(error.detail)
    return answer(_with_headers_of(error, NotFound(said)), request)


def forbidden_view(error: HTTPForbidden, request: Request) -> Response:
    """Refused: 401 for one who has not said who they are, 403 for one who has; 404 where the context hides itself."""
    if request.identity.anonymous:
        return answer(Unauthorized(), request)
    if error.result is None:
        return answer(_with_headers_of(error, Forbidden(error.detail or "")), request)
    refusal = getattr(request.__dict__.get("context"), "refusal", None)
    hidden: Problem | None = refusal(request.access) if refusal else None
    return answer(hidden or Forbidden("Your permissions do not allow this."), request)


def http_exception_view(error: HTTPException | webob.exc.WSGIHTTPException, request: Request) -> Response:
    """Pyramid's and WebOb's exceptions: a redirect and an answer with a body of its own are what their author meant."""
    if error.status_int < 400 or error.has_body:
        return error
    return answer(problem_of(error), request)


def problem_of(error: HTTPException | webob.exc.WSGIHTTPException) -> Problem:
    """The problem that says what an HTTP exception says."""
    detail = str(error.detail or "")
    if error.status_int == MethodNotAllowed.status and error.allow:
        error.allow = sorted(with_head(error.allow))
        return _with_headers_of(error, MethodNotAllowed(detail, allow=error.allow))
    return _with_headers_of(error, Problem.of_status(error.status_int, detail))


def with_head(methods: Any) -> set[str]:
    """The methods, and HEAD wherever there is GET: Pyramid answers it then."""
    return {*methods, *(["HEAD"] if "GET" in methods else [])}


def undecodable_view(error: UnicodeDecodeError, request: Request) -> Response:
    """Bytes that are no UTF-8: the caller's fault in the path and the query string; ours elsewhere, forms aside."""
    if isinstance(error, URLDecodeError) or not _decodes(request, "path_info"):
        return answer(BadRequest("The path is not valid UTF-8 once its % escapes are decoded."), request)
    if not _decodes(request, "GET"):
        return answer(BadRequest("The query string is not valid UTF-8 once its % escapes are decoded."), request)
    return unexpected_view(error, request)


def _decodes(request: Request, attribute: str) -> bool:
    try:
        getattr(request, attribute)
    except UnicodeDecodeError:
        return False
    return True


def disconnected_view(error: DisconnectionError, request: Request) -> Response:
    """The caller went away in the middle of the body; likely nobody reads this answer."""
    return answer(BadRequest("The connection ended before the body was complete."), request)


def connection_view(error: ConnectionError, request: Request) -> Response:
    """A service that we need cannot be reached."""
    _log_failure(request, error)
    return answer(Unavailable("A service that is needed here cannot be reached at present."), request)


def unexpected_view(error: Exception, request: Request) -> Response:
    """Everything else: what happened is in the log, under the request id, and nowhere in the answer."""
    if _is_transient(error, request):
        mark_error_retryable(error)
        if is_last_attempt(request):  # else pyramid_retry drops this answer and tries again
            _log_failure(request, error)
        return answer(Unavailable("Others were changing the same things at the same time.", retry_after=1), request)
    if _form_is_unreadable(request):
        return answer(BadRequest("The form cannot be read: it is not well-formed, or not in UTF-8."), request)
    if _debugger_shows_it(request):
        raise error
    _log_failure(request, error)
    return answer(InternalError(SOMETHING_WENT_WRONG), request)


def _is_transient(error: Exception, request: Request) -> bool:
    """Whether the same request may well succeed at once: a serialization failure, a deadlock, SQLite's busy."""
    if IRetryableError.providedBy(error):
        return True
    # pyramid_tm would mark such errors after this view has run; and not at all if it has a commit veto.
    manager = request.environ.get("tm.manager")
    try:
        return manager is not None and bool(manager.get().isRetryableError(error))
    except NoTransaction:
        return False


def _form_is_unreadable(request: Request) -> bool:
    """Whether webob would raise again, as it does at the first who looks into ``request.POST`` or ``.params``."""
    if request.content_type not in _FORMS:
        return False
    try:
        request.POST  # noqa: B018 reading it is the test
    except Exception:  # noqa: BLE001 UnicodeDecodeError, ValueError, DeprecationWarning: webob has no class of its own
        return True
    return False


def _debugger_shows_it(request: Request) -> bool:
    """Whether pyramid_debugtoolbar is there, is meant to show exceptions, and a person looks."""
    toolbar = getattr(request, "debug_toolbar", None)
    return toolbar is not None and bool(getattr(request.registry, "pdtb_eval_exc", False)) and prefers_page(request)


def _log_failure(request: Request, error: Exception) -> None:
    expected = isinstance(error, Unavailable)
    trace = error.__cause__ if expected else error
    log.log(
        logging.WARNING if expected else logging.ERROR,
        "request %s: %s %s: %s: %s",
        request_id_of(request.environ),
        request.method,
        path_of(request.environ),
        type(error).__name__,
        error,
        exc_info=trace,
    )


def _with_headers_of(error: HTTPException | webob.exc.WSGIHTTPException, problem: Problem) -> Problem:
    """The problem, with the headers of the exception: they win, for their author knew more."""
    kept = [(name, value) for name, value in error.headerlist if name.lower() not in _DESCRIBE_THE_OLD_BODY]
    named = {name.lower() for name, _ in kept}
    problem.headers = (*((name, value) for name, value in problem.headers if name.lower() not in named), *kept)
    return problem


def _include_jinja2(config: Configurator) -> None:
    """Do what ``config.include("pyramid_jinja2")`` does, and no other include of it then does again; but say in which
    package templates are looked for. It would read the source of all its callers to find that out: 30 ms of a start."""
    if not config.action_state.processSpec("pyramid_jinja2:includeme"):
        return
    for directive in (
        pyramid_jinja2.add_jinja2_renderer,
        pyramid_jinja2.add_jinja2_search_path,
        pyramid_jinja2.add_jinja2_extension,
        pyramid_jinja2.get_jinja2_environment,
    ):
        config.add_directive(directive.__name__, directive)
    config.add_jinja2_renderer(".jinja2", package=sys.modules[__package__])
    config.add_jinja2_search_path(f"{__package__}:", name=".jinja2")


def includeme(config: Configurator) -> None:
    """Answer everything that is raised with a problem. A plug-in's view of a narrower exception comes before these."""
    _include_jinja2(config)
    for view, raised in (
        (problem_view, Problem),
        (not_found_view, HTTPNotFound),
        (forbidden_view, HTTPForbidden),
        (http_exception_view, HTTPException),
        (http_exception_view, webob.exc.WSGIHTTPException),
        (undecodable_view, UnicodeDecodeError),
        (disconnected_view, DisconnectionError),
        (connection_view, ConnectionError),
        (unexpected_view, Exception),
    ):
        config.add_exception_view(view, context=raised)
