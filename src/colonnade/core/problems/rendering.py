"""A problem as an answer: ``application/problem+json`` (RFC 9457, section 3), or a page for a browser."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

from pyramid.renderers import render
from pyramid.request import Request
from pyramid.response import Response

from colonnade.core.problems.exceptions import Problem
from colonnade.core.request_id import request_id_of, stamp

MEDIA_TYPE = "application/problem+json"
TEMPLATE = "colonnade.core.problems:templates/problem.jinja2"
_MAY_REPEAT = frozenset({"set-cookie", "www-authenticate", "link"})
_OFFERS = (MEDIA_TYPE, "application/json", "text/html")


def path_of(environ: dict[str, Any]) -> str:
    """The path that was asked for, percent-encoded as RFC 3986 has it; also where its bytes are no UTF-8."""
    sent = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    return quote(sent.encode("latin-1", "replace"), safe="/~!$&'()*+,;=:@")


def members_of(problem: Problem, environ: dict[str, Any]) -> dict[str, Any]:
    """The problem as one JSON object: the members of RFC 9457, ours (``request_id``, ``errors``), its extensions."""
    members: dict[str, Any] = {"type": problem.type, "title": problem.title, "status": problem.status}
    if problem.detail:
        members["detail"] = problem.detail
    members |= {"instance": path_of(environ), "request_id": request_id_of(environ)}
    if problem.faults:
        members["errors"] = [fault.members() for fault in problem.faults]
    return {**members, **problem.extensions}


def json_answer(problem: Problem, request: Request) -> Response:
    """The problem as JSON, whatever the caller accepts: an error in another form is better than none."""
    text = json.dumps(members_of(problem, request.environ), ensure_ascii=False, default=str)
    # A lone surrogate that the caller sent comes back as the escape that it was.
    return _finished(Response(text.encode("utf-8", "backslashreplace"), content_type=MEDIA_TYPE), problem, request)


def page_answer(problem: Problem, request: Request) -> Response:
    """The problem as a page. It has no style and no script of its own, so any Content-Security-Policy lets it pass."""
    members = members_of(problem, request.environ)
    text = render(TEMPLATE, {"problem": problem, **members}, request=request)
    body = text.encode("utf-8", "backslashreplace")
    return _finished(Response(body, content_type="text/html", charset="utf-8"), problem, request)


def answer(problem: Problem, request: Request) -> Response:
    """The problem in the form that the caller prefers (RFC 9110, section 12.5.1)."""
    return page_answer(problem, request) if prefers_page(request) else json_answer(problem, request)


def prefers_page(request: Request) -> bool:
    """Whether the caller would rather have HTML than JSON, as a browser does that follows a link."""
    if "text/html" not in request.environ.get("HTTP_ACCEPT", ""):
        return False
    offers = request.accept.acceptable_offers(_OFFERS)
    return bool(offers) and offers[0][0] == "text/html"


def _finished(response: Response, problem: Problem, request: Request) -> Response:
    response.status = f"{problem.status} {_ascii(problem.title)}"
    response.headers["Cache-Control"] = "no-store"  # a 404 would be kept otherwise (RFC 9111, section 4.2.2)
    response.headers["X-Content-Type-Options"] = "nosniff"
    for name, value in problem.headers:
        if name.lower() in _MAY_REPEAT:
            response.headers.add(name, value)
        else:
            response.headers[name] = value
    stamp(request.environ, response.headerlist)
    return response


def _ascii(title: str) -> str:
    return title.encode("ascii", "ignore").decode()
