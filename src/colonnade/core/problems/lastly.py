"""The last line: what escapes every tween and exception view is answered all the same.

A tween above the exception views, a response callback, the reading of the body before the first attempt: what they
raise would end as the server's bare 500. So the execution policy itself is wrapped, and asks the same exception views.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from typing import Any

from pyramid.config import PHASE3_CONFIG, Configurator
from pyramid.httpexceptions import HTTPError
from pyramid.interfaces import IExecutionPolicy
from pyramid.response import Response
from pyramid.router import default_execution_policy

from colonnade.core.request_id import request_id_of

from .exceptions import InternalError
from .rendering import answer, json_answer
from .views import SOMETHING_WENT_WRONG, problem_of

ExecutionPolicy = Callable[[dict[str, Any], Any], Response]

log = logging.getLogger("colonnade.problems")

AFTER_ALL_OTHERS = PHASE3_CONFIG + 1000


def answering(policy: ExecutionPolicy) -> ExecutionPolicy:
    """An execution policy like this one, but what it raises is answered, and an error that it returns is a problem."""

    def execute(environ: dict[str, Any], router: Any) -> Response:
        try:
            response = policy(environ, router)
        except Exception:  # noqa: BLE001 whatever it is, the views know what to say, and log it
            return _answer_to(sys.exc_info(), environ, router)
        if isinstance(response, HTTPError) and not response.has_body:
            return _as_problem(response, environ, router)
        return response

    return execute


def _answer_to(exc_info: Any, environ: dict[str, Any], router: Any) -> Response:
    with router.request_context(environ) as request:
        try:
            response: Response = request.invoke_exception_view(exc_info)
        except Exception:
            log.exception("request %s: the view that should answer to an error failed", request_id_of(environ))
            response = json_answer(InternalError(SOMETHING_WENT_WRONG), request)
        finally:
            router.finish_request(request)
        return response


def _as_problem(error: HTTPError, environ: dict[str, Any], router: Any) -> Response:
    """``return HTTPConflict()`` says the same as raising it."""
    with router.request_context(environ) as request:
        return answer(problem_of(error), request)


def includeme(config: Configurator) -> None:
    """Wrap the execution policy that is in force at the end of this commit (pyramid_retry's, or Pyramid's own)."""

    def wrap() -> None:
        policy = config.registry.queryUtility(IExecutionPolicy, default=default_execution_policy)
        config.registry.registerUtility(answering(policy), IExecutionPolicy)

    config.action("colonnade execution policy", wrap, order=AFTER_ALL_OTHERS)
